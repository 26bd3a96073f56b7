/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "value/encode.h"

#include <stdlib.h>

#include "base/map.h"
#include "value/words.h"

#define N_ALIASES 128
#define NONE SIZE_MAX
/* Nodes that two targets are compared by before they count as different. */
#define COMPARE_MAX 65536
/* Hash tables above this many slots are freed between events: clearing them would cost more. */
#define KEEP_SLOTS 4096

/* A target that references of this named value lead to. */
struct target {
	uint64_t address;
	const struct fdbg_value *value;
	uint64_t out; /* the address that it has on the stream */
	size_t next;  /* the next one with this address, or NONE */
	unsigned height; /* levels of the value as written, with those behind its references */
	bool done;    /* its entry is written */
};

struct fdbg_value_encoder {
	struct fdbg_buf *buf;
	bool failed;
	struct target *targets; /* of this named value */
	size_t n_targets, cap_targets;
	struct fdbg_map by_value;   /* pointer to a target's value, to its index */
	struct fdbg_map by_address; /* address to the index of its newest target */
	struct fdbg_map present;    /* addresses that have an entry in this event */
};

static void clear_map(struct fdbg_map *map)
{
	if (map->n_slots > KEEP_SLOTS)
		fdbg_map_deinit(map);
	else if (map->n_filled)
		fdbg_map_clear(map);
}

struct fdbg_error *fdbg_value_encoder_create(struct fdbg_value_encoder **ret)
{
	struct fdbg_value_encoder *encoder = calloc(1, sizeof(*encoder));

	if (!encoder)
		return &fdbg_error_nomem;
	*ret = encoder;
	return NULL;
}

void fdbg_value_encoder_destroy(struct fdbg_value_encoder *encoder)
{
	if (!encoder)
		return;
	free(encoder->targets);
	fdbg_map_deinit(&encoder->by_value);
	fdbg_map_deinit(&encoder->by_address);
	fdbg_map_deinit(&encoder->present);
	free(encoder);
}

void fdbg_value_encoder_reset(struct fdbg_value_encoder *encoder)
{
	clear_map(&encoder->present);
}

static bool equal(const struct fdbg_value *a, const struct fdbg_value *b, unsigned depth, size_t *budget);

static bool equal_fields(const struct fdbg_field *a, size_t n_a, const struct fdbg_field *b, size_t n_b,
			 unsigned depth, size_t *budget)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++) {
		if (!fdbg_text_equal(a[i].name, b[i].name) || !equal(&a[i].value, &b[i].value, depth, budget))
			return false;
	}
	return true;
}

static bool equal_items(const struct fdbg_value *a, const struct fdbg_value *b, size_t n, unsigned depth,
			size_t *budget)
{
	for (size_t i = 0; i < n; i++) {
		if (!equal(&a[i], &b[i], depth, budget))
			return false;
	}
	return true;
}

static bool equal_texts(const struct fdbg_text *a, size_t n_a, const struct fdbg_text *b, size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; a != b && i < n_a; i++) {
		if (!fdbg_text_equal(a[i], b[i]))
			return false;
	}
	return true;
}

/* True when both would be written alike; false also where that takes too long to find out. */
static bool equal(const struct fdbg_value *a, const struct fdbg_value *b, unsigned depth, size_t *budget)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || depth == FDBG_VALUE_DEPTH_MAX || !*budget)
		return false;
	--*budget;
	depth++;
	switch (a->kind) {
	case FDBG_VALUE_OPAQUE:
		return a->opaque.optimized_out == b->opaque.optimized_out;
	case FDBG_VALUE_UNIT:
		return true;
	case FDBG_VALUE_PRIM:
		return a->prim.prim == b->prim.prim &&
		       !memcmp(a->prim.bytes, b->prim.bytes, fdbg_prim_size(a->prim.prim));
	case FDBG_VALUE_BYTES:
		return a->cut == b->cut && a->total == b->total &&
		       fdbg_text_equal(a->bytes.type, b->bytes.type) &&
		       a->bytes.len == b->bytes.len &&
		       (!a->bytes.len || !memcmp(a->bytes.data, b->bytes.data, a->bytes.len));
	case FDBG_VALUE_STR:
		return a->cut == b->cut && a->total == b->total && fdbg_text_equal(a->str, b->str);
	case FDBG_VALUE_ARRAY:
		return a->cut == b->cut && a->total == b->total && a->array.kind == b->array.kind &&
		       a->array.n_items == b->array.n_items &&
		       equal_items(a->array.items, b->array.items, a->array.n_items, depth, budget);
	case FDBG_VALUE_REF:
		return a->ref.kind == b->ref.kind && a->ref.address == b->ref.address &&
		       !a->ref.target == !b->ref.target &&
		       (!a->ref.target || equal(a->ref.target, b->ref.target, depth, budget));
	case FDBG_VALUE_STRUCT:
		return fdbg_text_equal(a->record.type, b->record.type) &&
		       equal_fields(a->record.fields, a->record.n_fields, b->record.fields,
				    b->record.n_fields, depth, budget);
	case FDBG_VALUE_ENUM:
		return fdbg_text_equal(a->enumeration.type, b->enumeration.type) &&
		       fdbg_text_equal(a->enumeration.variant, b->enumeration.variant);
	case FDBG_VALUE_VARIANT:
		return fdbg_text_equal(a->variant.type, b->variant.type) &&
		       a->variant.index == b->variant.index &&
		       equal_texts(a->variant.variants, a->variant.n_variants, b->variant.variants,
				   b->variant.n_variants) &&
		       equal_fields(a->variant.fields, a->variant.n_fields, b->variant.fields,
				    b->variant.n_fields, depth, budget);
	}
	return false;
}

/* The target that a reference leads to, or NONE; n_done_ret: how many entries its address has. */
static size_t find_target(const struct fdbg_value_encoder *encoder, uint64_t address,
			  const struct fdbg_value *value, size_t *n_done_ret)
{
	uint64_t first;
	size_t n_done = 0;

	if (fdbg_map_get(&encoder->by_value, (uintptr_t)value, &first) &&
	    encoder->targets[first].address == address)
		return first;
	if (fdbg_map_get(&encoder->by_address, address, &first)) {
		for (size_t i = first; i != NONE; i = encoder->targets[i].next) {
			size_t budget = COMPARE_MAX;

			if (encoder->targets[i].value == value ||
			    (encoder->targets[i].done && equal(encoder->targets[i].value, value, 0, &budget)))
				return i;
			n_done += encoder->targets[i].done;
		}
	}
	if (n_done_ret)
		*n_done_ret = n_done;
	return NONE;
}

static uint64_t alias(uint64_t address, size_t n)
{
	return (address & UINT64_MAX >> 8) | (uint64_t)(0x80 + n) << 56;
}

static void put_address(struct fdbg_buf *buf, uint64_t address)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(address >> 8 * i);
	fdbg_words_put_bytes(buf, bytes, sizeof(bytes));
}

static void put_op(struct fdbg_buf *buf, const char *op)
{
	fdbg_buf_string(buf, op);
}

/*
 * Writes a value that has `depth` levels above it; returns how many levels it has itself, which is never more
 * than FDBG_VALUE_DEPTH_MAX with those above.
 */
static unsigned put_value(struct fdbg_value_encoder *encoder, const struct fdbg_value *value, unsigned depth);

static unsigned put_fields(struct fdbg_value_encoder *encoder, const struct fdbg_field *fields, size_t n,
			   unsigned depth)
{
	unsigned highest = 0, height;

	for (size_t i = 0; i < n; i++) {
		fdbg_words_put_str(encoder->buf, fields[i].name);
		height = put_value(encoder, &fields[i].value, depth);
		highest = height > highest ? height : highest;
		fdbg_buf_byte(encoder->buf, ' ');
	}
	fdbg_words_put_int(encoder->buf, n);
	return highest;
}

static unsigned put_ref(struct fdbg_value_encoder *encoder, const struct fdbg_value *value, unsigned depth)
{
	static const char *const kinds[] = { [FDBG_REF_REF] = "ref", [FDBG_REF_BOX] = "Box",
					    [FDBG_REF_PTR] = "ptr" };
	size_t target = NONE, n = 0;
	uint64_t out = value->ref.address, ignored;
	unsigned height = 0;

	if (value->ref.target)
		target = find_target(encoder, value->ref.address, value->ref.target, NULL);
	if (target != NONE && encoder->targets[target].done &&
	    depth + encoder->targets[target].height <= FDBG_VALUE_DEPTH_MAX) {
		out = encoder->targets[target].out;
		height = encoder->targets[target].height;
	} else {
		/*
		 * Too deep, a cycle, or without target: it must not meet an entry that is not meant for it.
		 */
		while (fdbg_map_get(&encoder->present, out, &ignored) && n < N_ALIASES)
			out = alias(value->ref.address, n++);
		if (fdbg_map_get(&encoder->present, out, &ignored)) {
			put_op(encoder->buf, "opaque");
			return 0;
		}
	}
	fdbg_words_put_str(encoder->buf, fdbg_text_from(kinds[value->ref.kind]));
	put_address(encoder->buf, out);
	put_op(encoder->buf, "ref");
	return height;
}

static void put_prim(struct fdbg_buf *buf, enum fdbg_prim prim, const uint8_t *bytes)
{
	fdbg_words_put_str(buf, fdbg_text_from(fdbg_prim_name(prim)));
	fdbg_words_put_bytes(buf, bytes, (uint32_t)fdbg_prim_size(prim));
	put_op(buf, " prim");
}

static unsigned put_value(struct fdbg_value_encoder *encoder, const struct fdbg_value *value, unsigned depth)
{
	static const char *const arrays[] = { [FDBG_ARRAY_ARR] = "arr", [FDBG_ARRAY_VEC] = "vec",
					      [FDBG_ARRAY_SLICE] = "slice" };
	struct fdbg_buf *buf = encoder->buf;
	unsigned below = 0, height;
	bool cut = value->cut && (value->kind == FDBG_VALUE_BYTES || value->kind == FDBG_VALUE_STR ||
				  value->kind == FDBG_VALUE_ARRAY);

	if (depth + 1 >= FDBG_VALUE_DEPTH_MAX ||
	    (value->kind == FDBG_VALUE_BYTES && value->bytes.len > UINT32_MAX) ||
	    (value->kind == FDBG_VALUE_STR && value->str.len > UINT32_MAX) ||
	    (value->kind == FDBG_VALUE_VARIANT && value->variant.index >= value->variant.n_variants)) {
		put_op(buf, "opaque");
		return 1;
	}
	depth++;
	if (cut)
		fdbg_words_put_str(buf, FDBG_TEXT("value"));
	switch (value->kind) {
	case FDBG_VALUE_OPAQUE:
		if (value->opaque.optimized_out) {
			fdbg_words_put_int(buf, 0);
			fdbg_words_put_str(buf, FDBG_TEXT("<optimized out>"));
			put_op(buf, "struct");
		} else {
			put_op(buf, "opaque");
		}
		break;
	case FDBG_VALUE_UNIT:
		put_op(buf, "unit");
		break;
	case FDBG_VALUE_PRIM:
		put_prim(buf, value->prim.prim, value->prim.bytes);
		break;
	case FDBG_VALUE_BYTES:
		fdbg_words_put_str(buf, value->bytes.type);
		fdbg_words_put_bytes(buf, value->bytes.data, (uint32_t)value->bytes.len);
		put_op(buf, "bytes");
		break;
	case FDBG_VALUE_STR:
		fdbg_words_put_bytes(buf, value->str.data, (uint32_t)value->str.len);
		put_op(buf, "strlit");
		break;
	case FDBG_VALUE_ARRAY:
		for (size_t i = 0; i < value->array.n_items; i++) {
			height = put_value(encoder, &value->array.items[i], depth);
			below = height > below ? height : below;
			fdbg_buf_byte(buf, ' ');
		}
		fdbg_words_put_int(buf, value->array.n_items);
		put_op(buf, arrays[value->array.kind]);
		break;
	case FDBG_VALUE_REF:
		below = put_ref(encoder, value, depth);
		break;
	case FDBG_VALUE_STRUCT:
		below = put_fields(encoder, value->record.fields, value->record.n_fields, depth);
		fdbg_words_put_str(buf, value->record.type);
		put_op(buf, "struct");
		break;
	case FDBG_VALUE_ENUM:
		fdbg_words_put_str(buf, value->enumeration.type);
		fdbg_words_put_str(buf, value->enumeration.variant);
		put_op(buf, "enum");
		break;
	case FDBG_VALUE_VARIANT:
		below = put_fields(encoder, value->variant.fields, value->variant.n_fields, depth);
		fdbg_words_put_int(buf, value->variant.index);
		fdbg_words_put_str(buf, value->variant.type);
		for (size_t i = 0; i < value->variant.n_variants; i++)
			fdbg_words_put_str(buf, value->variant.variants[i]);
		fdbg_words_put_int(buf, value->variant.n_variants);
		put_op(buf, "union_decl");
		break;
	}
	if (cut) {
		uint8_t total[16] = { 0 };

		for (size_t i = 0; i < 8; i++)
			total[i] = (uint8_t)(value->total >> 8 * i);
		fdbg_buf_byte(buf, ' ');
		fdbg_words_put_str(buf, FDBG_TEXT("len"));
		put_prim(buf, FDBG_PRIM_USIZE, total);
		fdbg_buf_byte(buf, ' ');
		fdbg_words_put_int(buf, 2);
		fdbg_words_put_str(buf, FDBG_TEXT("…"));
		put_op(buf, "struct");
	}
	return below + 1;
}

static void put_environment(struct fdbg_value_encoder *encoder, const struct fdbg_value *value,
			    unsigned depth);

/*
 * Writes the entry of a target that has `depth` levels above it, behind the entries that the target needs
 * itself.
 */
static void put_entry(struct fdbg_value_encoder *encoder, uint64_t address, const struct fdbg_value *value,
		      unsigned depth)
{
	size_t n_done, index = find_target(encoder, address, value, &n_done);
	unsigned height;
	uint64_t first;

	if (depth + 1 >= FDBG_VALUE_DEPTH_MAX)
		return; /* its references get no target */
	if (index != NONE) {
		/* Maybe an equal one: the reference is to find it by its own pointer from now on. */
		encoder->failed |= !fdbg_map_set(&encoder->by_value, (uintptr_t)value, index);
		return;
	}
	if (n_done > N_ALIASES)
		return; /* no alias is left: its references become opaque */
	if (encoder->n_targets == encoder->cap_targets) {
		size_t cap = encoder->cap_targets ? encoder->cap_targets * 2 : 64;
		struct target *targets = realloc(encoder->targets, cap * sizeof(*targets));

		if (!targets) {
			encoder->failed = true;
			return;
		}
		encoder->targets = targets;
		encoder->cap_targets = cap;
	}
	index = encoder->n_targets++;
	encoder->targets[index] = (struct target){ .address = address, .value = value, .next = NONE };
	if (fdbg_map_get(&encoder->by_address, address, &first))
		encoder->targets[index].next = (size_t)first;
	encoder->failed |= !fdbg_map_set(&encoder->by_address, address, index) ||
			   !fdbg_map_set(&encoder->by_value, (uintptr_t)value, index);
	if (encoder->failed)
		return;
	put_environment(encoder, value, depth);

	/* The target may itself have led to others with this address, which are written by now. */
	n_done = 0;
	fdbg_map_get(&encoder->by_address, address, &first);
	for (size_t i = first; i != NONE; i = encoder->targets[i].next)
		n_done += encoder->targets[i].done;
	if (n_done > N_ALIASES)
		return;
	encoder->targets[index].out = n_done ? alias(address, n_done - 1) : address;
	put_address(encoder->buf, encoder->targets[index].out);
	/* As deep as it lies here, so that this path to it is never too deep as a whole. */
	height = put_value(encoder, value, depth);
	put_op(encoder->buf, " setenv ");
	encoder->targets[index].height = height;
	encoder->targets[index].done = true;
	encoder->failed |= !fdbg_map_set(&encoder->present, encoder->targets[index].out, 1);
}

static void put_environment(struct fdbg_value_encoder *encoder, const struct fdbg_value *value,
			    unsigned depth)
{
	const struct fdbg_field *fields = NULL;
	size_t n_fields = 0;

	if (depth >= FDBG_VALUE_DEPTH_MAX || encoder->failed)
		return;
	depth++;
	switch (value->kind) {
	case FDBG_VALUE_REF:
		if (value->ref.target)
			put_entry(encoder, value->ref.address, value->ref.target, depth);
		break;
	case FDBG_VALUE_ARRAY:
		for (size_t i = 0; i < value->array.n_items; i++)
			put_environment(encoder, &value->array.items[i], depth);
		break;
	case FDBG_VALUE_STRUCT:
		fields = value->record.fields;
		n_fields = value->record.n_fields;
		break;
	case FDBG_VALUE_VARIANT:
		fields = value->variant.fields;
		n_fields = value->variant.n_fields;
		break;
	case FDBG_VALUE_OPAQUE:
	case FDBG_VALUE_UNIT:
	case FDBG_VALUE_PRIM:
	case FDBG_VALUE_BYTES:
	case FDBG_VALUE_STR:
	case FDBG_VALUE_ENUM:
		break;
	}
	for (size_t i = 0; i < n_fields; i++)
		put_environment(encoder, &fields[i].value, depth);
}

struct fdbg_error *fdbg_value_encode_named(struct fdbg_value_encoder *encoder, struct fdbg_buf *buf,
					   struct fdbg_text name, const struct fdbg_value *value)
{
	encoder->buf = buf;
	encoder->failed = false;
	encoder->n_targets = 0;
	clear_map(&encoder->by_value);
	clear_map(&encoder->by_address);
	fdbg_words_put_str(buf, name);
	put_op(buf, "name ");
	put_environment(encoder, value, 0);
	put_value(encoder, value, 0);
	fdbg_buf_byte(buf, ' ');
	return encoder->failed ? &fdbg_error_nomem : fdbg_buf_error(buf);
}
