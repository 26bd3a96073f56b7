/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Values of a running Rust program, decoded from its memory: their text must be what the program itself
 * prints.
 */
#include "rust_program.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "rust/decode.h"
#include "value/render.h"

/* The program while it waits: its output, a way to its memory. */
struct subject {
	struct rust_program program;
	pid_t pid;
	int input, memory;
	struct fdbg_buf output;
	uint64_t bias;
	size_t n_fetches;
};

static struct fdbg_error *fetch(void *context, struct fdbg_memview_want *wants, size_t n_wants)
{
	struct subject *subject = context;

	subject->n_fetches++;
	for (size_t i = 0; i < n_wants; i++)
		wants[i].done = pread(subject->memory, wants[i].bytes, wants[i].size,
				      (off_t)wants[i].address) == (ssize_t)wants[i].size;
	return NULL;
}

static void start(struct subject *ret, const char *source, const char *options)
{
	int in[2], out[2];
	char path[64];

	memset(ret, 0, sizeof(*ret));
	rust_program_open(&ret->program, source, options);
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	ret->pid = fork();
	assert_true(ret->pid >= 0);
	if (!ret->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execl(ret->program.path, ret->program.path, (char *)NULL);
		_exit(1);
	}
	close(in[0]);
	close(out[1]);
	ret->input = in[1];
	for (;;) {
		uint8_t *room = fdbg_buf_reserve(&ret->output, 65536);
		ssize_t n = read(out[0], room, 65536);

		assert_true(n > 0);
		ret->output.len += (size_t)n;
		if (ret->output.len >= 5 && !memcmp(ret->output.data + ret->output.len - 5, "\nEND\n", 5))
			break;
	}
	close(out[0]);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)ret->pid);
	ret->memory = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(ret->memory >= 0);
}

static void stop(struct subject *subject)
{
	int status;

	close(subject->input);
	close(subject->memory);
	assert_int_equal(waitpid(subject->pid, &status, 0), subject->pid);
	fdbg_buf_deinit(&subject->output);
	rust_program_close(&subject->program);
}

static const struct fdbg_function *function_at(const struct fdbg_function *const *functions, size_t n,
					       uint64_t entry)
{
	for (size_t i = 0; i < n; i++)
		if (functions[i]->entry == entry)
			return functions[i];
	return NULL;
}

/* Decodes each printed value and compares its text; returns how many there were. */
static size_t compare_all(struct subject *subject, const struct fdbg_decode_limits *limits)
{
	const struct fdbg_function *const *functions, *main_function = NULL;
	struct fdbg_arena arena = { 0 };
	struct fdbg_memview view = { .arena = &arena, .fetch = fetch, .fetch_context = subject };
	struct fdbg_buf text = { 0 };
	struct fdbg_render_context compiler = { 0 };
	struct fdbg_decoder *decoder;
	size_t n_functions, n = 0, n_wrong = 0;
	char *line, *next;

	functions = rust_program_functions(&subject->program, "values", &n_functions);
	for (size_t i = 0; i < n_functions; i++)
		if (functions[i]->main)
			main_function = functions[i];
	assert_non_null(main_function);
	compiler.rustc_minor = main_function->unit->rustc_minor;
	assert_null(fdbg_decoder_create(subject->program.debuginfo, limits, &decoder));
	line = (char *)fdbg_buf_cstr(&subject->output);
	subject->bias = strtoull(line, &next, 16) - main_function->entry;
	fdbg_decoder_set_bias(decoder, subject->bias);
	for (line = next + 1; strncmp(line, "END\n", 4); line = next + 1) {
		uint64_t address = strtoull(line, &line, 16),
			 entry = strtoull(line + 1, &line, 16) - subject->bias;
		const struct fdbg_function *function = function_at(functions, n_functions, entry);
		struct fdbg_type_ref ref;
		struct fdbg_value value;

		line++;
		next = strchr(line, '\n');
		*next = '\0';
		n++;
		assert_non_null(function);
		assert_int_equal(function->n_params, 1);
		ref = function->params[0].type;
		fdbg_arena_reset(&arena);
		fdbg_memview_reset(&view);
		fdbg_decoder_begin(decoder, &arena, &view);
		fdbg_decoder_add_memory(decoder, fdbg_type_of(&ref), address, &value);
		assert_null(fdbg_decoder_run(decoder));
		fdbg_buf_clear(&text);
		fdbg_render_debug_as(&text, &value, FDBG_RENDER_DEBUG, 0, &compiler);
		if (strcmp(fdbg_buf_cstr(&text), line)) {
			print_error("%.*s\n  decoded %s\n  printed %s\n", (int)function->name.len,
				    function->name.data, fdbg_buf_cstr(&text), line);
			n_wrong++;
		}
	}
	fdbg_decoder_destroy(decoder);
	fdbg_buf_deinit(&text);
	fdbg_arena_deinit(&arena);
	assert_int_equal(n_wrong, 0);
	return n;
}

static void texts_are_the_programs_own(void **state)
{
	static const struct fdbg_decode_limits limits = { .max_array = 1024,
							  .deref_limit = 12,
							  .keep_hash_order = true };
	struct subject subject;

	(void)state;
	start(&subject, "values", "");
	assert_true(compare_all(&subject, &limits) > 150);
	stop(&subject);
}

/* Memory that nobody wrote: bytes that depend on the address and on a seed, or a fault. */
struct noise {
	uint64_t seed;
	unsigned kind;
};

static uint64_t scramble(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x9e3779b97f4a7c15;
	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9;
	return x ^ x >> 32;
}

static void fill(const struct noise *noise, uint64_t address, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint64_t word = scramble(noise->seed ^ (address + i) / 8);

		switch (noise->kind % 4) {
		case 0: /* anything */
			bytes[i] = (uint8_t)(word >> 8 * ((address + i) % 8));
			break;
		case 1: /* small numbers: lengths and tags that could be */
			bytes[i] = (address + i) % 8 ? 0 : (uint8_t)(word % 8);
			break;
		case 2: /* words that look like aligned pointers */
			bytes[i] = (uint8_t)((0x7f0000000000 | (word & 0xfff8)) >> 8 * ((address + i) % 8));
			break;
		case 3: /* one of these a word */
			bytes[i] = (uint8_t)((word % 3 ? 0x7f0000000000 | (word & 0xf8) : word % 5) >>
					     8 * ((address + i) % 8));
			break;
		}
	}
}

static struct fdbg_error *fetch_noise(void *context, struct fdbg_memview_want *wants, size_t n_wants)
{
	const struct noise *noise = context;

	for (size_t i = 0; i < n_wants; i++) {
		wants[i].done = scramble(noise->seed + wants[i].address) % 8 != 0;
		fill(noise, wants[i].address, wants[i].bytes, wants[i].size);
	}
	return NULL;
}

/*
 * No value may be there that its type cannot have, whatever the memory held. Returns how many nodes there
 * are.
 */
static size_t check_tree(const struct fdbg_value *value, unsigned depth)
{
	size_t n = 1;

	assert_true(depth < 4000);
	switch (value->kind) {
	case FDBG_VALUE_OPAQUE:
		assert_non_null(value->opaque.reason);
		assert_string_not_equal(value->opaque.reason, "not decoded");
		break;
	case FDBG_VALUE_UNIT:
		break;
	case FDBG_VALUE_PRIM:
		if (value->prim.prim == FDBG_PRIM_BOOL)
			assert_true(value->prim.bytes[0] < 2);
		if (value->prim.prim == FDBG_PRIM_CHAR)
			assert_true(value->prim.bytes[3] == 0 && value->prim.bytes[2] <= 0x10);
		break;
	case FDBG_VALUE_BYTES:
		assert_true(value->bytes.len <= 64 && (!value->bytes.len || value->bytes.data));
		break;
	case FDBG_VALUE_STR:
		assert_true(value->str.len <= 64);
		break;
	case FDBG_VALUE_ARRAY:
		assert_true(value->array.n_items <= 64);
		assert_true(!value->cut || value->total > value->array.n_items);
		for (size_t i = 0; i < value->array.n_items; i++)
			n += check_tree(&value->array.items[i], depth + 1);
		break;
	case FDBG_VALUE_REF:
		assert_true(!value->cut || !value->ref.target);
		if (value->ref.target)
			n += check_tree(value->ref.target, depth + 1);
		break;
	case FDBG_VALUE_STRUCT:
		for (size_t i = 0; i < value->record.n_fields; i++)
			n += check_tree(&value->record.fields[i].value, depth + 1);
		break;
	case FDBG_VALUE_ENUM:
		assert_true(value->enumeration.variant.len > 0);
		break;
	case FDBG_VALUE_VARIANT:
		assert_true(value->variant.index < value->variant.n_variants);
		for (size_t i = 0; i < value->variant.n_fields; i++)
			n += check_tree(&value->variant.fields[i].value, depth + 1);
		break;
	}
	return n;
}

/* Locals may be uninitialised where a probe is: garbage is normal. */
static void garbage_gives_no_false_values(void **state)
{
	static const struct fdbg_decode_limits limits = { .max_array = 64,
							  .deref_limit = 4,
							  .max_values = 5000 };
	const struct fdbg_function *const *functions;
	struct fdbg_decoder *decoder;
	struct fdbg_arena arena = { 0 };
	struct rust_program program;
	struct noise noise = { 0 };
	size_t n_functions, n_nodes = 0, n_types = 0;
	uint8_t *bytes;

	(void)state;
	rust_program_open(&program, "values", "");
	functions = rust_program_functions(&program, "values", &n_functions);
	assert_null(fdbg_decoder_create(program.debuginfo, &limits, &decoder));
	for (size_t i = 0; i < n_functions; i++) {
		const struct fdbg_type *type;
		struct fdbg_type_ref ref;

		if (!fdbg_text_starts(functions[i]->name, "probe<"))
			continue;
		n_types++;
		ref = functions[i]->params[0].type;
		type = fdbg_type_of(&ref);
		bytes = malloc(type->size + 1);
		for (unsigned round = 0; round < 24; round++) {
			struct fdbg_memview view = { .arena = &arena,
						     .fetch = fetch_noise,
						     .fetch_context = &noise };
			struct fdbg_value value;
			struct fdbg_error *err;

			noise = (struct noise){ .seed = scramble(i * 64 + round), .kind = round };
			fill(&noise, 0x7f0000000000, bytes, type->size);
			view.fetch_limit = 1 << 20;
			fdbg_arena_reset(&arena);
			fdbg_decoder_begin(decoder, &arena, &view);
			fdbg_decoder_add_bytes(decoder, type, bytes, &value);
			err = fdbg_decoder_run(decoder);
			assert_null(err);
			n_nodes += check_tree(&value, 0);
		}
		free(bytes);
	}
	assert_true(n_types > 100);
	assert_true(n_nodes > 24 * n_types);
	fdbg_decoder_destroy(decoder);
	fdbg_arena_deinit(&arena);
	rust_program_close(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_the_programs_own),
		cmocka_unit_test(garbage_gives_no_false_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
