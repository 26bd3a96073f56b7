/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/panics.h"

#include <stdlib.h>
#include <string.h>

#include "rust/names.h"
#include "value/utf8.h"

/* The longest file name that a location is believed to have. */
#define MAX_FILE 4096
/* Words of a vtable that are looked at: drop glue, size, alignment, and two methods, which every payload has. */
#define VTABLE_WORDS 5
/* core::panic::Location { file: &str, line: u32, col: u32 } and FormatStringPayload. */
#define LOCATION_SIZE 24
#define FORMATTED_SIZE 32

/* The minor version from which on panic_with_hook has no message parameter, and a String's capacity comes first. */
#define NO_MESSAGE_MINOR 81
#define CAPACITY_FIRST_MINOR 80

enum payload { PAYLOAD_UNKNOWN, PAYLOAD_FORMATTED, PAYLOAD_STR, PAYLOAD_BOX };

enum fdbg_panic_function fdbg_panic_function_of(struct fdbg_text symbol)
{
	if (fdbg_text_is(symbol, "rust_panic") ||
	    (fdbg_text_starts(symbol, "_R") && fdbg_text_ends(symbol, "7___rustc10rust_panic")))
		return FDBG_PANIC_RAISE;
	if (fdbg_text_starts(symbol, "_ZN3std9panicking20rust_panic_with_hook17h") ||
	    (fdbg_text_starts(symbol, "_RNvNtCs") && (fdbg_text_ends(symbol, "_3std9panicking15panic_with_hook") ||
						      fdbg_text_ends(symbol, "_3std9panicking20rust_panic_with_hook"))))
		return FDBG_PANIC_HOOK;
	return FDBG_PANIC_NONE;
}

void fdbg_panic_clear(struct fdbg_panic *panic)
{
	free(panic->file);
	free(panic->message);
	*panic = (struct fdbg_panic){ 0 };
}

/* Bytes of the target; NULL in *ret: they cannot be read. */
static struct fdbg_error *get(struct fdbg_memview *view, uint64_t address, size_t size, const uint8_t **ret)
{
	enum fdbg_memview_state state;

	*ret = NULL;
	if (!size) {
		*ret = (const uint8_t *)"";
		return NULL;
	}
	while ((state = fdbg_memview_get(view, address, size, ret)) == FDBG_MEMVIEW_PENDING) {
		struct fdbg_error *err = fdbg_memview_fetch(view);

		if (err)
			return err;
	}
	if (state != FDBG_MEMVIEW_READY)
		*ret = NULL;
	return state == FDBG_MEMVIEW_NOMEM ? &fdbg_error_nomem : NULL;
}

static uint64_t word_at(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i-- > 0;)
		value = value << 8 | bytes[i];
	return value;
}

static uint64_t argument(const struct fdbg_panic_rules *rules, const struct fdbg_registers *registers, size_t n)
{
	uint32_t reg = rules->arch->int_args[n];

	return registers->valid[reg] ? fdbg_registers_get(registers, reg) : 0;
}

/* The compiler of std; without debug information of std that of main's crate. 0: not known. */
static uint32_t rustc_minor(const struct fdbg_panic_rules *rules)
{
	const struct fdbg_unit *unit = fdbg_debuginfo_main_unit(rules->debuginfo);
	const struct fdbg_unit *const *units;
	size_t n;

	units = fdbg_debuginfo_units(rules->debuginfo, &n);
	for (size_t i = 0; i < n; i++) {
		if (!units[i]->rust || !fdbg_text_is(units[i]->crate, "std"))
			continue;
		unit = units[i];
		break;
	}
	return unit && unit->rustc_major == 1 ? unit->rustc_minor : 0;
}

static char *copy(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);

	if (text) {
		memcpy(text, bytes, len);
		text[len] = '\0';
	}
	return text;
}

/* A location is a constant of the program: what is elsewhere, or makes no sense, is none. */
static struct fdbg_error *read_location(const struct fdbg_panic_rules *rules, struct fdbg_memview *view, uint64_t address,
					struct fdbg_panic *panic)
{
	struct fdbg_error *err;
	const uint8_t *bytes;
	uint64_t file, len;
	uint32_t line, column;

	if (!address || address & 7 || !fdbg_debuginfo_in_image(rules->debuginfo, address - rules->bias))
		return NULL;
	err = get(view, address, LOCATION_SIZE, &bytes);
	if (err || !bytes)
		return err;
	file = word_at(bytes, 8);
	len = word_at(bytes + 8, 8);
	line = (uint32_t)word_at(bytes + 16, 4);
	column = (uint32_t)word_at(bytes + 20, 4);
	if (!line || !len || len > MAX_FILE || !fdbg_debuginfo_in_image(rules->debuginfo, file - rules->bias))
		return NULL;
	err = get(view, file, (size_t)len, &bytes);
	if (err || !bytes || !fdbg_utf8_valid((struct fdbg_text){ (const char *)bytes, (size_t)len }) ||
	    memchr(bytes, 0, (size_t)len))
		return err;
	panic->file = copy(bytes, (size_t)len);
	if (!panic->file)
		return &fdbg_error_nomem;
	panic->file_len = (size_t)len;
	panic->line = line;
	panic->column = column;
	return NULL;
}

/* `T` of `<T as Trait>::method`, by the symbol of the method. */
static enum payload payload_of_method(const struct fdbg_panic_rules *rules, uint64_t address, struct fdbg_arena *arena)
{
	static const struct {
		const char *start;
		enum payload kind;
	} known[] = {
		{ "<std::panicking::panic_handler::FormatStringPayload as ", PAYLOAD_FORMATTED },
		{ "<std::panicking::begin_panic_handler::FormatStringPayload as ", PAYLOAD_FORMATTED },
		{ "<std::panicking::begin_panic_handler::PanicPayload as ", PAYLOAD_FORMATTED },
		{ "<std::panicking::panic_handler::StaticStrPayload as ", PAYLOAD_STR },
		{ "<std::panicking::begin_panic_handler::StaticStrPayload as ", PAYLOAD_STR },
		{ "<std::panicking::begin_panic_handler::StrPanicPayload as ", PAYLOAD_STR },
		{ "<std::panicking::begin_panic::Payload<&str> as ", PAYLOAD_STR },
		{ "<std::panicking::begin_panic::PanicPayload<&str> as ", PAYLOAD_STR },
		{ "<std::panicking::resume_unwind::RewrapBox as ", PAYLOAD_BOX },
		{ "<std::panicking::rust_panic_without_hook::RewrapBox as ", PAYLOAD_BOX },
	};
	struct fdbg_symbol symbol;
	struct fdbg_text name;

	if (!fdbg_debuginfo_symbol_at(rules->debuginfo, address - rules->bias, &symbol) ||
	    symbol.address != address - rules->bias || !fdbg_rust_demangle(symbol.name, arena, &name))
		return PAYLOAD_UNKNOWN;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (fdbg_text_starts(name, known[i].start))
			return known[i].kind;
	return PAYLOAD_UNKNOWN;
}

/* Which of std's own payloads has this vtable. Functions of equal code may share one symbol, so the size must fit as well. */
static struct fdbg_error *payload_of_vtable(const struct fdbg_panic_rules *rules, struct fdbg_memview *view,
					    uint64_t vtable, enum payload *ret)
{
	const uint8_t *bytes;
	struct fdbg_error *err;
	enum payload kinds[2];

	*ret = PAYLOAD_UNKNOWN;
	if (!vtable || vtable & 7 || !fdbg_debuginfo_in_image(rules->debuginfo, vtable - rules->bias))
		return NULL;
	err = get(view, vtable, VTABLE_WORDS * 8, &bytes);
	if (err || !bytes)
		return err;
	for (size_t i = 0; i < 2; i++)
		kinds[i] = payload_of_method(rules, word_at(bytes + 8 * (VTABLE_WORDS - 2 + i), 8), view->arena);
	if (kinds[0] == PAYLOAD_UNKNOWN)
		kinds[0] = kinds[1];
	if ((kinds[1] != PAYLOAD_UNKNOWN && kinds[0] != kinds[1]) ||
	    word_at(bytes + 8, 8) != (kinds[0] == PAYLOAD_FORMATTED ? FORMATTED_SIZE : 16))
		return NULL;
	*ret = kinds[0];
	return NULL;
}

static struct fdbg_error *read_text(const struct fdbg_panic_rules *rules, struct fdbg_memview *view, uint64_t address,
				    uint64_t len, struct fdbg_value *ret)
{
	size_t kept = len < rules->max_text ? (size_t)len : rules->max_text;
	const uint8_t *bytes;
	struct fdbg_error *err = get(view, address, kept, &bytes);

	if (err || !bytes)
		return err;
	while (kept < len && kept && (bytes[kept] & 0xc0) == 0x80)
		kept--; /* not inside a character; the byte behind is readable, as it is part of the text */
	*ret = (struct fdbg_value){ .kind = FDBG_VALUE_STR, .cut = kept < len, .total = len,
				    .str = { (const char *)bytes, kept } };
	return NULL;
}

/*
 * The formatted message. The field with the niche, the pointer or later the capacity, is put as far to the front as it goes: a
 * String that begins with its pointer comes behind the reference to the Arguments, one that begins with its capacity comes before. Compilers
 * before 1.80 changed between the two; their String tells.
 */
static struct fdbg_error *read_formatted(const struct fdbg_panic_rules *rules, struct fdbg_memview *view,
					 uint64_t address, struct fdbg_value *ret)
{
	bool capacity_first = rustc_minor(rules) >= CAPACITY_FIRST_MINOR;
	uint64_t pointer, capacity, len;
	struct fdbg_error *err;
	const uint8_t *bytes;

	if (!capacity_first) {
		const struct fdbg_type *raw =
			fdbg_debuginfo_type_by_name(rules->debuginfo, FDBG_TEXT("alloc::raw_vec::RawVec<u8, alloc::alloc::Global>"));
		struct fdbg_member *first = raw ? fdbg_type_member(raw, "ptr") : NULL;

		if (!first)
			return NULL;
		capacity_first = first->offset != 0;
	}
	err = get(view, address, FORMATTED_SIZE, &bytes);
	if (err || !bytes)
		return err;
	capacity = word_at(bytes + (capacity_first ? 0 : 16), 8);
	pointer = word_at(bytes + 8, 8);
	len = word_at(bytes + (capacity_first ? 16 : 24), 8);
	/* A capacity above the largest, or a null pointer: not formatted. */
	if (!pointer || capacity >> 63 || len > capacity)
		return NULL;
	return read_text(rules, view, pointer, len, ret);
}

static struct fdbg_error *read_str(const struct fdbg_panic_rules *rules, struct fdbg_memview *view, uint64_t address,
				   struct fdbg_value *ret)
{
	const uint8_t *bytes;
	struct fdbg_error *err = get(view, address, 16, &bytes);

	if (err || !bytes || !word_at(bytes, 8) || word_at(bytes + 8, 8) >> 63)
		return err;
	return read_text(rules, view, word_at(bytes, 8), word_at(bytes + 8, 8), ret);
}

static struct fdbg_error *decode(const struct fdbg_panic_rules *rules, struct fdbg_memview *view,
				 const struct fdbg_type *type, uint64_t address, struct fdbg_value *ret)
{
	fdbg_decoder_begin(rules->decoder, view->arena, view);
	fdbg_decoder_add_memory(rules->decoder, type, address, ret);
	return fdbg_decoder_run(rules->decoder);
}

/* The value in a `begin_panic::Payload<A>`, which is the crate's own instance and described. */
static struct fdbg_error *read_any(const struct fdbg_panic_rules *rules, struct fdbg_memview *view,
				   const struct fdbg_type *type, uint64_t address, struct fdbg_value *ret)
{
	struct fdbg_member *inner = fdbg_type_member(type, "inner");
	struct fdbg_value option = { 0 };
	struct fdbg_error *err;

	if (!inner)
		return NULL;
	err = decode(rules, view, fdbg_type_of(&inner->type), address + inner->offset, &option);
	if (!err && option.kind == FDBG_VALUE_VARIANT && option.variant.n_fields == 1)
		*ret = option.variant.fields[0].value;
	return err;
}

/* The value in a box whose type its vtable tells. */
static struct fdbg_error *read_behind(const struct fdbg_panic_rules *rules, struct fdbg_memview *view,
				      const struct fdbg_type *type, uint64_t address, struct fdbg_value *ret)
{
	struct fdbg_value box = { 0 };
	struct fdbg_error *err = decode(rules, view, type, address, &box);
	const struct fdbg_field *pointer = !err && box.kind == FDBG_VALUE_STRUCT && box.record.n_fields
						   ? &box.record.fields[0] : NULL;

	if (pointer && fdbg_text_is(pointer->name, "pointer") && pointer->value.kind == FDBG_VALUE_REF &&
	    pointer->value.ref.target)
		*ret = *pointer->value.ref.target;
	return err;
}

static struct fdbg_error *read_box(const struct fdbg_panic_rules *rules, struct fdbg_memview *view, uint64_t address,
				   struct fdbg_value *ret)
{
	static const char *const names[] = {
		"alloc::boxed::Box<(dyn core::any::Any + core::marker::Send), alloc::alloc::Global>",
		"alloc::boxed::Box<dyn core::any::Any + core::marker::Send, alloc::alloc::Global>",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct fdbg_type *type = fdbg_debuginfo_type_by_name(rules->debuginfo, fdbg_text_from(names[i]));

		if (type && type->size == 16)
			return read_behind(rules, view, type, address, ret);
	}
	return NULL;
}

/* Reads the payload of a panic; *ret stays opaque when it is not known. */
static struct fdbg_error *read_payload(const struct fdbg_panic_rules *rules, struct fdbg_memview *view, uint64_t payload,
				       uint64_t vtable, bool only_static, struct fdbg_value *ret)
{
	const struct fdbg_type *type;
	bool ambiguous = false;
	struct fdbg_error *err;
	enum payload kind;

	*ret = fdbg_value_opaque("the payload of the panic is not known");
	if (!payload || !vtable)
		return NULL;
	type = fdbg_debuginfo_vtable(rules->debuginfo, vtable - rules->bias, &ambiguous);
	if (type && !ambiguous && (fdbg_text_starts(type->name, "std::panicking::begin_panic::Payload<") ||
				   fdbg_text_starts(type->name, "std::panicking::begin_panic::PanicPayload<")))
		return only_static ? NULL : read_any(rules, view, type, payload, ret);
	err = payload_of_vtable(rules, view, vtable, &kind);
	if (err)
		return err;
	switch (kind) {
	case PAYLOAD_STR:
		return read_str(rules, view, payload, ret);
	case PAYLOAD_FORMATTED:
		return only_static ? NULL : read_formatted(rules, view, payload, ret);
	case PAYLOAD_BOX:
		return only_static ? NULL : read_box(rules, view, payload, ret);
	case PAYLOAD_UNKNOWN:
		break;
	}
	return NULL;
}

struct fdbg_error *fdbg_panic_begin(const struct fdbg_panic_rules *rules, const struct fdbg_registers *registers,
				    struct fdbg_memview *view, struct fdbg_panic *panic, bool *aborts_ret)
{
	uint32_t minor = rustc_minor(rules);
	size_t location = minor >= NO_MESSAGE_MINOR ? 2 : 3;
	struct fdbg_value message;
	struct fdbg_error *err;

	fdbg_panic_clear(panic);
	*aborts_ret = false;
	panic->there = true;
	panic->payload = argument(rules, registers, 0);
	if (!minor)
		return NULL;
	err = read_location(rules, view, argument(rules, registers, location), panic);
	if (err || !panic->file)
		return err;
	/* With a location where one is expected, the next argument is what it should be, too. */
	*aborts_ret = !(argument(rules, registers, location + 1) & 1);
	err = read_payload(rules, view, panic->payload, argument(rules, registers, 1), true, &message);
	if (!err && message.kind == FDBG_VALUE_STR && !message.cut) {
		panic->message = copy((const uint8_t *)message.str.data, message.str.len);
		panic->message_len = message.str.len;
	}
	return err;
}

bool fdbg_panic_is(const struct fdbg_panic_rules *rules, const struct fdbg_registers *registers,
		   const struct fdbg_panic *panic)
{
	return (panic->there || panic->written) && panic->payload == argument(rules, registers, 0);
}

static struct fdbg_value number(uint32_t value)
{
	struct fdbg_value number = { .kind = FDBG_VALUE_PRIM, .prim = { .prim = FDBG_PRIM_U32 } };

	for (size_t i = 0; i < 4; i++)
		number.prim.bytes[i] = (uint8_t)(value >> 8 * i);
	return number;
}

static struct fdbg_error *add_location(const struct fdbg_panic *panic, struct fdbg_arena *arena,
				       struct fdbg_panic_values *ret)
{
	struct fdbg_field *fields;

	if (!panic->file)
		return NULL;
	fields = fdbg_arena_array(arena, 3, sizeof(*fields));
	if (!fields)
		return &fdbg_error_nomem;
	fields[0] = (struct fdbg_field){ FDBG_TEXT("file"),
		{ .kind = FDBG_VALUE_STR, .str = { panic->file, panic->file_len } } };
	fields[1] = (struct fdbg_field){ FDBG_TEXT("line"), number(panic->line) };
	fields[2] = (struct fdbg_field){ FDBG_TEXT("col"), number(panic->column) };
	ret->items[ret->n++] = (struct fdbg_named_value){ FDBG_TEXT("location"), {
		.kind = FDBG_VALUE_STRUCT, .record = { FDBG_TEXT("core::panic::location::Location"), fields, 3 } } };
	return NULL;
}

struct fdbg_error *fdbg_panic_known_values(const struct fdbg_panic *panic, struct fdbg_arena *arena,
					   struct fdbg_panic_values *ret)
{
	ret->n = 0;
	if (panic->message)
		ret->items[ret->n++] = (struct fdbg_named_value){ FDBG_TEXT("message"), {
			.kind = FDBG_VALUE_STR, .str = { panic->message, panic->message_len } } };
	return add_location(panic, arena, ret);
}

/* Is this what a panic with a message has for payload? */
static bool is_text(const struct fdbg_value *value)
{
	return value->kind == FDBG_VALUE_STR ||
	       (value->kind == FDBG_VALUE_STRUCT && fdbg_text_is(value->record.type, "alloc::string::String"));
}

struct fdbg_error *fdbg_panic_values(const struct fdbg_panic_rules *rules, const struct fdbg_registers *registers,
				     struct fdbg_memview *view, const struct fdbg_panic *panic,
				     struct fdbg_panic_values *ret)
{
	struct fdbg_value value;
	struct fdbg_error *err = read_payload(rules, view, argument(rules, registers, 0), argument(rules, registers, 1),
					      false, &value);

	ret->n = 0;
	if (err)
		return err;
	if (value.kind != FDBG_VALUE_OPAQUE)
		ret->items[ret->n++] = (struct fdbg_named_value){
			is_text(&value) ? FDBG_TEXT("message") : FDBG_TEXT("payload"), value };
	return fdbg_panic_is(rules, registers, panic) ? add_location(panic, view->arena, ret) : NULL;
}
