/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where values are returned and arguments passed, against the tables of rust-abi.md. */
#include "rust_program.h"

#include "base/buf.h"
#include "rust/returns.h"

/* As arch/ describes them. */
static const struct fdbg_abi x86_64 = {
	.n_int_rets = 3, .n_float_rets = 2, .n_int_args = 6, .n_float_args = 8, .hidden_pointer_is_arg = true,
};
static const struct fdbg_abi aarch64 = {
	.n_int_rets = 8, .n_float_rets = 8, .n_int_args = 8, .n_float_args = 8, .align16_int128 = true,
};

/* "i0:8@0 f1:4@8b": low 8 bytes of the first integer register at offset 0, …; M memory, - nothing. */
static const char *text_of(const struct fdbg_abi_value *value, struct fdbg_buf *buf)
{
	fdbg_buf_clear(buf);
	switch (value->place) {
	case FDBG_ABI_NOTHING:
		return "-";
	case FDBG_ABI_MEMORY:
		return "M";
	case FDBG_ABI_STACK:
		return "S";
	case FDBG_ABI_UNKNOWN:
		return "?";
	case FDBG_ABI_REGISTERS:
		break;
	}
	for (size_t i = 0; i < value->n_pieces; i++) {
		const struct fdbg_abi_piece *piece = &value->pieces[i];

		fdbg_buf_printf(buf, "%s%c%u:%llu@%llu%s", i ? " " : "",
				piece->reg_class == FDBG_REG_INT ? 'i' : 'f', piece->reg,
				(unsigned long long)piece->size, (unsigned long long)piece->offset,
				piece->one_bit ? "b" : "");
	}
	return fdbg_buf_cstr(buf);
}

struct row {
	const char *type;
	const char *now;          /* rustc 1.84 and later, both architectures */
	const char *old_x86_64;   /* 1.63, where different */
	const char *old_aarch64;
};

/* rust-abi.md, "Verified examples", in the order of the functions in returns.rs. */
static const struct row rows[] = {
	{ "u8", "i0:1@0", NULL, NULL },
	{ "i8", "i0:1@0", NULL, NULL },
	{ "u16", "i0:2@0", NULL, NULL },
	{ "u32", "i0:4@0", NULL, NULL },
	{ "u64", "i0:8@0", NULL, NULL },
	{ "i64", "i0:8@0", NULL, NULL },
	{ "u128", "i0:8@0 i1:8@8", NULL, NULL },
	{ "i128", "i0:8@0 i1:8@8", NULL, NULL },
	{ "usize", "i0:8@0", NULL, NULL },
	{ "f32", "f0:4@0", NULL, NULL },
	{ "f64", "f0:8@0", NULL, NULL },
	{ "bool", "i0:1@0b", NULL, NULL },
	{ "char", "i0:4@0", NULL, NULL },
	{ "()", "-", NULL, NULL },
	{ "&u8", "i0:8@0", NULL, NULL },
	{ "*const u16", "i0:8@0", NULL, NULL },
	{ "Box<u64>", "i0:8@0", NULL, NULL },
	{ "NonZeroU8", "i0:1@0", NULL, NULL },
	{ "NonZeroU128", "i0:8@0 i1:8@8", NULL, NULL },
	{ "fn()->u8", "i0:8@0", NULL, NULL },
	{ "&str", "i0:8@0 i1:8@8", NULL, NULL },
	{ "&[u16]", "i0:8@0 i1:8@8", NULL, NULL },
	{ "Box<str>", "i0:8@0 i1:8@8", NULL, NULL },
	{ "&dyn Debug", "i0:8@0 i1:8@8", NULL, NULL },
	{ "Box<dyn Debug>", "i0:8@0 i1:8@8", NULL, NULL },
	{ "String", "M", NULL, NULL },
	{ "Vec<u8>", "M", NULL, NULL },
	{ "Rc<u8>", "i0:8@0", NULL, NULL },
	{ "Duration", "i0:8@0 i1:4@8", NULL, NULL },
	{ "Ordering", "i0:1@0", NULL, NULL },
	{ "[u8; 1]", "i0:1@0", NULL, NULL },
	{ "[u8; 3]", "i0:3@0", NULL, NULL },
	{ "[u8; 8]", "i0:8@0", NULL, NULL },
	{ "[u8; 9]", "M", NULL, NULL },
	{ "[u32; 2]", "i0:8@0", NULL, NULL },
	{ "[u64; 1]", "i0:8@0", NULL, NULL },
	{ "[u64; 2]", "M", NULL, NULL },
	{ "[f32; 1]", "i0:4@0", NULL, NULL },
	{ "[f32; 2]", "i0:8@0", NULL, NULL },
	{ "[f64; 1]", "i0:8@0", NULL, NULL },
	{ "[f64; 2]", "M", NULL, NULL },
	{ "[f32; 4]", "M", NULL, NULL },
	{ "[u128; 1]", "M", NULL, NULL },
	{ "[&u8; 1]", "i0:8@0", NULL, NULL },
	{ "(u8,u8)", "i0:1@0 i1:1@1", NULL, NULL },
	{ "(u8,u32)", "i0:1@0 i1:4@4", NULL, NULL },
	{ "(u32,u32)", "i0:4@0 i1:4@4", NULL, NULL },
	{ "(u64,u8)", "i0:8@0 i1:1@8", NULL, NULL },
	{ "(u64,u64)", "i0:8@0 i1:8@8", NULL, NULL },
	{ "(i16,u64)", "i0:2@0 i1:8@8", NULL, NULL },
	{ "(f32,f32)", "f0:4@0 f1:4@4", NULL, NULL },
	{ "(f64,f64)", "f0:8@0 f1:8@8", NULL, NULL },
	{ "(f32,u32)", "f0:4@0 i0:4@4", NULL, NULL },
	{ "(u64,f32)", "i0:8@0 f0:4@8", NULL, NULL },
	{ "(f64,u8)", "f0:8@0 i0:1@8", NULL, NULL },
	{ "(bool,u32)", "i0:1@0b i1:4@4", NULL, NULL },
	{ "(u32,bool)", "i0:4@0 i1:1@4b", NULL, NULL },
	{ "(u8,u16,u8)", "i0:4@0", NULL, NULL },
	{ "(u32,u16,u16)", "i0:8@0", NULL, NULL },
	{ "(u64,u64,u8)", "M", NULL, NULL },
	{ "(u32,u32,u32)", "M", NULL, NULL },
	{ "(u32,())", "i0:4@0", NULL, NULL },
	{ "(f32,f32,f32)", "M", NULL, NULL },
	{ "((u32,u32),u32)", "M", NULL, NULL },
	{ "(u128,u8)", "M", "i0:8@0 i1:8@8 i2:1@16", "i0:8@0 i1:8@8 i2:1@16" },
	{ "(u8,u128)", "M", "i0:1@0 i1:8@8 i2:8@16", "i0:1@0 i1:8@16 i2:8@24" },
	{ "(f64,u128)", "M", "f0:8@0 i0:8@8 i1:8@16", "f0:8@0 i0:8@16 i1:8@24" },
	{ "(u128,u128)", "M", NULL, "i0:8@0 i1:8@8 i2:8@16 i3:8@24" },
	{ "(bool,bool)", "i0:1@0b i1:1@1b", NULL, NULL },
	{ "(char,&u8)", "i0:4@0 i1:8@8", NULL, NULL },
	{ "Option<u8>", "i0:1@0b i1:1@1", NULL, NULL },
	{ "Option<u32>", "i0:4@0 i1:4@4", NULL, NULL },
	{ "Option<i16>", "i0:2@0 i1:2@2", NULL, NULL },
	{ "Option<u64>", "i0:8@0 i1:8@8", NULL, NULL },
	{ "Option<u128>", "M", "i0:8@0 i1:8@8 i2:8@16", "i0:8@0 i1:8@8 i2:8@16 i3:8@24" },
	{ "Option<f32>", "i0:4@0 f0:4@4", NULL, NULL },
	{ "Option<f64>", "i0:8@0 f0:8@8", NULL, NULL },
	{ "Option<bool>", "i0:1@0", NULL, NULL },
	{ "Option<char>", "i0:4@0", NULL, NULL },
	{ "Option<()>", "i0:1@0b", NULL, NULL },
	{ "Option<&u8>", "i0:8@0", NULL, NULL },
	{ "Option<Box<u8>>", "i0:8@0", NULL, NULL },
	{ "Option<&str>", "i0:8@0 i1:8@8", NULL, NULL },
	{ "Option<NonZeroU32>", "i0:4@0", NULL, NULL },
	{ "Option<String>", "M", NULL, NULL },
	{ "Option<(u8,u8)>", "i0:3@0", NULL, NULL },
	{ "Option<(u32,u32)>", "M", NULL, NULL },
	{ "Option<[u8; 3]>", "i0:4@0", NULL, NULL },
	{ "Option<[u8; 7]>", "i0:8@0", NULL, NULL },
	{ "Option<Option<bool>>", "i0:1@0", NULL, NULL },
	{ "Option<Option<u32>>", "i0:4@0 i1:4@4", NULL, NULL },
	{ "Option<Ordering>", "i0:1@0", NULL, NULL },
	{ "Option<Duration>", "i0:8@0 i1:4@8", "M", "M" },
	{ "Result<u32,i32>", "i0:4@0 i1:4@4", "i0:8@0", "i0:8@0" },
	{ "Result<u32,f32>", "i0:8@0", NULL, NULL },
	{ "Result<u8,u32>", "i0:8@0", NULL, NULL },
	{ "Result<u64,&u8>", "i0:8@0 i1:8@8", "M", "M" },
	{ "Result<(),u8>", "i0:1@0b i1:1@1", NULL, NULL },
	{ "Result<(),String>", "M", NULL, NULL },
	{ "Result<(),Box<dyn Debug>>", "i0:8@0 i1:8@8", NULL, NULL },
	{ "Result<usize,std::io::Error>", "i0:8@0 i1:8@8", "M", "M" },
	{ "Result<(),std::io::Error>", "i0:8@0", NULL, NULL },
	{ "Result<(),std::fmt::Error>", "i0:1@0b", NULL, NULL },
	{ "Result<u8,Infallible>", "i0:1@0", NULL, NULL },
	{ "Result<f64,()>", "i0:8@0 f0:8@8", NULL, NULL },
	{ "Result<u32,u32>", "i0:4@0 i1:4@4", NULL, NULL },
	{ "Result<u128,()>", "M", "i0:8@0 i1:8@8 i2:8@16", "i0:8@0 i1:8@8 i2:8@16 i3:8@24" },
	{ "Poll<()>", "i0:1@0b", NULL, NULL },
	{ "Poll<u32>", "i0:4@0 i1:4@4", NULL, NULL },
	{ "Poll<Option<u8>>", "i0:1@0 i1:1@1", NULL, NULL },
	{ "Poll<Result<u32,u8>>", "i0:8@0", NULL, NULL },
	{ "ControlFlow<u32,u32>", "i0:4@0 i1:4@4", NULL, NULL },
	{ "enum {A,B}", "i0:1@0b", NULL, NULL },
	{ "enum {A,B,C}", "i0:1@0", NULL, NULL },
	{ "repr(u16) enum {A=5,B=900}", "i0:2@0", NULL, NULL },
	{ "enum {A}", "-", NULL, NULL },
	{ "struct(f32)", "f0:4@0", NULL, NULL },
	{ "struct(u64)", "i0:8@0", NULL, NULL },
	{ "struct((f32,u64))", "f0:4@0 i0:8@8", NULL, NULL },
	{ "repr(align(8)) struct(u32,u32)", "i0:8@0", NULL, NULL },
	{ "repr(align(16)) struct(u64)", "M", NULL, NULL },
	{ "repr(packed) struct(u8,u32)", "i0:5@0", NULL, NULL },
	{ "struct(f64,PhantomData,())", "f0:8@0", NULL, NULL },
	{ "enum {Circle(f32),Square(f32)}", "i0:4@0 f0:4@4", NULL, NULL },
	{ "enum {Circle(f32),Rect{f32,f32}}", "M", NULL, NULL },
	{ "enum {Quit,Text(&str),Num}", "M", NULL, NULL },
	{ "enum {Quit,Move{i32,i32},Write(String)}", "M", NULL, NULL },
	{ "enum {I(u32),F(f32)}", "i0:8@0", NULL, NULL },
	{ "enum {A(f64)}", "f0:8@0", NULL, NULL },
	{ "struct{f32,f32,f32}", "M", NULL, NULL },
	{ "struct{f32,f32}", "f0:4@0 f1:4@4", NULL, NULL },
	{ "Wrapping<i16>", "i0:2@0", NULL, NULL },
	{ "Cell<u32>", "i0:4@0", NULL, NULL },
	{ "ManuallyDrop<f32>", "f0:4@0", NULL, NULL },
	{ "std::ops::Range<u32>", "i0:4@0 i1:4@4", NULL, NULL },
	{ "std::net::Ipv4Addr", "i0:4@0", NULL, NULL },
	{ "Instant", "i0:8@0 i1:4@8", "i0:8@0 i1:8@8", "i0:8@0 i1:8@8" },
	{ "repr(C) struct(f32) (1)", "f0:4@0", NULL, NULL },
	{ "repr(C) struct(u64)", "i0:8@0", NULL, NULL },
	{ "repr(C) struct{f32,f32}", "f0:4@0 f1:4@4", NULL, NULL },
	{ "__m128i", "M", NULL, NULL },
	{ "__m128", "M", NULL, NULL },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void verified_examples(void **state)
{
	struct fdbg_buf buf = { 0 };
	struct rust_program program;
	const struct fdbg_function *const *functions;
	size_t n, n_seen = 0;

	(void)state;
	rust_program_open(&program, "returns", "");
	functions = rust_program_functions(&program, "returns", &n);
	for (size_t i = 0; i < n; i++) {
		struct fdbg_text name = functions[i]->name;
		struct fdbg_type_ref ref = functions[i]->return_type;
		const struct fdbg_type *type = ref.die ? fdbg_type_of(&ref) : NULL;
		struct fdbg_unit now = *functions[i]->unit, old = now;
		struct fdbg_abi_value value;
		const struct row *row;
		bool layout_changed, int128, old_layout = now.rustc_minor < 77;

		if (name.len != 4 || name.data[0] != 'r' || name.data[1] > '9')
			continue;
		assert_true(strtoul(name.data + 1, NULL, 10) < N_ROWS);
		row = &rows[strtoul(name.data + 1, NULL, 10)];
		n_seen++;
		/* The examples hold for these compilers; another one may have changed its mind. */
		assert_int_equal(now.rustc_major, 1);
		now.rustc_minor = 95;
		old.rustc_minor = 63;
		layout_changed = !strcmp(row->type, "Option<Duration>") || !strcmp(row->type, "Instant");
		int128 = strcasestr(row->type, "128") != NULL;
		/* And the rules of new compilers cannot be seen in old layouts. */
		if ((layout_changed || int128) && old_layout)
			continue;
		fdbg_rust_return_value(&x86_64, &now, type, &value);
		if (strcmp(text_of(&value, &buf), row->now))
			fail_msg("%s: %s, expected %s", row->type, text_of(&value, &buf), row->now);
		fdbg_rust_return_value(&aarch64, &now, type, &value);
		if (strcmp(text_of(&value, &buf), row->now))
			fail_msg("aarch64 %s: %s, expected %s", row->type, text_of(&value, &buf), row->now);

		/*
		 * Of the old rules only what does not depend on the layouts of 1.63 can be seen in this
		 * program.
		 */
		if (layout_changed)
			continue;
		fdbg_rust_return_value(&aarch64, &old, type, &value);
		if (strcmp(text_of(&value, &buf), row->old_aarch64 ? row->old_aarch64 : row->now))
			fail_msg("1.63 aarch64 %s: %s", row->type, text_of(&value, &buf));
		if (int128 && type->kind != FDBG_TYPE_BASE)
			continue;
		fdbg_rust_return_value(&x86_64, &old, type, &value);
		if (strcmp(text_of(&value, &buf), row->old_x86_64 ? row->old_x86_64 : row->now))
			fail_msg("1.63 x86_64 %s: %s", row->type, text_of(&value, &buf));
	}
	assert_int_equal(n_seen, N_ROWS);
	fdbg_buf_deinit(&buf);
	rust_program_close(&program);
}

/* Where an argument is: registers as text_of, of the stack its offset and what lies there. */
static void check_arguments(const struct fdbg_unit *unit, const struct fdbg_type *const *types, size_t n,
			    const char *const *expected)
{
	struct fdbg_abi_value values[12];
	struct fdbg_buf buf = { 0 };

	fdbg_rust_arguments(&x86_64, unit, types, n, false, values);
	for (size_t i = 0; i < n; i++) {
		const char *text = text_of(&values[i], &buf);

		if (values[i].place == FDBG_ABI_STACK) {
			fdbg_buf_clear(&buf);
			fdbg_buf_printf(&buf, "S%llu%s", (unsigned long long)values[i].stack_offset,
					values[i].stack_image ? " image" : values[i].stack_pointer ? " pointer" : "");
			text = fdbg_buf_cstr(&buf);
		}
		if (strcmp(text, expected[i]))
			fail_msg("1.%u, argument %zu: %s", unit->rustc_minor, i, text);
	}
	fdbg_buf_deinit(&buf);
}

/* Types made by hand, in the layouts of rustc 1.63 on x86_64 (128-bit integers aligned to 8). */
#define BASE(text, bytes, code) \
	{ .kind = FDBG_TYPE_BASE, .name = FDBG_TEXT(text), .size = bytes, .align = bytes, .encoding = code }
static const struct fdbg_type u8_type = BASE("u8", 1, FDBG_ENCODING_UNSIGNED);
static const struct fdbg_type u64_type = BASE("u64", 8, FDBG_ENCODING_UNSIGNED);
static const struct fdbg_type f64_type = BASE("f64", 8, FDBG_ENCODING_FLOAT);
static const struct fdbg_type u128_type = BASE("u128", 16, FDBG_ENCODING_UNSIGNED);
static const struct fdbg_type bool_type = BASE("bool", 1, FDBG_ENCODING_BOOL);
static const struct fdbg_type array_type = {
	.kind = FDBG_TYPE_ARRAY,
	.size = 3,
	.align = 1,
	.target = { .die = 1, .type = &u8_type },
	.count = 3,
	.has_count = true,
};

#define STRUCT(text, bytes, list) \
	{ .kind = FDBG_TYPE_STRUCT, .name = FDBG_TEXT(text), .size = bytes, .align = 8, .align_known = true, \
	  .members = list, .n_members = sizeof(list) / sizeof((list)[0]) }
#define FIELD(of, at) { .name = FDBG_TEXT("__0"), .offset = at, .type = { .die = 1, .type = &of } }

static void old_pairs_with_128_bits(void **state)
{
	static struct fdbg_member u128_u8[] = { FIELD(u128_type, 0), FIELD(u8_type, 16) };
	static struct fdbg_member u8_u128[] = { FIELD(u8_type, 0), FIELD(u128_type, 8) };
	static struct fdbg_member f64_u128[] = { FIELD(f64_type, 0), FIELD(u128_type, 8) };
	static struct fdbg_member u128_u128[] = { FIELD(u128_type, 0), FIELD(u128_type, 16) };
	static const struct {
		struct fdbg_type type;
		const char *place;
	} cases[] = {
#define TUPLE(list, bytes) { .kind = FDBG_TYPE_STRUCT, .name = FDBG_TEXT("(x)"), .size = bytes, .align = 8, \
	.align_known = true, .members = list, .n_members = 2 }
		{ TUPLE(u128_u8, 24), "i0:8@0 i1:8@8 i2:1@16" },
		{ TUPLE(u8_u128, 24), "i0:1@0 i1:8@8 i2:8@16" },
		{ TUPLE(f64_u128, 24), "f0:8@0 i0:8@8 i1:8@16" },
		{ TUPLE(u128_u128, 32), "M" },
	};
	static const struct fdbg_unit unit = { .rustc_major = 1, .rustc_minor = 63 };
	struct fdbg_buf buf = { 0 };
	struct fdbg_abi_value value;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fdbg_rust_return_value(&x86_64, &unit, &cases[i].type, &value);
		assert_string_equal(text_of(&value, &buf), cases[i].place);
	}
	fdbg_buf_deinit(&buf);
}

static void doubts_are_told(void **state)
{
	static struct fdbg_member one_f64[] = { FIELD(f64_type, 0) };
	static struct fdbg_member one_u64[] = { FIELD(u64_type, 0) };
	static struct fdbg_member round[1];
	static const struct fdbg_type meters = STRUCT("app::Meters", 8, one_f64);
	static const struct fdbg_type id = STRUCT("app::Id", 8, one_u64);
	static const struct fdbg_type cell = STRUCT("core::cell::Cell<f64>", 8, one_f64);
	static const struct fdbg_type never = { .kind = FDBG_TYPE_BASE, .name = FDBG_TEXT("!") };
	static const struct fdbg_type broken = { .kind = FDBG_TYPE_UNKNOWN, .size = 8 };
	static const struct fdbg_type circle = STRUCT("app::Round", 8, round);
	static struct fdbg_member two_u8[] = { FIELD(u8_type, 0), FIELD(u8_type, 1) };
	static const struct fdbg_type bytes = {
		.kind = FDBG_TYPE_STRUCT, .name = FDBG_TEXT("app::Bytes"), .size = 2, .align = 1, .align_known = true,
		.members = two_u8, .n_members = 2,
	};
	static const struct fdbg_type either = {
		.kind = FDBG_TYPE_UNION, .name = FDBG_TEXT("app::Either"), .size = 8, .align = 8, .align_known = true,
		.members = one_f64, .n_members = 1,
	};
	static const struct fdbg_unit now = { .rustc_major = 1, .rustc_minor = 95 }, c_unit = { 0 };
	static const struct fdbg_unit old = { .rustc_major = 1, .rustc_minor = 63 };
	struct fdbg_abi_value value, other;

	(void)state;
	round[0] = (struct fdbg_member)FIELD(circle, 0);
	fdbg_rust_return_value(&x86_64, &now, &meters, &value);
	assert_true(value.place == FDBG_ABI_REGISTERS && value.assumed);
	fdbg_rust_return_alternative(&x86_64, &now, &meters, &other);
	assert_true(value.pieces[0].reg_class == FDBG_REG_FLOAT && other.pieces[0].reg_class == FDBG_REG_INT);
	fdbg_rust_return_value(&x86_64, &now, &either, &value);
	assert_true(value.place == FDBG_ABI_REGISTERS && value.assumed);
	/* Packed structs of two bytes are one integer, and later a pair. */
	fdbg_rust_return_value(&x86_64, &old, &bytes, &value);
	fdbg_rust_return_alternative(&x86_64, &old, &bytes, &other);
	assert_true(value.assumed && value.n_pieces == 2 && other.n_pieces == 1);
	fdbg_rust_return_value(&x86_64, &now, &bytes, &value);
	assert_true(!value.assumed && value.n_pieces == 2);
	fdbg_rust_return_value(&x86_64, &now, &id, &value);
	assert_true(value.place == FDBG_ABI_REGISTERS && !value.assumed);
	fdbg_rust_return_value(&x86_64, &now, &cell, &value);
	assert_true(value.place == FDBG_ABI_REGISTERS && !value.assumed);
	fdbg_rust_return_value(&x86_64, &now, &never, &value);
	assert_true(value.place == FDBG_ABI_NOTHING && value.never);
	fdbg_rust_return_value(&x86_64, &now, NULL, &value);
	assert_true(value.place == FDBG_ABI_NOTHING && !value.never);
	fdbg_rust_return_value(&x86_64, &now, &broken, &value);
	assert_int_equal(value.place, FDBG_ABI_UNKNOWN);
	fdbg_rust_return_value(&x86_64, &now, &circle, &value);
	assert_int_equal(value.place, FDBG_ABI_UNKNOWN);
	fdbg_rust_return_value(&x86_64, &c_unit, &id, &value);
	assert_int_equal(value.place, FDBG_ABI_UNKNOWN);
	assert_non_null(value.reason);
}

/* rust-abi.md, section 7.1. */
static void arguments_take_registers_in_order(void **state)
{
	static struct fdbg_member bool_u64[] = { FIELD(u64_type, 0), FIELD(bool_type, 8) };
	static struct fdbg_member three[] = { FIELD(u64_type, 0), FIELD(u64_type, 8), FIELD(u64_type, 16) };
	static const struct fdbg_type pair = STRUCT("(u64, bool)", 16, bool_u64);
	static const struct fdbg_type large = STRUCT("app::Large", 24, three);
	static const struct fdbg_type unit_type = { .kind = FDBG_TYPE_BASE, .name = FDBG_TEXT("()") };
	static const struct fdbg_unit now = { .rustc_major = 1, .rustc_minor = 95 };
	const struct fdbg_type *types[] = {
		&unit_type, &u8_type, &f64_type, &pair, &array_type, &large, &u64_type, &f64_type, &u64_type,
	};
	static const char *const expected[] = {
		"-", "i1:1@0", "f0:8@0", "i2:8@0 i3:1@8b", "i4:3@0", "M", "S", "f1:8@0", "S",
	};
	static struct fdbg_member u128_u8[] = { FIELD(u128_type, 0), FIELD(u8_type, 16) };
	static const struct fdbg_type old_pair = STRUCT("(u128, u8)", 24, u128_u8);
	static const struct fdbg_type new_pair = {
		.kind = FDBG_TYPE_STRUCT, .name = FDBG_TEXT("(u128, u8)"), .size = 32, .align = 16, .align_known = true,
		.members = u128_u8, .n_members = 2,
	};
	static const struct fdbg_unit old = { .rustc_major = 1, .rustc_minor = 63 };
	static const struct fdbg_unit between = { .rustc_major = 1, .rustc_minor = 78 };
	const struct fdbg_type *wide[] = { &u8_type, &u128_type, &u64_type };
	/* Measured with 1.95 and 1.63. */
	const struct fdbg_type *one_left[] = {
		&u64_type, &u64_type, &u64_type, &u64_type, &u64_type, &u128_type, &u64_type, &large, &u64_type,
	};
	const struct fdbg_type *none_left[] = {
		&u64_type, &u64_type, &u64_type, &u64_type, &u64_type, &u64_type, &u64_type, &u128_type, &u64_type,
		&new_pair, &u64_type,
	};
	struct fdbg_abi_value values[9];
	struct fdbg_buf buf = { 0 };

	(void)state;
	fdbg_rust_arguments(&x86_64, &now, types, 9, true, values);
	for (size_t i = 0; i < 9; i++)
		assert_string_equal(text_of(&values[i], &buf), expected[i]);
	assert_true(values[5].n_pieces == 1 && values[5].pieces[0].reg == 5);
	fdbg_rust_arguments(&aarch64, &now, types, 9, true, values);
	assert_string_equal(text_of(&values[1], &buf), "i0:1@0");
	assert_string_equal(text_of(&values[6], &buf), "i5:8@0");
	fdbg_rust_arguments(&x86_64, &now, wide, 3, false, values);
	assert_string_equal(text_of(&values[1], &buf), "i1:8@0 i2:8@8");
	check_arguments(&now, one_left, 9, (const char *const[]){ "i0:8@0", "i1:8@0", "i2:8@0", "i3:8@0", "i4:8@0",
								  "S0 image", "i5:8@0", "S16 pointer", "S24 image" });
	check_arguments(&old, one_left, 9, (const char *const[]){ "i0:8@0", "i1:8@0", "i2:8@0", "i3:8@0", "i4:8@0",
								  "S0", "S8 image", "S16 pointer", "S24 image" });
	check_arguments(&now, none_left, 11, (const char *const[]){ "i0:8@0", "i1:8@0", "i2:8@0", "i3:8@0", "i4:8@0",
		"i5:8@0", "S0 image", "S16 image", "S32 image", "S48 image", "S72 image" });
	none_left[9] = &old_pair;
	check_arguments(&old, none_left, 11, (const char *const[]){ "i0:8@0", "i1:8@0", "i2:8@0", "i3:8@0", "i4:8@0",
		"i5:8@0", "S0 image", "S8 image", "S24 image", "S32 image", "S56 image" });
	/* With compilers in between it was not measured. */
	fdbg_rust_arguments(&x86_64, &between, one_left, 9, false, values);
	assert_int_equal(values[6].place, FDBG_ABI_UNKNOWN);
	/* AAPCS64: a 128-bit integer starts at an even register. */
	fdbg_rust_arguments(&aarch64, &now, wide, 3, false, values);
	assert_string_equal(text_of(&values[1], &buf), "i2:8@0 i3:8@8");
	assert_string_equal(text_of(&values[2], &buf), "i4:8@0");
	fdbg_buf_deinit(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verified_examples),
		cmocka_unit_test(old_pairs_with_128_bits),
		cmocka_unit_test(doubts_are_told),
		cmocka_unit_test(arguments_take_registers_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
