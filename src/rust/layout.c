/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Layout classes from debug information (rust-abi.md, section 1). */
#include "rust/layout.h"

/* Types nest by value as deep as their source does; deeper is a circle in broken debug information. */
#define MAX_DEPTH 100

struct classifier {
	const struct fdbg_layout_rules *rules;
	unsigned depth;
};

static struct fdbg_layout classify(struct classifier *c, const struct fdbg_type *type);

static const struct fdbg_layout MEMORY = { .kind = FDBG_LAYOUT_MEMORY };
static const struct fdbg_layout BROKEN = { .kind = FDBG_LAYOUT_BROKEN };
static const struct fdbg_layout ZST = { .kind = FDBG_LAYOUT_ZST };

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return align > 1 ? (value + align - 1) / align * align : value;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t scalar_align(const struct classifier *c, const struct fdbg_scalar *scalar)
{
	return scalar->size == 16 && !c->rules->int128_align16 ? 8 : scalar->size;
}

/* DWARF states the alignment of structs, unions and enums, not that of the rest (std-types.md, rule R7). */
static uint64_t type_align(const struct classifier *c, const struct fdbg_type *type)
{
	for (unsigned depth = 0; type->kind == FDBG_TYPE_ARRAY && depth < MAX_DEPTH; depth++)
		type = fdbg_type_of((struct fdbg_type_ref *)&type->target);
	if (type->align_known)
		return type->align;
	if (type->kind == FDBG_TYPE_BASE && type->size == 16)
		return c->rules->int128_align16 ? 16 : 8;
	return type->align ? type->align : 1;
}

static struct fdbg_layout scalar(enum fdbg_scalar_kind kind, bool is_signed, uint64_t size)
{
	return (struct fdbg_layout){ .kind = FDBG_LAYOUT_SCALAR, .a = { kind, is_signed, size } };
}

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static struct fdbg_layout classify_base(const struct fdbg_type *type)
{
	if (!is_power_of_two(type->size) || type->size > 16)
		return BROKEN;
	switch (type->encoding) {
	case FDBG_ENCODING_FLOAT:
		return scalar(FDBG_SCALAR_FLOAT, false, type->size);
	case FDBG_ENCODING_BOOL:
		return scalar(FDBG_SCALAR_BOOL, false, type->size);
	case FDBG_ENCODING_SIGNED:
		return scalar(FDBG_SCALAR_INT, true, type->size);
	case FDBG_ENCODING_UNSIGNED:
	case FDBG_ENCODING_CHAR:
		return scalar(FDBG_SCALAR_INT, false, type->size);
	case FDBG_ENCODING_NONE:
		break;
	}
	return BROKEN;
}

static struct fdbg_layout classify_c_like(const struct fdbg_type *type)
{
	const struct fdbg_type *integer = fdbg_type_of((struct fdbg_type_ref *)&type->target);
	bool is_signed = integer->encoding == FDBG_ENCODING_SIGNED, zero = false, one = false, other = false;

	if (!is_power_of_two(type->size) || type->size > 16)
		return BROKEN;
	for (size_t i = 0; i < type->n_enumerators; i++) {
		uint64_t value = type->enumerators[i].value;

		zero |= value == 0;
		one |= value == 1;
		other |= value > 1;
	}
	if (type->size == 1 && !is_signed && zero && one && !other)
		return scalar(FDBG_SCALAR_BOOL, false, 1);
	return scalar(FDBG_SCALAR_INT, is_signed, type->size);
}

/* True when a at 0 and b at offset make up an object of this size and alignment. */
static bool pair_fits(const struct classifier *c, const struct fdbg_scalar *a, const struct fdbg_scalar *b,
		      uint64_t offset, uint64_t size, uint64_t align)
{
	uint64_t align_a = scalar_align(c, a), align_b = scalar_align(c, b);

	return offset == align_up(a->size, align_b) && align == larger(align_a, align_b) &&
	       size == align_up(offset + b->size, align);
}

/* One scalar field, or two, in an object of this size and alignment (section 1.2). */
static struct fdbg_layout shape(struct classifier *c, const struct fdbg_member *members, size_t n_members,
				uint64_t size, uint64_t align)
{
	const struct fdbg_member *fields[2];
	struct fdbg_layout first, second;
	size_t n = 0;

	for (size_t i = 0; i < n_members; i++) {
		const struct fdbg_type *type = fdbg_type_of((struct fdbg_type_ref *)&members[i].type);

		if (!type->size)
			continue;
		if (n == 2)
			return MEMORY;
		fields[n++] = &members[i];
	}
	if (!n)
		return size ? MEMORY : ZST;
	if (n == 2 && fields[1]->offset < fields[0]->offset) {
		const struct fdbg_member *swap = fields[0];

		fields[0] = fields[1];
		fields[1] = swap;
	}
	first = classify(c, fdbg_type_of((struct fdbg_type_ref *)&fields[0]->type));
	if (first.kind == FDBG_LAYOUT_BROKEN || fields[0]->offset)
		return first.kind == FDBG_LAYOUT_BROKEN ? BROKEN : MEMORY;
	if (n == 1) {
		const struct fdbg_type *type = fdbg_type_of((struct fdbg_type_ref *)&fields[0]->type);

		return type->size == size && type_align(c, type) == align ? first : MEMORY;
	}
	second = classify(c, fdbg_type_of((struct fdbg_type_ref *)&fields[1]->type));
	if (second.kind == FDBG_LAYOUT_BROKEN)
		return BROKEN;
	if (first.kind != FDBG_LAYOUT_SCALAR || second.kind != FDBG_LAYOUT_SCALAR ||
	    !pair_fits(c, &first.a, &second.a, fields[1]->offset, size, align))
		return MEMORY;
	return (struct fdbg_layout){
		.kind = FDBG_LAYOUT_PAIR, .a = first.a, .b = second.a, .b_offset = fields[1]->offset,
	};
}

struct fdbg_text fdbg_last_name(struct fdbg_text name)
{
	size_t start = 0;
	int depth = 0;

	for (size_t i = 0; i + 1 < name.len; i++) {
		char ch = name.data[i];

		depth += ch == '<' || ch == '(' || ch == '[' || ch == '{';
		depth -=
			(ch == '>' && !(i && name.data[i - 1] == '-')) || ch == ')' || ch == ']' || ch == '}';
		if (!depth && ch == ':' && name.data[i + 1] == ':')
			start = i + 2;
	}
	return (struct fdbg_text){ name.data ? name.data + start : NULL, name.len - start };
}

bool fdbg_type_is_coroutine(const struct fdbg_type *type)
{
	static const char *const starts[] = {
		"{async_fn_env#",     "{async_block_env#",     "{async_closure_env#",
		"{gen_fn_env#",       "{gen_block_env#",       "{gen_closure_env#",
		"{async_gen_fn_env#", "{async_gen_block_env#", "{async_gen_closure_env#",
		"{coroutine_env#",    "{generator_env#",
	};
	struct fdbg_text last;

	/* Every type that has a name is asked: look for the brace first. */
	if (!type->name.len || !memchr(type->name.data, '{', type->name.len))
		return false;
	last = fdbg_last_name(type->name);
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (fdbg_text_starts(last, starts[i]))
			return true;
	return false;
}

/* intNxM_t, uintNxM_t, floatNxM_t, polyNxM_t. */
static bool is_neon_name(struct fdbg_text name)
{
	static const char *const starts[] = { "int", "uint", "float", "poly", "bfloat" };

	if (!fdbg_text_ends(name, "_t") || !memchr(name.data, 'x', name.len))
		return false;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		size_t len = strlen(starts[i]);

		if (fdbg_text_starts(name, starts[i]) && name.len > len && name.data[len] >= '1' &&
		    name.data[len] <= '9')
			return true;
	}
	return false;
}

static bool is_simd(const struct fdbg_type *type)
{
	struct fdbg_text last;

	if (!type->name.len)
		return false;
	if (memmem(type->name.data, type->name.len, "core_simd::", 11))
		return fdbg_text_starts(fdbg_last_name(type->name), "Simd<");
	if (!memmem(type->name.data, type->name.len, "core_arch::", 11))
		return false;
	last = fdbg_last_name(type->name);
	return fdbg_text_starts(last, "__m128") || fdbg_text_starts(last, "__m256") ||
	       fdbg_text_starts(last, "__m512") || is_neon_name(last);
}

static bool same_scalar(const struct fdbg_scalar *a, const struct fdbg_scalar *b)
{
	bool int_a = a->kind == FDBG_SCALAR_INT || a->kind == FDBG_SCALAR_BOOL;
	bool int_b = b->kind == FDBG_SCALAR_INT || b->kind == FDBG_SCALAR_BOOL;

	if (a->size != b->size)
		return false;
	return int_a || int_b ? int_a && int_b && a->is_signed == b->is_signed : a->kind == b->kind;
}

static void widen_bool(struct fdbg_scalar *s)
{
	if (s->kind == FDBG_SCALAR_BOOL)
		s->kind = FDBG_SCALAR_INT;
}

/* Section 1.3. */
static struct fdbg_layout classify_union(struct classifier *c, const struct fdbg_type *type)
{
	struct fdbg_layout common = ZST;
	uint64_t align = 1;

	for (size_t i = 0; i < type->n_members; i++) {
		const struct fdbg_type *field = fdbg_type_of(&type->members[i].type);
		struct fdbg_layout layout;

		if (!field->size)
			continue;
		layout = classify(c, field);
		if (layout.kind == FDBG_LAYOUT_BROKEN)
			return BROKEN;
		if (layout.kind == FDBG_LAYOUT_MEMORY || type->members[i].offset)
			return MEMORY;
		if (common.kind != FDBG_LAYOUT_ZST &&
		    (common.kind != layout.kind || !same_scalar(&common.a, &layout.a) ||
		     (common.kind == FDBG_LAYOUT_PAIR &&
		      (!same_scalar(&common.b, &layout.b) || common.b_offset != layout.b_offset))))
			return MEMORY;
		common = layout;
		align = larger(align, type_align(c, field));
	}
	if (common.kind == FDBG_LAYOUT_ZST || align != type_align(c, type))
		return MEMORY;
	widen_bool(&common.a);
	widen_bool(&common.b);
	return common;
}

bool fdbg_type_uninhabited(const struct fdbg_type *type)
{
	const struct fdbg_type *stack[MAX_DEPTH];
	size_t n = 1, steps = 0;

	/* A worklist, not recursion: structs are wide more often than deep. */
	stack[0] = type;
	while (n && steps++ < 10000) {
		type = stack[--n];
		if (type->kind == FDBG_TYPE_BASE && fdbg_text_is(type->name, "!"))
			return true;
		if (type->kind == FDBG_TYPE_VARIANTS && !type->n_variants && !fdbg_type_is_coroutine(type))
			return true;
		if (type->kind == FDBG_TYPE_ARRAY && type->has_count && type->count)
			stack[n++] = fdbg_type_of((struct fdbg_type_ref *)&type->target);
		if (type->kind != FDBG_TYPE_STRUCT)
			continue;
		for (size_t i = 0; i < type->n_members && n < MAX_DEPTH; i++) {
			const struct fdbg_type *field = fdbg_type_of(&type->members[i].type);

			if (field->kind == FDBG_TYPE_STRUCT || field->kind == FDBG_TYPE_VARIANTS ||
			    field->kind == FDBG_TYPE_ARRAY || (field->kind == FDBG_TYPE_BASE && !field->size))
				stack[n++] = field;
		}
	}
	return false;
}

static bool has_bytes(const struct fdbg_type *payload)
{
	for (size_t i = 0; i < payload->n_members; i++)
		if (fdbg_type_of(&payload->members[i].type)->size)
			return true;
	return false;
}

static struct fdbg_layout classify_niche(struct classifier *c, const struct fdbg_type *type,
					 const struct fdbg_variant *dataful)
{
	const struct fdbg_type *payload = fdbg_type_of((struct fdbg_type_ref *)&dataful->type);
	struct fdbg_layout layout;

	for (size_t i = 0; i < type->n_variants; i++)
		if (&type->variants[i] != dataful && has_bytes(fdbg_type_of(&type->variants[i].type)))
			return MEMORY;
	layout = shape(c, payload->members, payload->n_members, type->size, type_align(c, type));
	if (layout.kind != FDBG_LAYOUT_SCALAR && layout.kind != FDBG_LAYOUT_PAIR)
		return layout.kind == FDBG_LAYOUT_BROKEN ? BROKEN : MEMORY;
	widen_bool(&layout.a);
	widen_bool(&layout.b);
	return layout;
}

/*
 * Joins the primitive of another variant's payload to *b; false when they do not go together (section 1.4).
 */
static bool join_payload(const struct classifier *c, struct fdbg_scalar *b, struct fdbg_scalar other)
{
	widen_bool(&other);
	if (same_scalar(b, &other))
		return true;
	if (!c->rules->mixed_payloads || b->size != other.size || b->kind == FDBG_SCALAR_FLOAT ||
	    other.kind == FDBG_SCALAR_FLOAT)
		return false;
	if (other.kind == FDBG_SCALAR_PTR)
		b->kind = FDBG_SCALAR_PTR;
	return true;
}

static struct fdbg_layout classify_tagged(struct classifier *c, const struct fdbg_type *type)
{
	const struct fdbg_type *tag_type = fdbg_type_of((struct fdbg_type_ref *)&type->discriminant.type);
	struct fdbg_scalar tag = {
		FDBG_SCALAR_INT, tag_type->encoding == FDBG_ENCODING_SIGNED, tag_type->size,
	}, b = { 0 };
	bool zero = false, one = false, other = false, any = false;
	uint64_t b_offset = 0;

	if (!is_power_of_two(tag.size) || tag.size > 16)
		return BROKEN;
	for (size_t i = 0; i < type->n_variants; i++) {
		uint64_t value = type->variants[i].value_low;

		zero |= value == 0;
		one |= value == 1;
		other |= value > 1;
	}
	if (tag.size == 1 && !tag.is_signed && zero && one && !other)
		tag.kind = FDBG_SCALAR_BOOL;
	if (tag.size == type->size)
		return (struct fdbg_layout){ .kind = FDBG_LAYOUT_SCALAR, .a = tag };
	if (type->discriminant.offset)
		return MEMORY;
	for (size_t i = 0; i < type->n_variants; i++) {
		const struct fdbg_type *payload = fdbg_type_of(&type->variants[i].type);
		size_t n = 0;

		for (size_t j = 0; j < payload->n_members; j++) {
			const struct fdbg_type *field = fdbg_type_of(&payload->members[j].type);
			struct fdbg_layout layout;

			if (!field->size)
				continue;
			layout = classify(c, field);
			if (layout.kind == FDBG_LAYOUT_BROKEN)
				return BROKEN;
			if (n++ || layout.kind != FDBG_LAYOUT_SCALAR)
				return MEMORY;
			if (!any) {
				b = layout.a;
				widen_bool(&b);
				b_offset = payload->members[j].offset;
				any = true;
			} else if (payload->members[j].offset != b_offset || !join_payload(c, &b, layout.a)) {
				return MEMORY;
			}
		}
	}
	if (!any || !pair_fits(c, &tag, &b, b_offset, type->size, type_align(c, type)))
		return MEMORY;
	return (struct fdbg_layout){ .kind = FDBG_LAYOUT_PAIR, .a = tag, .b = b, .b_offset = b_offset };
}

static struct fdbg_layout classify_variants(struct classifier *c, const struct fdbg_type *type)
{
	const struct fdbg_variant *chosen = NULL;

	/* A single variant has a tag only where repr(C) or repr(u8) and its like ask for one. */
	if (type->has_discriminant && (type->n_variants > 1 || (type->n_variants && type->variants[0].has_value))) {
		for (size_t i = 0; i < type->n_variants; i++)
			if (!type->variants[i].has_value)
				return classify_niche(c, type, &type->variants[i]);
		return classify_tagged(c, type);
	}
	for (size_t i = 0; i < type->n_variants; i++) {
		const struct fdbg_type *payload = fdbg_type_of(&type->variants[i].type);

		if (type->n_variants > 1 && fdbg_type_uninhabited(payload))
			continue;
		if (chosen)
			return BROKEN;
		chosen = &type->variants[i];
	}
	if (chosen) {
		const struct fdbg_type *payload = fdbg_type_of((struct fdbg_type_ref *)&chosen->type);

		return shape(c, payload->members, payload->n_members, type->size, type_align(c, type));
	}
	return MEMORY;
}

/* Structs and unions of the user (not of std, no tuples, no closures): what may be repr(C). */
static bool may_be_repr_c(const struct fdbg_type *type)
{
	return (type->kind == FDBG_TYPE_STRUCT || type->kind == FDBG_TYPE_UNION) && type->name.len && type->name.data[0] != '(' &&
	       type->name.data[0] != '&' && type->name.data[0] != '*' &&
	       !fdbg_text_starts(type->name, "core::") && !fdbg_text_starts(type->name, "alloc::") &&
	       !fdbg_text_starts(type->name, "std::") && !memchr(type->name.data, '{', type->name.len);
}

/* The standard library's atomics, in their old form and their new one, and the structs of the C library's binding. */
static bool is_known_repr_c(const struct fdbg_type *type)
{
	return type->kind == FDBG_TYPE_STRUCT && (fdbg_text_starts(type->name, "core::sync::atomic::Atomic") ||
						  fdbg_text_starts(type->name, "libc::"));
}

static size_t sized_fields(const struct fdbg_type *type)
{
	size_t n = 0;

	for (size_t i = 0; i < type->n_members; i++)
		n += fdbg_type_of(&type->members[i].type)->size > 0;
	return n;
}

static struct fdbg_layout classify_known(struct classifier *c, const struct fdbg_type *type)
{
	struct fdbg_layout layout;

	switch (type->kind) {
	case FDBG_TYPE_BASE:
		return classify_base(type);
	case FDBG_TYPE_POINTER:
		return scalar(FDBG_SCALAR_PTR, false, type->size);
	case FDBG_TYPE_ARRAY:
		return MEMORY;
	case FDBG_TYPE_ENUM:
		return classify_c_like(type);
	case FDBG_TYPE_UNION:
		return c->rules->pretend_repr_c && may_be_repr_c(type) ? MEMORY : classify_union(c, type);
	case FDBG_TYPE_STRUCT:
	case FDBG_TYPE_VARIANTS:
		if (is_simd(type))
			return (struct fdbg_layout){ .kind = FDBG_LAYOUT_VECTOR };
		if (fdbg_type_is_coroutine(type))
			return MEMORY;
		if (type->kind == FDBG_TYPE_VARIANTS)
			return classify_variants(c, type);
		layout = shape(c, type->members, type->n_members, type->size, type_align(c, type));
		if ((is_known_repr_c(type) || (c->rules->pretend_repr_c && may_be_repr_c(type))) && sized_fields(type) == 1 &&
		    (layout.kind == FDBG_LAYOUT_SCALAR || layout.kind == FDBG_LAYOUT_VECTOR))
			return MEMORY;
		if (c->rules->pretend_packed && may_be_repr_c(type) && layout.kind == FDBG_LAYOUT_PAIR && type->size == 2)
			return MEMORY;
		return layout;
	case FDBG_TYPE_FUNCTION:
	case FDBG_TYPE_UNKNOWN:
		break;
	}
	return BROKEN;
}

static struct fdbg_layout classify(struct classifier *c, const struct fdbg_type *type)
{
	struct fdbg_layout layout = BROKEN;

	if (type->kind == FDBG_TYPE_UNKNOWN)
		return BROKEN;
	if (!type->size)
		return ZST;
	if (c->depth++ < MAX_DEPTH)
		layout = classify_known(c, type);
	c->depth--;
	return layout;
}

void fdbg_layout_of(const struct fdbg_type *type, const struct fdbg_layout_rules *rules,
		    struct fdbg_layout *ret)
{
	struct classifier c = { .rules = rules };

	*ret = classify(&c, type);
}
