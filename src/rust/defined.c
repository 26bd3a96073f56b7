/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "rust/defined.h"

/* Types nest by value as deep as their source does; deeper is a circle in broken debug information. */
#define MAX_DEPTH 100

/* Bytes, from the start of the type that is looked at; low may be before it. */
struct stretch {
	int64_t low, high;
};

static bool sets(const struct fdbg_type *type, struct stretch bytes, int depth);

static bool member_sets(const struct fdbg_member *member, struct stretch bytes, int depth)
{
	struct fdbg_type_ref ref = member->type;
	int64_t offset = (int64_t)member->offset;

	return sets(fdbg_type_of(&ref), (struct stretch){ bytes.low - offset, bytes.high - offset }, depth + 1);
}

static bool any_sets(const struct fdbg_type *type, struct stretch bytes, int depth)
{
	for (size_t i = 0; i < type->n_members; i++)
		if (member_sets(&type->members[i], bytes, depth))
			return true;
	return false;
}

/* The tag is always there, what lies beside it only if all variants have something there. */
static bool variants_set(const struct fdbg_type *type, struct stretch bytes, int depth)
{
	if (any_sets(type, bytes, depth) || (type->has_discriminant && member_sets(&type->discriminant, bytes, depth)))
		return true;
	for (size_t i = 0; i < type->n_variants; i++) {
		struct fdbg_type_ref ref = type->variants[i].type;

		if (!sets(fdbg_type_of(&ref), bytes, depth + 1))
			return false;
	}
	return type->n_variants;
}

static bool sets(const struct fdbg_type *type, struct stretch bytes, int depth)
{
	struct fdbg_type_ref target = type->target;
	int64_t each;

	if (depth > MAX_DEPTH || !type->size || bytes.high <= 0 || bytes.low >= (int64_t)type->size)
		return false;
	switch (type->kind) {
	case FDBG_TYPE_BASE:
	case FDBG_TYPE_POINTER:
	case FDBG_TYPE_ENUM:
		return true;
	case FDBG_TYPE_ARRAY:
		each = type->count ? (int64_t)(type->size / type->count) : 0;
		for (int64_t i = each && bytes.low > 0 ? bytes.low / each : 0; each && i * each < bytes.high; i++)
			if (i < (int64_t)type->count && sets(fdbg_type_of(&target), (struct stretch){ bytes.low - i * each,
							      bytes.high - i * each }, depth + 1))
				return true;
		return false;
	case FDBG_TYPE_STRUCT:
		return any_sets(type, bytes, depth);
	case FDBG_TYPE_VARIANTS:
		return variants_set(type, bytes, depth);
	case FDBG_TYPE_UNION:
	case FDBG_TYPE_UNKNOWN:
	case FDBG_TYPE_FUNCTION:
		break;
	}
	return false;
}

bool fdbg_type_always_sets(const struct fdbg_type *type, uint64_t offset, uint64_t size)
{
	return size && offset < type->size && size <= type->size &&
	       sets(type, (struct stretch){ (int64_t)offset, (int64_t)(offset + size) }, 0);
}
