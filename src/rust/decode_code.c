/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Code as values: function pointers, and the states of coroutines (std-types.md, sections 2 and 5). */
#include <string.h>

#include "rust/decode_internal.h"
#include "rust/names.h"

/*
 * A function item looks like a function pointer in the debug information but has no bytes: what is read there is
 * something else. So an address counts only when a function begins there; functions of other languages may be
 * anywhere. The target of the pointer is the function's name.
 */
void fdbg_decode_code(struct fdbg_decoder *decoder, const struct fdbg_desc *desc, uint64_t address,
		    struct fdbg_value *to)
{
	uint64_t link = address - decoder->bias;
	struct fdbg_value *name = NULL;
	struct fdbg_symbol symbol;
	struct fdbg_text text;

	if (!address) {
		*to = fdbg_value_opaque("function pointer that is null");
		return;
	}
	if (!decoder->debuginfo) {
		name = NULL;
	} else if (!fdbg_debuginfo_in_image(decoder->debuginfo, link)) {
		if (address >= FDBG_MAX_ADDRESS ||
		    !memmem(desc->type->name.data, desc->type->name.len, "extern \"", strlen("extern \""))) {
			*to = fdbg_value_opaque("pointer to no function (a function item has no bytes)");
			return;
		}
	} else if (fdbg_debuginfo_symbol_at(decoder->debuginfo, link, &symbol) && symbol.address == link) {
		name = fdbg_decode_nodes(decoder, 1);
		if (name && !fdbg_rust_demangle(symbol.name, decoder->arena, &text))
			text = symbol.name;
		if (name)
			*name = (struct fdbg_value){ .kind = FDBG_VALUE_STR, .str = text };
	} else if (fdbg_debuginfo_has_symbols(decoder->debuginfo)) {
		*to = fdbg_value_opaque("pointer to no function (a function item has no bytes)");
		return;
	}
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_REF,
		.ref = { .kind = FDBG_REF_PTR, .address = address, .target = name },
	};
}

static const struct fdbg_type *state_named(const struct fdbg_desc *desc, const char *name)
{
	for (size_t i = 0; i < desc->n_variants; i++)
		if (fdbg_text_is(desc->variant_names[i], name))
			return fdbg_type_of(&desc->type->variants[i].type);
	return NULL;
}

static bool has_member(const struct fdbg_type *type, const struct fdbg_desc_field *field)
{
	for (size_t i = 0; i < type->n_members; i++)
		if (type->members[i].offset == field->offset && fdbg_text_equal(type->members[i].name, field->name))
			return true;
	return false;
}

/* True when one of the first n fields is the same variable: the compiler may list one twice. */
static bool is_listed(const struct fdbg_desc_field *fields, size_t n, const struct fdbg_desc_field *field)
{
	for (size_t i = 0; i < n; i++)
		if (fields[i].offset == field->offset && fdbg_text_equal(fields[i].name, field->name))
			return true;
	return false;
}

/*
 * Every state may list what the coroutine was made with, also when that is gone: after the end all of it is; an
 * async function moves its arguments into variables of the same names before anything else, and only those are
 * alive then. What a block or closure captured stays where it is.
 */
void fdbg_describe_state(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			 struct fdbg_desc_variant *variant)
{
	struct fdbg_text name = desc->variant_names[variant - desc->variants];
	const struct fdbg_type *first = state_named(desc, "Unresumed");
	bool function = memmem(desc->type->name.data, desc->type->name.len, "{async_fn_env#",
			       strlen("{async_fn_env#"));
	size_t kept = 0;

	(void)decoder;
	if (fdbg_text_is(name, "Returned") || fdbg_text_is(name, "Panicked")) {
		variant->n_fields = 0;
		return;
	}
	if (!first || fdbg_text_is(name, "Unresumed"))
		return;
	for (size_t i = 0; i < variant->n_fields; i++) {
		const struct fdbg_desc_field *field = &variant->fields[i];

		if (!is_listed(variant->fields, kept, field) && !(function && has_member(first, field)))
			variant->fields[kept++] = *field;
	}
	variant->n_fields = kept;
}
