/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Demangling and the names of functions and types. */
#include "rust_program.h"

#include "base/buf.h"
#include "rust/names.h"

static void demangles_both_manglings(void **state)
{
	static const struct {
		const char *symbol, *name;
	} cases[] = {
		/* std-types.md, section 10. */
		{ "_ZN2en4stop17h0123456789abcdefE", "en::stop" },
		{ "_ZN58_$LT$en..Yield$u20$as$u20$core..future..future..Future$GT$4poll17h0123456789abcdefE",
		  "<en::Yield as core::future::future::Future>::poll" },
		{ "_ZN2en4main28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE", "en::main::{{closure}}" },
		{ "_ZN5alloc3vec16Vec$LT$T$C$A$GT$4push17h0123456789abcdefE.llvm.12345",
		  "alloc::vec::Vec<T,A>::push" },
		{ "_ZN63_$LT$fn$LP$u8$RP$$u20$.$GT$$u20$i32$u20$as$u20$names..Speak$GT$"
		  "4name17h0123456789abcdefE",
		  "<fn(u8) -> i32 as names::Speak>::name" },
		/* Symbols of rustc 1.95; the names are those of llvm-cxxfilt, less lifetimes and hashes. */
		{ "_RNvCs4T4zK9Otvt5_5names4main", "names::main" },
		{ "_RNCNvCs4T4zK9Otvt5_5names4mains2_0B3_", "names::main::{closure#4}" },
		{ "_RINvCs4T4zK9Otvt5_5names4gen2hReEB2_", "names::gen2::<u8, &str>" },
		{ "_RNvXs0_Cs4T4zK9Otvt5_5namesINtNtCslNYArtu3iFV_5alloc3vec3VecReENtB5_2Tt2goB5_",
		  "<alloc::vec::Vec<&str> as names::Tt>::go" },
		{ "_RNvMs3_Cs4T4zK9Otvt5_5namesINtB5_5StackhE4pushB5_", "<names::Stack<u8>>::push" },
		{ "_RNvMs4_Cs4T4zK9Otvt5_5namesINtB5_3ArrKj3_E3lenB5_", "<names::Arr<3>>::len" },
		{ "_RNvXsb_Cs4T4zK9Otvt5_5namesINtNtCslNYArtu3iFV_5alloc5boxed3BoxDINtNtNtCsgEmfK2I1SDS_"
		  "4core3ops8"
		  "function2FnTlEEp6OutputhNtNtB16_6marker4SendEL_ENtB5_5Speak4nameB5_",
		  "<alloc::boxed::Box<dyn core::ops::function::Fn<(i32,), Output = u8> + core::marker::Send> "
		  "as "
		  "names::Speak>::name" },
		{ "_RNvXs7_Cs4T4zK9Otvt5_5namesFhElNtB5_5Speak4name",
		  "<fn(u8) -> i32 as names::Speak>::name" },
		{ "_RNvXse_Cs4T4zK9Otvt5_5namesPhNtB5_5Speak4name", "<*const u8 as names::Speak>::name" },
		/* RFC 2603: a punycode identifier, constants, an unsafe foreign function, a vendor suffix. */
		{ "_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y", NULL },
		{ "_RNvCs123_5crateu8gdel_5qa", "crate::g\xc3\xb6"
						"del" },
		{ "_RINvC1a1fKb1_Kc41_Kln7b_KpE", "a::f::<true, 'A', -123, _>" },
		{ "_RINvC1a1fFUKCmEuE", "a::f::<unsafe extern \"C\" fn(u32)>" },
		{ "_RNvC1a1f.llvm.987", "a::f" },
		{ "_RINvC1a1fTEThEThtEE", "a::f::<(), (u8,), (u8, u16)>" },
	};
	static const char *const bad[] = {
		"",
		"_",
		"_R",
		"_ZN",
		"_ZNE",
		"main",
		"_ZN3foo3barE" /* C++: no hash */,
		"_ZN2en4stop17h0123456789abcdef",
		"_ZN2en99stop17h0123456789abcdefE",
		"_ZN4$u0$17h0123456789abcdefE",
		"_ZN7$uD800$17h0123456789abcdefE",
		"_ZN2$X17h0123456789abcdefE",
		"_R0NvC1a1f",
		"_RB_",
		"_RNvB_1a",
		"_RNvC1a9f",
		"_RINvC1a1fB5_E",
		"_RNvC99999999999999999999a1f",
		"_RINvC1a1fKc110000_E",
		"_RINvC1a1f",
		"_RC1aC",
		"_RNvC1a1f!",
		"_RNvCs123_5crateu4_9zzzzzzzzzzzz",
	};
	struct fdbg_arena arena = { 0 };
	struct fdbg_text name;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ok = fdbg_rust_demangle(fdbg_text_from(cases[i].symbol), &arena, &name);

		if (!cases[i].name)
			continue;
		if (!ok)
			fail_msg("%s is not demangled", cases[i].symbol);
		assert_string_equal(name.data, cases[i].name);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (fdbg_rust_demangle(fdbg_text_from(bad[i]), &arena, &name))
			fail_msg("%s gave %s", bad[i], name.data);
	fdbg_arena_deinit(&arena);
}

/* Each pair refers twice to the pair before it: 2^60 times `u8` if nothing stopped it. */
static void exponential_names_end(void **state)
{
	struct fdbg_arena arena = { 0 };
	struct fdbg_buf buf = { 0 };
	struct fdbg_text name;
	size_t at;

	(void)state;
	fdbg_buf_string(&buf, "_RINvC1a1f");
	at = buf.len - 2;
	fdbg_buf_string(&buf, "ThhE");
	for (int i = 0; i < 60; i++) {
		size_t here = buf.len - 2;
		char back[16];
		size_t n = 0, value = at;

		/* Base 62 as the grammar has it: the value less one, most significant digit first. */
		if (value) {
			char digits[16];
			size_t n_digits = 0;

			value--;
			do {
				size_t digit = value % 62;

				digits[n_digits++] = (char)(digit < 10   ? '0' + digit
							    : digit < 36 ? 'a' + digit - 10
									 : 'A' + digit - 36);
				value /= 62;
			} while (value);
			while (n_digits)
				back[n++] = digits[--n_digits];
		}
		back[n++] = '_';
		back[n] = '\0';
		fdbg_buf_printf(&buf, "TB%sB%sE", back, back);
		at = here;
	}
	fdbg_buf_string(&buf, "E");
	assert_false(fdbg_rust_demangle((struct fdbg_text){ (char *)buf.data, buf.len }, &arena, &name));

	/* Nesting without end. */
	fdbg_buf_clear(&buf);
	fdbg_buf_string(&buf, "_RINvC1a1f");
	for (int i = 0; i < 100000; i++)
		fdbg_buf_string(&buf, "R");
	assert_false(fdbg_rust_demangle((struct fdbg_text){ (char *)buf.data, buf.len }, &arena, &name));
	fdbg_buf_deinit(&buf);
	fdbg_arena_deinit(&arena);
}

struct sample {
	const char *name;       /* expected */
	const char *path, *last; /* of the DIE */
	const char *params;     /* names of the type parameters, comma-separated */
	const char *legacy, *v0; /* linkage names of the two builds; NULL: none */
};

static struct fdbg_text name_of(const struct sample *sample, const char *linkage, struct fdbg_arena *arena)
{
	struct fdbg_template_param params[4] = { 0 };
	struct fdbg_function function = {
		.path = fdbg_text_from(sample->path), .name = fdbg_text_from(sample->last),
		.linkage_name = fdbg_text_from(linkage), .params = params,
	};
	const char *at = sample->params;

	while (*at) {
		size_t len = strcspn(at, ",");

		params[function.n_params++].name = (struct fdbg_text){ at, len };
		at += len + (at[len] == ',');
	}
	return fdbg_rust_function_name(&function, arena);
}

/* DIE names and symbols as rustc 1.95 makes them. */
static void legacy_and_v0_give_one_name(void **state)
{
#define LEGACY(text) "_ZN" text "17h0123456789abcdefE"
#define NAMES "Cs4T4zK9Otvt5_5names"
	static const struct sample samples[] = {
		{ "names::gen2::<u8, &str>", "names::gen2<u8, &str>", "gen2<u8, &str>", "T,U",
		  LEGACY("5names4gen2"), "_RINv" NAMES "4gen2hReEB2_" },
		{ "names::byref::<str>", "names::byref<str>", "byref<str>", "T", LEGACY("5names5byref"),
		  "_RINv" NAMES "5byrefeEB2_" },
		{ "names::gen1::<(i32,)>::{closure#0}", "names::gen1::{closure#0}<(i32)>",
		  "{closure#0}<(i32)>", "T", LEGACY("5names4gen128_$u7b$$u7b$closure$u7d$$u7d$"),
		  "_RNCINv" NAMES "4gen1TlEE0B4_" },
		{ "names::takes::<names::main::{closure#4}>", "names::takes<names::main::{closure_env#4}>",
		  "takes<names::main::{closure_env#4}>", "impl Fn(i32) -> i32", LEGACY("5names5takes"),
		  "_RINv" NAMES "5takesNCNvB2_4mains2_0EB2_" },
		{ "names::Stack<u8>::map::<i64>", "names::Stack<u8>::map<u8, i64>", "map<u8, i64>", "T,U",
		  LEGACY("5names14Stack$LT$T$GT$3map"), "_RINvMs3_" NAMES "INtB6_5StackhE3mapxEB6_" },
		{ "names::Stack<alloc::vec::Vec<alloc::string::String>>::push",
		  "names::Stack<alloc::vec::Vec<alloc::string::String, "
		  "alloc::alloc::Global>>::push<alloc::vec::Vec<"
		  "alloc::string::String, alloc::alloc::Global>>",
		  "push<alloc::vec::Vec<alloc::string::String, alloc::alloc::Global>>", "T",
		  LEGACY("5names14Stack$LT$T$GT$4push"),
		  "_RNvMs3_" NAMES
		  "INtB5_5StackINtNtCslNYArtu3iFV_5alloc3vec3VecNtNtBG_6string6StringEE4pushB5_" },
		{ "names::Arr<3>::len", "names::Arr<3>::len<3>", "len<3>", "",
		  LEGACY("5names12Arr$LT$_$GT$3len"), "_RNvMs4_" NAMES "INtB5_3ArrKj3_E3lenB5_" },
		{ "<names::Arr<3> as names::Speak>::name", "names::{impl#7}::name<3>", "name<3>", "",
		  LEGACY("52_$LT$names..Arr$LT$_$GT$$u20$as$u20$names..Speak$GT$4name"),
		  "_RNvXs5_" NAMES "INtB5_3ArrKj3_ENtB5_5Speak4nameB5_" },
		{ "<alloc::vec::Vec<i32> as names::Tt>::own::<u8>", "names::{impl#2}::own<i32, u8>",
		  "own<i32, u8>", "T,U",
		  LEGACY("54_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$names..Tt$GT$3own"),
		  "_RINvXs0_" NAMES "INtNtCslNYArtu3iFV_5alloc3vec3VeclENtB6_2Tt3ownhEB6_" },
		{ "<alloc::vec::Vec<&str> as names::Tt>::go::{closure#0}",
		  "names::{impl#2}::go::{closure#0}<&str>", "{closure#0}<&str>", "T",
		  LEGACY("54_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$names..Tt$GT$2go28_$u7b$$u7b$closure$"
			 "u7d$$u7d$"),
		  "_RNCNvXs0_" NAMES "INtNtCslNYArtu3iFV_5alloc3vec3VecReENtB7_2Tt2go0B7_" },
		{ "names::Stack<u8>::push::{closure#0}", "names::{impl#5}::push::{closure#0}<u8>",
		  "{closure#0}<u8>", "T", LEGACY("5names14Stack$LT$T$GT$4push28_$u7b$$u7b$closure$u7d$$u7d$"),
		  "_RNCNvMs3_" NAMES "INtB7_5StackhE4push0B7_" },
		{ "<names::Cat as names::Speak>::hello", "names::Speak::hello<names::Cat>",
		  "hello<names::Cat>", "Self", LEGACY("5names5Speak5hello"),
		  "_RNvYNt" NAMES "3CatNtB4_5Speak5helloB4_" },
		{ "<names::Cat as names::Speak>::gen_prov::<u8>", "names::Speak::gen_prov<names::Cat, u8>",
		  "gen_prov<names::Cat, u8>", "Self,M", LEGACY("5names5Speak8gen_prov"),
		  "_RINvYNt" NAMES "3CatNtB5_5Speak8gen_provhEB5_" },
		{ "names::other::deep::Dog::bark", "names::other::deep::Dog::bark", "bark", "",
		  LEGACY("5names5other41_$LT$impl$u20$names..other..deep..Dog$GT$4bark"),
		  "_RNvMNt" NAMES "5otherNtNtB2_4deep3Dog4bark" },
		{ "names::other::deep::Dog::bark::{closure#0}", "names::other::{impl#0}::bark::{closure#0}",
		  "{closure#0}", "",
		  LEGACY("5names5other41_$LT$impl$u20$names..other..deep..Dog$GT$4bark28_$u7b$$u7b$closure$"
			 "u7d$$u7d$"),
		  "_RNCNvMNt" NAMES "5otherNtNtB4_4deep3Dog4bark0B6_" },
		{ "<names::Cat as core::fmt::Debug>::fmt", "names::other::{impl#2}::fmt", "fmt", "",
		  LEGACY("5names5other57_$LT$impl$u20$core..fmt..Debug$u20$for$u20$names..Cat$GT$3fmt"),
		  "_RNvXs0_Nt" NAMES "5otherNtB7_3CatNtNtCsgEmfK2I1SDS_4core3fmt5Debug3fmt" },
		{ "<alloc::boxed::Box<dyn core::ops::function::Fn<(i32,), Output = u8> + core::marker::Send> "
		  "as "
		  "names::Speak>::name",
		  "names::{impl#13}::name", "name", "",
		  LEGACY("162_$LT$alloc..boxed..Box$LT$dyn$u20$core..ops..function..Fn$LT$$LP$i32$C$$RP$$GT$"
			 "$u2b$Output$u20$$u3d$$u20$u8$u2b$core..marker..Send$GT$$u20$as$u20$names..Speak$GT$"
			 "4name"),
		  "_RNvXsb_" NAMES
		  "INtNtCslNYArtu3iFV_5alloc5boxed3BoxDINtNtNtCsgEmfK2I1SDS_4core3ops8function2FnTlEEp6"
		  "OutputhNtNtB16_6marker4SendEL_ENtB5_5Speak4name" },
		{ "names::fetch::{async_fn#0}", "names::fetch::{async_fn#0}", "{async_fn#0}", "",
		  LEGACY("5names5fetch28_$u7b$$u7b$closure$u7d$$u7d$"), "_RNCNv" NAMES "5fetch0B3_" },
		{ "names::gen2::L<u8>::m", "names::gen2::L<u8>::m<u8>", "m<u8>", "Z",
		  LEGACY("5names4gen210L$LT$Z$GT$1m"), "_RNvMNv" NAMES "4gen2INtB2_1LhE1mB4_" },
		{ "names::exported", "names::exported", "exported", "", "exported", NULL },
		{ "names::Stack<u8>::map::<i64>", "names::Stack<u8>::map<u8, i64>", "map<u8, i64>", "T,U",
		  NULL, NULL },
	};
	struct fdbg_arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		assert_string_equal(name_of(&samples[i], samples[i].legacy, &arena).data, samples[i].name);
		if (samples[i].v0)
			assert_string_equal(name_of(&samples[i], samples[i].v0, &arena).data,
					    samples[i].name);
	}
	fdbg_arena_deinit(&arena);
}

static void type_names_lose_the_allocator(void **state)
{
	static const struct {
		const char *dwarf, *name;
	} cases[] = {
		{ "alloc::vec::Vec<u8, alloc::alloc::Global>", "alloc::vec::Vec<u8>" },
		{ "alloc::vec::Vec<alloc::vec::Vec<u8, alloc::alloc::Global>, alloc::alloc::Global>",
		  "alloc::vec::Vec<alloc::vec::Vec<u8>>" },
		{ "alloc::boxed::Box<(dyn core::any::Any + core::marker::Send), alloc::alloc::Global>",
		  "alloc::boxed::Box<(dyn core::any::Any + core::marker::Send)>" },
		{ "app::Pair<u8, alloc::alloc::GlobalState>", "app::Pair<u8, alloc::alloc::GlobalState>" },
		{ "(u8, alloc::alloc::Global)", "(u8, alloc::alloc::Global)" },
		{ "", "" },
	};
	struct fdbg_arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fdbg_type type = { .name = fdbg_text_from(cases[i].dwarf) };
		struct fdbg_text name = fdbg_rust_type_name(&type, &arena);

		assert_int_equal(name.len, strlen(cases[i].name));
		assert_memory_equal(name.data, cases[i].name, name.len);
	}
	fdbg_arena_deinit(&arena);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The sorted names of the crate's functions. */
static char **all_names(const char *options, struct fdbg_arena *arena, size_t *n_ret)
{
	const struct fdbg_function *const *functions;
	struct rust_program program;
	char **names;
	size_t n, n_names = 0;

	rust_program_open(&program, "names", options);
	functions = rust_program_functions(&program, "names", &n);
	names = fdbg_arena_array(arena, n + 1, sizeof(*names));
	for (size_t i = 0; i < n; i++)
		if (fdbg_text_is(functions[i]->crate, "names"))
			names[n_names++] = (char *)fdbg_rust_function_name(functions[i], arena).data;
	qsort(names, n_names, sizeof(*names), compare_texts);
	rust_program_close(&program);
	*n_ret = n_names;
	return names;
}

static void a_program_has_the_same_names_in_both(void **state)
{
	static const char *const some[] = {
		"<(i32,) as names::Speak>::name",
		"<[u16; 4] as names::Speak>::name",
		"<alloc::vec::Vec<i32> as names::Tt>::go",
		"<names::Arr<5> as names::Speak>::hello",
		"<names::Cat as core::fmt::Display>::fmt",
		"<names::other::deep::Dog as names::Speak>::name::{closure#0}",
		"names::Stack<u8>::map::<i64>",
		"names::fetch::{async_fn#0}",
		"names::gen1::<&str>::{closure#0}",
		"names::main",
		"names::main::{closure#0}",
	};
	struct fdbg_arena arena = { 0 };
	char **names, **v0;
	size_t n, n_v0;

	(void)state;
	names = all_names("", &arena, &n);
	v0 = all_names("-C symbol-mangling-version=v0", &arena, &n_v0);
	for (size_t i = 0; i < n && i < n_v0; i++)
		assert_string_equal(names[i], v0[i]);
	assert_int_equal(n, n_v0);
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		if (!bsearch(&some[i], names, n, sizeof(*names), compare_texts))
			fail_msg("no %s", some[i]);
	fdbg_arena_deinit(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demangles_both_manglings),
		cmocka_unit_test(exponential_names_end),
		cmocka_unit_test(legacy_and_v0_give_one_name),
		cmocka_unit_test(type_names_lose_the_allocator),
		cmocka_unit_test(a_program_has_the_same_names_in_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
