/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <inttypes.h>

#include "base/map.h"
#include "value/encode.h"
#include "value/words.h"

/* Stacks of this size are on the C stack; larger ones move to the arena. */
#define SMALL 32

/* What a value on the stack amounts to, for the limits of encode.h. */
struct weight {
	uint64_t nodes;
	unsigned depth;
};

struct text_stack {
	struct fdbg_text *items;
	size_t n, cap;
	struct fdbg_text small[SMALL];
};

/* An entry of the environment. */
struct entry {
	struct fdbg_value value;
	struct weight weight;
};

/*
 * The encoding is postfix: a word that is data goes on the stack of its kind, an operator takes its operands
 * from there and leaves a value. Values of finished names lie below n_names and are not to be taken.
 */
struct decoder {
	struct fdbg_cursor *cursor;
	struct fdbg_arena *arena;
	size_t pos; /* of the present word */
	struct text_stack strs, bytes, names;
	uint64_t *ints;
	size_t n_ints, cap_ints;
	struct fdbg_value *values;
	struct weight *weights;
	size_t n_values, cap_values;
	struct fdbg_map env;
	uint64_t small_ints[SMALL];
	struct fdbg_value small_values[SMALL];
	struct weight small_weights[SMALL];
};

static struct fdbg_error *malformed(const struct decoder *decoder, const char *what)
{
	return fdbg_error_create(FDBG_ERROR_FORMAT, "%s at byte %" PRIu64, what,
				 decoder->cursor->base + decoder->pos);
}

/* A larger copy of a full stack, or NULL. The old one stays with the arena; doubling bounds that waste. */
static void *grow(struct fdbg_arena *arena, const void *items, size_t n, size_t size)
{
	void *larger = fdbg_arena_array(arena, n * 2, size);

	if (larger)
		memcpy(larger, items, n * size);
	return larger;
}

static struct fdbg_error *push_text(struct decoder *decoder, struct text_stack *stack, struct fdbg_text text)
{
	if (stack->n == stack->cap) {
		struct fdbg_text *items = grow(decoder->arena, stack->items, stack->n, sizeof(*items));

		if (!items)
			return &fdbg_error_nomem;
		stack->items = items;
		stack->cap *= 2;
	}
	stack->items[stack->n++] = text;
	return NULL;
}

static struct fdbg_error *push_int(struct decoder *decoder, uint64_t number)
{
	if (decoder->n_ints == decoder->cap_ints) {
		uint64_t *ints = grow(decoder->arena, decoder->ints, decoder->n_ints, sizeof(*ints));

		if (!ints)
			return &fdbg_error_nomem;
		decoder->ints = ints;
		decoder->cap_ints *= 2;
	}
	decoder->ints[decoder->n_ints++] = number;
	return NULL;
}

static struct fdbg_error *push_value(struct decoder *decoder, struct fdbg_value value, struct weight weight)
{
	if (decoder->n_values == decoder->cap_values) {
		struct fdbg_value *values = grow(decoder->arena, decoder->values, decoder->n_values,
						 sizeof(*values));
		struct weight *weights = grow(decoder->arena, decoder->weights, decoder->n_values,
					      sizeof(*weights));

		if (!values || !weights)
			return &fdbg_error_nomem;
		decoder->values = values;
		decoder->weights = weights;
		decoder->cap_values *= 2;
	}
	if (weight.depth > FDBG_VALUE_DEPTH_MAX) {
		value = fdbg_value_opaque("nested too deeply");
		weight = (struct weight){ 1, 1 };
	}
	decoder->weights[decoder->n_values] = weight;
	decoder->values[decoder->n_values++] = value;
	return NULL;
}

static const struct weight leaf = { 1, 1 };

static bool pop_text(struct text_stack *stack, struct fdbg_text *ret)
{
	if (!stack->n)
		return false;
	*ret = stack->items[--stack->n];
	return true;
}

static bool pop_int(struct decoder *decoder, uint64_t *ret)
{
	if (!decoder->n_ints)
		return false;
	*ret = decoder->ints[--decoder->n_ints];
	return true;
}

/* How many values of the present name are on the stack. */
static size_t values_left(const struct decoder *decoder)
{
	size_t finished = decoder->names.n ? decoder->names.n - 1 : 0;

	return decoder->n_values > finished ? decoder->n_values - finished : 0;
}

static struct weight weigh(const struct weight *weights, size_t n)
{
	struct weight sum = leaf;

	for (size_t i = 0; i < n; i++) {
		/* At most 2^24 each, so that no payload can overflow the sum. */
		sum.nodes += weights[i].nodes;
		if (sum.depth < weights[i].depth + 1)
			sum.depth = weights[i].depth + 1;
	}
	return sum;
}

static struct fdbg_error *make_prim(struct decoder *decoder)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_PRIM };
	struct fdbg_text bytes, type;
	size_t size;

	if (!pop_text(&decoder->bytes, &bytes) || !pop_text(&decoder->strs, &type))
		return malformed(decoder, "a primitive without its parts");
	if (!fdbg_prim_from_name(type, &value.prim.prim))
		return malformed(decoder, "an unknown primitive type");
	size = fdbg_prim_size(value.prim.prim);
	if ((value.prim.prim == FDBG_PRIM_USIZE || value.prim.prim == FDBG_PRIM_ISIZE) && bytes.len == 4) {
		/* Of a 32-bit target. */
		if (value.prim.prim == FDBG_PRIM_ISIZE && bytes.data[3] & 0x80)
			memset(value.prim.bytes, 0xff, size);
		size = 4;
	}
	if (bytes.len != size)
		return malformed(decoder, "a primitive of the wrong size");
	memcpy(value.prim.bytes, bytes.data, size);
	return push_value(decoder, value, leaf);
}

static struct fdbg_error *make_bytes(struct decoder *decoder)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_BYTES };
	struct fdbg_text bytes;

	if (!pop_text(&decoder->bytes, &bytes) || !pop_text(&decoder->strs, &value.bytes.type))
		return malformed(decoder, "bytes without their parts");
	value.bytes.data = (const uint8_t *)bytes.data;
	value.bytes.len = bytes.len;
	return push_value(decoder, value, leaf);
}

static struct fdbg_error *make_strlit(struct decoder *decoder)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_STR };

	if (!pop_text(&decoder->bytes, &value.str))
		return malformed(decoder, "a string slice without its parts");
	return push_value(decoder, value, leaf);
}

static struct fdbg_error *make_array(struct decoder *decoder, enum fdbg_array_kind kind)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_ARRAY, .array.kind = kind };
	struct weight weight;
	uint64_t n;

	if (!pop_int(decoder, &n) || n > values_left(decoder))
		return malformed(decoder, "an array without its items");
	value.array.items = fdbg_arena_array(decoder->arena, (size_t)n, sizeof(struct fdbg_value));
	if (!value.array.items)
		return &fdbg_error_nomem;
	value.array.n_items = (size_t)n;
	decoder->n_values -= (size_t)n;
	memcpy(value.array.items, decoder->values + decoder->n_values, (size_t)n * sizeof(struct fdbg_value));
	weight = weigh(decoder->weights + decoder->n_values, (size_t)n);
	return push_value(decoder, value, weight);
}

static bool pop_address(struct decoder *decoder, uint64_t *ret)
{
	struct fdbg_text bytes;
	struct fdbg_cursor cursor;

	if (!pop_text(&decoder->bytes, &bytes))
		return false;
	cursor = fdbg_cursor_over(bytes.data, bytes.len, 0);
	/* 4 bytes: of a 32-bit target. */
	return (bytes.len == 8 || bytes.len == 4) && fdbg_cursor_uint(&cursor, bytes.len, false, ret);
}

static struct fdbg_error *make_ref(struct decoder *decoder)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_REF };
	struct weight weight = leaf;
	struct fdbg_text kind;
	uint64_t address, found;

	if (!pop_address(decoder, &address) || !pop_text(&decoder->strs, &kind))
		return malformed(decoder, "a reference without its parts");
	if (fdbg_text_is(kind, "ref"))
		value.ref.kind = FDBG_REF_REF;
	else if (fdbg_text_is(kind, "Box"))
		value.ref.kind = FDBG_REF_BOX;
	else if (fdbg_text_is(kind, "ptr"))
		value.ref.kind = FDBG_REF_PTR;
	else
		return malformed(decoder, "an unknown kind of reference");
	if (fdbg_map_get(&decoder->env, address, &found)) {
		struct entry *entry = (struct entry *)(uintptr_t)found;

		if (entry->weight.nodes < FDBG_VALUE_EXPANDED_MAX) {
			value.ref.target = &entry->value;
			weight = weigh(&entry->weight, 1);
		}
	}
	/* An alias address (encode.h) is recognised by the entry of the address proper. */
	if (address >> 63 && fdbg_map_get(&decoder->env, address & UINT64_MAX >> 8, &found))
		address &= UINT64_MAX >> 8;
	value.ref.address = address;
	return push_value(decoder, value, weight);
}

/* Takes n fields off the stacks. */
static struct fdbg_error *pop_fields(struct decoder *decoder, struct fdbg_field **ret, size_t *n_ret,
				     struct weight *weight_ret)
{
	struct fdbg_field *fields;
	uint64_t n;

	if (!pop_int(decoder, &n) || n > values_left(decoder) || n > decoder->strs.n)
		return malformed(decoder, "a struct without its fields");
	fields = fdbg_arena_array(decoder->arena, (size_t)n, sizeof(*fields));
	if (!fields)
		return &fdbg_error_nomem;
	decoder->n_values -= (size_t)n;
	decoder->strs.n -= (size_t)n;
	for (size_t i = 0; i < n; i++) {
		fields[i].name = decoder->strs.items[decoder->strs.n + i];
		fields[i].value = decoder->values[decoder->n_values + i];
	}
	*weight_ret = weigh(decoder->weights + decoder->n_values, (size_t)n);
	*ret = fields;
	*n_ret = (size_t)n;
	return NULL;
}

/*
 * Turns the two structs by which fdbg says more than the format can (encode.c, doc/stream.md) into what they
 * mean.
 */
static void recognise(struct fdbg_value *value)
{
	const struct fdbg_field *fields = value->record.fields;
	struct fdbg_value inner;

	if (!value->record.n_fields && fdbg_text_is(value->record.type, "<optimized out>")) {
		*value = fdbg_value_optimized_out();
		return;
	}
	if (value->record.n_fields != 2 || !fdbg_text_is(value->record.type, "…") ||
	    !fdbg_text_is(fields[0].name, "value") || !fdbg_text_is(fields[1].name, "len") ||
	    fields[1].value.kind != FDBG_VALUE_PRIM || fields[1].value.prim.prim != FDBG_PRIM_USIZE)
		return;
	inner = fields[0].value;
	if (inner.cut || (inner.kind != FDBG_VALUE_BYTES && inner.kind != FDBG_VALUE_STR &&
			  inner.kind != FDBG_VALUE_ARRAY))
		return;
	inner.cut = true;
	for (size_t i = 0; i < 8; i++)
		inner.total |= (uint64_t)fields[1].value.prim.bytes[i] << 8 * i;
	*value = inner;
}

static struct fdbg_error *make_struct(struct decoder *decoder)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_STRUCT };
	struct weight weight;
	struct fdbg_error *err;

	if (!pop_text(&decoder->strs, &value.record.type))
		return malformed(decoder, "a struct without its type");
	err = pop_fields(decoder, &value.record.fields, &value.record.n_fields, &weight);
	if (err)
		return err;
	recognise(&value);
	/* A cut value weighs what it holds, which lies where the first field was. */
	if (value.kind != FDBG_VALUE_STRUCT)
		weight = value.kind == FDBG_VALUE_OPAQUE ? leaf : decoder->weights[decoder->n_values];
	return push_value(decoder, value, weight);
}

static struct fdbg_error *make_enum(struct decoder *decoder)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_ENUM };

	if (!pop_text(&decoder->strs, &value.enumeration.variant) ||
	    !pop_text(&decoder->strs, &value.enumeration.type))
		return malformed(decoder, "an enum without its parts");
	return push_value(decoder, value, leaf);
}

static struct fdbg_error *make_variant(struct decoder *decoder)
{
	struct fdbg_value value = { .kind = FDBG_VALUE_VARIANT };
	struct fdbg_text *variants;
	struct weight weight;
	struct fdbg_error *err;
	uint64_t n, index;

	if (!pop_int(decoder, &n) || n > decoder->strs.n)
		return malformed(decoder, "an enum without its variants");
	variants = fdbg_arena_array(decoder->arena, (size_t)n, sizeof(*variants));
	if (!variants)
		return &fdbg_error_nomem;
	decoder->strs.n -= (size_t)n;
	if (n)
		memcpy(variants, decoder->strs.items + decoder->strs.n, (size_t)n * sizeof(*variants));
	if (!pop_text(&decoder->strs, &value.variant.type) || !pop_int(decoder, &index) || index >= n)
		return malformed(decoder, "an enum without its parts");
	value.variant.variants = variants;
	value.variant.n_variants = (size_t)n;
	value.variant.index = (size_t)index;
	err = pop_fields(decoder, &value.variant.fields, &value.variant.n_fields, &weight);
	return err ? err : push_value(decoder, value, weight);
}

static struct fdbg_error *set_env(struct decoder *decoder)
{
	struct entry *entry = fdbg_arena_new(decoder->arena, struct entry);
	uint64_t address;

	if (!entry)
		return &fdbg_error_nomem;
	if (!values_left(decoder) || !pop_address(decoder, &address))
		return malformed(decoder, "an environment entry without its parts");
	decoder->n_values--;
	entry->value = decoder->values[decoder->n_values];
	entry->weight = decoder->weights[decoder->n_values];
	return fdbg_map_set(&decoder->env, address, (uintptr_t)entry) ? NULL : &fdbg_error_nomem;
}

/* Everything of the name before must be complete: one value, nothing else. */
static struct fdbg_error *check_complete(const struct decoder *decoder)
{
	if (decoder->n_values != decoder->names.n || decoder->strs.n || decoder->bytes.n || decoder->n_ints)
		return malformed(decoder, "a named value that is not one value");
	return NULL;
}

static struct fdbg_error *set_name(struct decoder *decoder)
{
	struct fdbg_text name;
	struct fdbg_error *err;

	if (!pop_text(&decoder->strs, &name))
		return malformed(decoder, "a name without its text");
	err = check_complete(decoder);
	return err ? err : push_text(decoder, &decoder->names, name);
}

static struct fdbg_error *run_op(struct decoder *decoder, struct fdbg_text op)
{
	if (fdbg_text_is(op, "prim"))
		return make_prim(decoder);
	if (fdbg_text_is(op, "struct"))
		return make_struct(decoder);
	if (fdbg_text_is(op, "name"))
		return set_name(decoder);
	if (fdbg_text_is(op, "setenv"))
		return set_env(decoder);
	if (fdbg_text_is(op, "ref"))
		return make_ref(decoder);
	if (fdbg_text_is(op, "unit"))
		return push_value(decoder, (struct fdbg_value){ .kind = FDBG_VALUE_UNIT }, leaf);
	if (fdbg_text_is(op, "opaque"))
		return push_value(decoder, fdbg_value_opaque(NULL), leaf);
	if (fdbg_text_is(op, "strlit"))
		return make_strlit(decoder);
	if (fdbg_text_is(op, "bytes"))
		return make_bytes(decoder);
	if (fdbg_text_is(op, "union_decl"))
		return make_variant(decoder);
	if (fdbg_text_is(op, "enum"))
		return make_enum(decoder);
	if (fdbg_text_is(op, "vec"))
		return make_array(decoder, FDBG_ARRAY_VEC);
	if (fdbg_text_is(op, "slice"))
		return make_array(decoder, FDBG_ARRAY_SLICE);
	if (fdbg_text_is(op, "arr"))
		return make_array(decoder, FDBG_ARRAY_ARR);
	return malformed(decoder, "an unknown word");
}

static struct fdbg_error *run(struct decoder *decoder)
{
	for (;;) {
		struct fdbg_word word;
		struct fdbg_error *err = fdbg_words_next(decoder->cursor, &word);

		if (err)
			return err;
		decoder->pos = word.pos;
		switch (word.kind) {
		case FDBG_WORD_END:
			return check_complete(decoder);
		case FDBG_WORD_STR:
			err = push_text(decoder, &decoder->strs, word.text);
			break;
		case FDBG_WORD_BYTES:
			err = push_text(decoder, &decoder->bytes, word.text);
			break;
		case FDBG_WORD_INT:
			err = push_int(decoder, word.number);
			break;
		case FDBG_WORD_OP:
			err = run_op(decoder, word.text);
			break;
		}
		if (err)
			return err;
	}
}

struct fdbg_error *fdbg_value_decode_named(struct fdbg_cursor *cursor, struct fdbg_arena *arena,
					   struct fdbg_named_value **values_ret, size_t *n_values_ret)
{
	struct decoder decoder;
	struct fdbg_named_value *values;
	struct fdbg_error *err;

	/*
	 * Not zeroed as a whole: the small stacks are large, and nothing is read there that was not put
	 * there.
	 */
	decoder.cursor = cursor;
	decoder.arena = arena;
	decoder.pos = cursor->pos;
	decoder.strs.items = decoder.strs.small;
	decoder.bytes.items = decoder.bytes.small;
	decoder.names.items = decoder.names.small;
	decoder.strs.n = decoder.bytes.n = decoder.names.n = decoder.n_ints = decoder.n_values = 0;
	decoder.ints = decoder.small_ints;
	decoder.values = decoder.small_values;
	decoder.weights = decoder.small_weights;
	decoder.strs.cap = decoder.bytes.cap = decoder.names.cap = SMALL;
	decoder.cap_ints = decoder.cap_values = SMALL;
	decoder.env = (struct fdbg_map){ 0 };
	err = run(&decoder);
	fdbg_map_deinit(&decoder.env);
	if (err)
		return err;
	values = fdbg_arena_array(arena, decoder.n_values, sizeof(*values));
	if (!values)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < decoder.n_values; i++) {
		values[i].name = decoder.names.items[i];
		values[i].value = decoder.values[i];
	}
	*values_ret = values;
	*n_values_ret = decoder.n_values;
	return NULL;
}
