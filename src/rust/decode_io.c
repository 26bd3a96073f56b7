/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* std::io::Error: one word that is a code, a kind, or a tagged pointer (std-types.md, section 6.4). */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "rust/decode_internal.h"

struct io_error {
	uint64_t word;                 /* offset */
	struct fdbg_desc_ref kind;     /* ErrorKind; type NULL: not described */
	struct fdbg_desc message;      /* what tag 0 points to, as a struct of the error's type; type NULL: … */
	struct fdbg_desc custom;       /* what tag 1 points to */
};

/* The kind that the standard library gives an error code of Linux. */
static const char *kind_of_code(int32_t code)
{
	static const struct {
		int code;
		const char *kind;
	} kinds[] = {
		{ E2BIG, "ArgumentListTooLong" }, { EADDRINUSE, "AddrInUse" }, { EADDRNOTAVAIL, "AddrNotAvailable" },
		{ EBUSY, "ResourceBusy" }, { ECONNABORTED, "ConnectionAborted" },
		{ ECONNREFUSED, "ConnectionRefused" }, { ECONNRESET, "ConnectionReset" }, { EDEADLK, "Deadlock" },
		{ EDQUOT, "QuotaExceeded" }, { EEXIST, "AlreadyExists" }, { EFBIG, "FileTooLarge" },
		{ EHOSTUNREACH, "HostUnreachable" }, { EINTR, "Interrupted" }, { EINVAL, "InvalidInput" },
		{ EISDIR, "IsADirectory" }, { ELOOP, "FilesystemLoop" }, { ENOENT, "NotFound" },
		{ ENOMEM, "OutOfMemory" }, { ENOSPC, "StorageFull" }, { ENOSYS, "Unsupported" },
		{ EMLINK, "TooManyLinks" }, { ENAMETOOLONG, "InvalidFilename" }, { ENETDOWN, "NetworkDown" },
		{ ENETUNREACH, "NetworkUnreachable" }, { ENOTCONN, "NotConnected" }, { ENOTDIR, "NotADirectory" },
		{ ENOTEMPTY, "DirectoryNotEmpty" }, { EPIPE, "BrokenPipe" }, { EROFS, "ReadOnlyFilesystem" },
		{ ESPIPE, "NotSeekable" }, { ESTALE, "StaleNetworkFileHandle" }, { ETIMEDOUT, "TimedOut" },
		{ ETXTBSY, "ExecutableFileBusy" }, { EXDEV, "CrossesDevices" }, { EINPROGRESS, "InProgress" },
		{ EOPNOTSUPP, "Unsupported" }, { EACCES, "PermissionDenied" }, { EPERM, "PermissionDenied" },
		{ EAGAIN, "WouldBlock" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].code == code)
			return kinds[i].kind;
	return "Uncategorized";
}

static const struct fdbg_enumerator *find_kind(const struct fdbg_type *type, const char *name, uint64_t number)
{
	for (size_t i = 0; i < type->n_enumerators; i++)
		if (name ? fdbg_text_is(type->enumerators[i].name, name) : type->enumerators[i].value == number)
			return &type->enumerators[i];
	return NULL;
}

/* A code's kind by an older name, or where there is none: then that version does not tell this code from others. */
static const struct fdbg_enumerator *find_older_kind(const struct fdbg_type *type, const char *name)
{
	static const char *const older[][2] = {
		{ "QuotaExceeded", "FilesystemQuotaExceeded" },
		{ "InvalidFilename", "FilenameTooLong" },
	};

	for (size_t i = 0; i < sizeof(older) / sizeof(older[0]); i++)
		if (!strcmp(name, older[i][0]) && find_kind(type, older[i][1], 0))
			return find_kind(type, older[i][1], 0);
	return find_kind(type, "Uncategorized", 0);
}

/*
 * The kind by its name or, when that is NULL, by its number; code: what it was made of, or 0. Opaque
 * when ErrorKind has no such variant.
 */
static struct fdbg_value kind_value(struct fdbg_decoder *decoder, struct io_error *error, const char *name,
				    uint64_t number, int32_t code)
{
	const struct fdbg_type *type = error->kind.type;
	const struct fdbg_desc *desc = type ? fdbg_describe_ref(decoder, &error->kind) : NULL;

	const struct fdbg_enumerator *kind = desc ? find_kind(type, name, number) : NULL;

	if (desc && !kind && name)
		kind = find_older_kind(type, name);
	/* The libraries with the older name did not have a kind for this code either. */
	if (kind && code == EOPNOTSUPP && !find_kind(type, "QuotaExceeded", 0))
		kind = find_kind(type, "Uncategorized", 0);
	if (!kind)
		return fdbg_value_opaque("error kind that is not known");
	return (struct fdbg_value){
		.kind = FDBG_VALUE_ENUM, .enumeration = { .type = desc->name, .variant = kind->name },
	};
}

static void put_code(struct fdbg_decoder *decoder, const struct fdbg_desc *desc, struct io_error *error,
		     int32_t code, struct fdbg_value *to)
{
	struct fdbg_field *fields = fdbg_decode_fields(decoder, 3);
	const char *text = strerrordesc_np(code);

	if (!fields) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	fields[0].name = FDBG_TEXT("code");
	fields[0].value = (struct fdbg_value){ .kind = FDBG_VALUE_PRIM, .prim = { .prim = FDBG_PRIM_I32 } };
	memcpy(fields[0].value.prim.bytes, &(uint32_t){ htole32((uint32_t)code) }, 4);
	fields[1].name = FDBG_TEXT("kind");
	fields[1].value = kind_value(decoder, error, kind_of_code(code), 0, code);
	fields[2].name = FDBG_TEXT("message");
	fields[2].value = (struct fdbg_value){ .kind = FDBG_VALUE_STR };
	if (text)
		fields[2].value.str = fdbg_text_from(text);
	/* As strerror says it of what it does not know. */
	if (!text)
		fields[2].value.str = fdbg_text_from(fdbg_arena_printf(decoder->arena, "Unknown error %d", code));
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = desc->name, .fields = fields, .n_fields = 3 },
	};
}

static void put_kind(struct fdbg_decoder *decoder, const struct fdbg_desc *desc, struct fdbg_value kind,
		     struct fdbg_value *to)
{
	struct fdbg_field *field = fdbg_decode_fields(decoder, 1);

	if (!field) {
		*to = fdbg_value_opaque("too many values in one event");
		return;
	}
	field->name = FDBG_TEXT("kind");
	field->value = kind;
	*to = (struct fdbg_value){
		.kind = FDBG_VALUE_STRUCT, .record = { .type = desc->name, .fields = field, .n_fields = 1 },
	};
}

static void decode_io_error(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			    const struct fdbg_object *object, struct fdbg_value *to)
{
	struct io_error *error = desc->extra;
	uint64_t word = fdbg_word_at(object->bytes + error->word, 8);
	const struct fdbg_desc *target;

	switch (word & 3) {
	case 2:
		put_code(decoder, desc, error, (int32_t)(word >> 32), to);
		return;
	case 3:
		put_kind(decoder, desc, kind_value(decoder, error, NULL, word >> 32, 0), to);
		return;
	}
	target = word & 1 ? &error->custom : &error->message;
	if (!word) {
		*to = fdbg_value_opaque("pointer that is null");
		return;
	}
	if (!target->type) {
		put_kind(decoder, desc, fdbg_value_opaque("error whose layout is not described"), to);
		return;
	}
	*to = fdbg_value_opaque("not decoded");
	fdbg_decode_push(decoder, object, (struct fdbg_item){
		.step = fdbg_step_object, .desc = target, .to = to, .address = word & ~(uint64_t)3,
	});
}

/* The payload's first field of a variant of ErrorData, behind its pointer where there is one. */
static const struct fdbg_type *payload_of(const struct fdbg_type *data, const char *variant)
{
	for (size_t i = 0; data && i < data->n_variants; i++) {
		const struct fdbg_type *payload = fdbg_type_of(&data->variants[i].type), *field;
		uint64_t offset = 0;

		if (!fdbg_text_is(data->variants[i].name, variant) ||
		    !fdbg_type_path(payload, "__0", &field, &offset))
			continue;
		if (field->kind == FDBG_TYPE_POINTER)
			field = fdbg_type_of((struct fdbg_type_ref *)&field->target);
		return field;
	}
	return NULL;
}

/* A struct of two members that is shown as one of the error's type; type stays NULL when it is not that. */
static bool describe_target(struct fdbg_decoder *decoder, const struct fdbg_desc *error,
			    const struct fdbg_type *type, const char *second, struct fdbg_desc *ret)
{
	struct fdbg_desc_field *fields;
	size_t n;

	if (!type || type->kind != FDBG_TYPE_STRUCT || type->n_members != 2 || !fdbg_type_member(type, "kind") ||
	    !fdbg_type_member(type, second))
		return true;
	if (!fdbg_describe_fields(decoder, type, &fields, &n))
		return false;
	if (!fdbg_text_is(fields[0].name, "kind")) {
		struct fdbg_desc_field swap = fields[0];

		fields[0] = fields[1];
		fields[1] = swap;
	}
	*ret = (struct fdbg_desc){
		.type = type, .name = error->name, .decode = fdbg_decode_record, .fields = fields, .n_fields = n,
	};
	return true;
}

/* The word is opaque to DWARF, but a marker beside it names the enum of what it can be. */
bool fdbg_describe_io_error(struct fdbg_decoder *decoder, struct fdbg_desc *desc)
{
	struct io_error *error = fdbg_arena_new(&decoder->descs, struct io_error);
	const struct fdbg_type *marker, *data = NULL, *word, *kind;
	uint64_t offset = 0;

	if (!error || desc->type->size != 8 || !fdbg_type_path(desc->type, "*", &word, &error->word) ||
	    word->kind != FDBG_TYPE_POINTER || word->size != 8 || error->word ||
	    !fdbg_type_path(desc->type, "repr.__1", &marker, &offset))
		return false;
	data = fdbg_type_param(marker, "T");
	kind = payload_of(data, "Simple");
	if (!kind || kind->kind != FDBG_TYPE_ENUM)
		return false;
	error->kind.type = kind;
	if (!describe_target(decoder, desc, payload_of(data, "SimpleMessage"), "message", &error->message) ||
	    !describe_target(decoder, desc, payload_of(data, "Custom"), "error", &error->custom))
		return false;
	desc->extra = error;
	desc->decode = decode_io_error;
	return true;
}
