/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values that a Once guards (OnceLock, LazyLock), and handles of which nothing is shown (std-types.md, section 8). */
#include "rust/decode_internal.h"
#include "rust/names.h"

/* From this version on it is known that the state 0 is the complete one; before, 3 was. */
#define MINOR_COMPLETE_IS_ZERO 95
#define STATE_MASK 3

struct once {
	uint64_t state;             /* offset of the state's 4 bytes */
	uint64_t value;             /* offset of the value, if there is one */
	struct fdbg_desc_ref content;
	struct fdbg_text option;    /* Option<T> */
	bool complete_is_zero;
};

enum completeness { INCOMPLETE, COMPLETE, UNCERTAIN };

/* 1 and 2, a run that goes on or that failed, are so in every version that has this state. */
static enum completeness completeness_of(const struct once *once, const uint8_t *bytes)
{
	uint64_t state = fdbg_word_at(bytes + once->state, 4) & STATE_MASK;

	if (state == 1 || state == 2)
		return INCOMPLETE;
	if (!once->complete_is_zero)
		return UNCERTAIN;
	return state ? INCOMPLETE : COMPLETE;
}

/* A struct with the field `value`: Some of the content, or None. */
static void decode_once(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			const struct fdbg_object *object, struct fdbg_value *to)
{
	static const struct fdbg_text variants[] = {
		{ "None", 4 },
		{ "Some", 4 },
	};
	struct once *once = desc->extra;
	const struct fdbg_desc *content = fdbg_describe_ref(decoder, &once->content);
	struct fdbg_field *field = fdbg_decode_fields(decoder, 1), *payload = fdbg_decode_fields(decoder, 1);
	enum completeness complete = completeness_of(once, object->bytes);

	if (!content || !field || !payload) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	field->name = FDBG_TEXT("value");
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = desc->name, .fields = field, .n_fields = 1 },
	};
	if (complete == UNCERTAIN) {
		field->value = fdbg_value_opaque("Once whose states are not known for this compiler");
		return;
	}
	field->value = (struct fdbg_value){
		.kind = FDBG_VALUE_VARIANT,
		.variant = { .type = once->option, .variants = variants, .n_variants = 2,
			     .index = complete == COMPLETE, .fields = payload, .n_fields = complete == COMPLETE },
	};
	if (complete != COMPLETE)
		return;
	payload->name = FDBG_TEXT("0");
	fdbg_decode_part(decoder, content, object, once->value, &payload->value);
}

static bool describe_once_at(struct fdbg_decoder *decoder, struct fdbg_desc *desc, const char *path)
{
	const struct fdbg_type *state, *value, *content = fdbg_type_param(desc->type, "T");
	const struct fdbg_unit *unit = decoder->debuginfo ? fdbg_debuginfo_main_unit(decoder->debuginfo) : NULL;
	struct once *once = fdbg_arena_new(&decoder->descs, struct once);
	struct fdbg_text name;

	if (!once || !content || !fdbg_type_path(desc->type, "once.inner.state_and_queued.*", &state, &once->state) ||
	    state->kind != FDBG_TYPE_BASE || state->size != 4 || desc->type->size < 4 || once->state > desc->type->size - 4 ||
	    !fdbg_type_path(desc->type, path, &value, &once->value) || value->size != content->size ||
	    once->value > desc->type->size || content->size > desc->type->size - once->value)
		return false;
	once->complete_is_zero = unit && unit->rustc_minor >= MINOR_COMPLETE_IS_ZERO;
	once->content.type = content;
	name = fdbg_rust_type_name(content, &decoder->descs);
	once->option = fdbg_text_from(fdbg_arena_printf(&decoder->descs, "core::option::Option<%.*s>", (int)name.len,
							name.data));
	desc->extra = once;
	desc->decode = decode_once;
	return true;
}

/* The content is a MaybeUninit. */
bool fdbg_describe_once_lock(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	return describe_once_at(decoder, desc, "value.value");
}

/* The content shares its place with the function that makes it. */
bool fdbg_describe_lazy_lock(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	return describe_once_at(decoder, desc, "data.value.value");
}

/*
 * Ends of channels, the standard streams: what is inside is not the user's, belongs to other threads too, and can be
 * large. A struct without fields.
 */
bool fdbg_describe_handle(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	(void)decoder;
	if (!fdbg_type_member(desc->type, "inner"))
		return false;
	desc->decode = fdbg_decode_record;
	return true;
}
