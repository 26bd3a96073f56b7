/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a value is apart from where and when it is. */
#include "value/digest.h"

#include <stdlib.h>
#include <xxhash.h>

#include "value/render.h"
#include "value/shape.h"

struct digest {
	struct fdbg_buf *buf;
	size_t start;
	unsigned int depth;
	size_t n_nodes_left;
};

static void put(struct digest *digest, const struct fdbg_value *value);

static void put_number(struct digest *digest, uint64_t number)
{
	fdbg_buf_append(digest->buf, &number, sizeof(number));
}

/* The length goes before, so that no two lists of texts run into the same bytes. */
static void put_bytes(struct digest *digest, const void *data, size_t len)
{
	put_number(digest, len);
	fdbg_buf_append(digest->buf, data, len);
}

static void put_text(struct digest *digest, struct fdbg_text text)
{
	put_bytes(digest, text.data, text.len);
}

/* Types whose content is when, by whom, or how far another thread is. A name ends where its arguments begin. */
static bool is_of_the_moment(struct fdbg_text type)
{
	static const char *const types[] = {
		"std::time::Instant", "std::time::SystemTime",
		"std::thread::ThreadId", "std::thread::id::ThreadId",
		"std::thread::JoinHandle", "std::thread::join_handle::JoinHandle",
		"std::thread::scoped::ScopedJoinHandle",
		"std::sync::mpsc::Sender", "std::sync::mpsc::SyncSender", "std::sync::mpsc::Receiver",
	};
	const char *bracket = type.len ? memchr(type.data, '<', type.len) : NULL;

	if (bracket)
		type.len = (size_t)(bracket - type.data);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (fdbg_text_is(type, types[i]))
			return true;
	}
	/* The operating system's thread. */
	return fdbg_text_starts(type, "std::sys::") && fdbg_text_ends(type, "::thread::Thread");
}

static bool is_hash(struct fdbg_text type)
{
	return fdbg_text_starts(type, "std::collections::hash::map::HashMap<") ||
	       fdbg_text_starts(type, "std::collections::hash::set::HashSet<");
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The items in an order of their own: that of their hashes. */
static void put_unordered(struct digest *digest, const struct fdbg_value *items, size_t n_items)
{
	uint64_t *hashes = malloc(n_items * sizeof(*hashes) + 1);
	size_t start = digest->buf->len;

	if (!hashes) {
		digest->buf->failed = true;
		return;
	}
	for (size_t i = 0; i < n_items && !digest->buf->failed; i++) {
		put(digest, &items[i]);
		hashes[i] = XXH3_64bits(digest->buf->data + start, digest->buf->len - start);
		digest->buf->len = start;
	}
	if (!digest->buf->failed) {
		qsort(hashes, n_items, sizeof(*hashes), compare);
		put_bytes(digest, hashes, n_items * sizeof(*hashes));
	}
	free(hashes);
}

/* The counts of an Arc depend on how far the other threads are that share it. */
static bool is_shared_count(const struct fdbg_value *record, const struct fdbg_field *field)
{
	return fdbg_text_starts(record->record.type, "alloc::sync::ArcInner<") &&
	       (fdbg_text_is(field->name, "strong") || fdbg_text_is(field->name, "weak"));
}

static void put_struct(struct digest *digest, const struct fdbg_value *value)
{
	bool unordered = is_hash(value->record.type);

	put_text(digest, value->record.type);
	if (is_of_the_moment(value->record.type))
		return;
	put_number(digest, value->record.n_fields);
	for (size_t i = 0; i < value->record.n_fields && !fdbg_render_is_full(digest->buf, digest->start); i++) {
		const struct fdbg_field *field = &value->record.fields[i];

		put_text(digest, field->name);
		if (is_shared_count(value, field))
			continue;
		if (unordered && field->value.kind == FDBG_VALUE_ARRAY && !field->value.cut)
			put_unordered(digest, field->value.array.items, field->value.array.n_items);
		else
			put(digest, &field->value);
	}
}

static void put_fields(struct digest *digest, const struct fdbg_field *fields, size_t n_fields)
{
	put_number(digest, n_fields);
	for (size_t i = 0; i < n_fields && !fdbg_render_is_full(digest->buf, digest->start); i++) {
		put_text(digest, fields[i].name);
		put(digest, &fields[i].value);
	}
}

static void put_whole(struct digest *digest, const struct fdbg_value *value)
{
	switch (value->kind) {
	case FDBG_VALUE_OPAQUE:
		fdbg_buf_byte(digest->buf, value->opaque.optimized_out);
		break;
	case FDBG_VALUE_UNIT:
		break;
	case FDBG_VALUE_PRIM:
		fdbg_buf_byte(digest->buf, (uint8_t)value->prim.prim);
		fdbg_buf_append(digest->buf, value->prim.bytes, fdbg_prim_size(value->prim.prim));
		break;
	case FDBG_VALUE_BYTES:
		put_text(digest, value->bytes.type);
		put_bytes(digest, value->bytes.data, value->bytes.len);
		break;
	case FDBG_VALUE_STR:
		put_text(digest, value->str);
		break;
	case FDBG_VALUE_ARRAY:
		fdbg_buf_byte(digest->buf, (uint8_t)value->array.kind);
		put_number(digest, value->array.n_items);
		for (size_t i = 0; i < value->array.n_items; i++)
			put(digest, &value->array.items[i]);
		break;
	case FDBG_VALUE_REF:
		fdbg_buf_byte(digest->buf, (uint8_t)value->ref.kind);
		/* Null or not is more than an address. */
		fdbg_buf_byte(digest->buf, value->ref.target ? 2 : value->ref.address != 0);
		if (value->ref.target)
			put(digest, value->ref.target);
		break;
	case FDBG_VALUE_STRUCT:
		put_struct(digest, value);
		break;
	case FDBG_VALUE_ENUM:
		put_text(digest, value->enumeration.type);
		put_text(digest, value->enumeration.variant);
		break;
	case FDBG_VALUE_VARIANT:
		put_text(digest, value->variant.type);
		put_number(digest, value->variant.index);
		put_fields(digest, value->variant.fields, value->variant.n_fields);
		break;
	}
}

static void put(struct digest *digest, const struct fdbg_value *value)
{
	if (digest->depth >= FDBG_RENDER_MAX_DEPTH || !digest->n_nodes_left || fdbg_render_is_full(digest->buf, digest->start))
		return;
	digest->n_nodes_left--;
	digest->depth++;
	fdbg_buf_byte(digest->buf, (uint8_t)value->kind);
	if (value->cut)
		put_number(digest, value->total);
	put_whole(digest, value);
	digest->depth--;
}

void fdbg_value_digest(struct fdbg_buf *buf, const struct fdbg_value *value)
{
	struct digest digest = { .buf = buf, .start = buf->len, .n_nodes_left = FDBG_RENDER_MAX_NODES };

	put(&digest, value);
}
