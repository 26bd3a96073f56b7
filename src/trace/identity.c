/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/identity.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PHDRS 256
#define MAX_NOTES 65536
/* Code that is compared where there is no build-id. */
#define SAMPLE 4096

static uint64_t word_at(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | bytes[i];
	return value;
}

static uint32_t half_at(const uint8_t *bytes)
{
	return (uint32_t)(word_at((const uint8_t[8]){ bytes[0], bytes[1], bytes[2], bytes[3] }));
}

struct fdbg_error *fdbg_identity_auxv(struct fdbg_session *session, struct fdbg_auxv *ret)
{
	struct fdbg_auxv auxv = { 0 };
	const struct fdbg_buf *bytes;
	struct fdbg_error *err = fdbg_session_auxv(session, &bytes);

	for (size_t i = 0; !err && i + 16 <= bytes->len; i += 16) {
		uint64_t value = word_at(bytes->data + i + 8);

		switch (word_at(bytes->data + i)) {
		case AT_PHDR:
			auxv.phdr = value;
			break;
		case AT_PHENT:
			auxv.phent = value;
			break;
		case AT_PHNUM:
			auxv.phnum = value;
			break;
		case AT_ENTRY:
			auxv.entry = value;
			break;
		}
	}
	if (!err)
		*ret = auxv;
	return err;
}

/* Reads memory; false in *done_ret when it cannot be read. */
static struct fdbg_error *read_memory(struct fdbg_session *session, uint64_t address, uint8_t *to, size_t size,
				      bool *done_ret)
{
	struct fdbg_error *err;

	*done_ret = false;
	err = fdbg_session_queue_read(session, address, size, to, done_ret);
	return err ? err : fdbg_session_collect(session);
}

/* Looks for the build-id among notes. */
static void find_note(const uint8_t *notes, size_t len, struct fdbg_build_id *ret)
{
	size_t pos = 0;

	while (len - pos >= sizeof(Elf64_Nhdr)) {
		size_t name_len = half_at(notes + pos), desc_len = half_at(notes + pos + 4);
		uint32_t type = half_at(notes + pos + 8);
		size_t name = pos + sizeof(Elf64_Nhdr), desc;

		if (name_len > len || desc_len > len)
			return;
		desc = name + ((name_len + 3) & ~(size_t)3);
		if (desc > len || desc_len > len - desc)
			return;
		if (type == NT_GNU_BUILD_ID && name_len == 4 && !memcmp(notes + name, "GNU", 4) &&
		    desc_len <= FDBG_BUILD_ID_MAX) {
			memcpy(ret->bytes, notes + desc, desc_len);
			ret->len = desc_len;
			return;
		}
		pos = desc + ((desc_len + 3) & ~(size_t)3);
		if (pos > len)
			return;
	}
}

/* The build-id of the module with these program headers. */
static struct fdbg_error *of_headers(struct fdbg_session *session, uint64_t phdr, size_t n, struct fdbg_build_id *ret)
{
	uint8_t *headers, *notes = NULL;
	uint64_t bias = 0;
	struct fdbg_error *err;
	bool done;

	if (!phdr || !n || n > MAX_PHDRS)
		return NULL;
	headers = malloc(n * sizeof(Elf64_Phdr));
	if (!headers)
		return &fdbg_error_nomem;
	err = read_memory(session, phdr, headers, n * sizeof(Elf64_Phdr), &done);
	for (size_t i = 0; !err && done && i < n; i++) {
		const uint8_t *header = headers + i * sizeof(Elf64_Phdr);
		uint32_t type = half_at(header);

		if (type == PT_PHDR) {
			bias = phdr - word_at(header + offsetof(Elf64_Phdr, p_vaddr));
			break;
		}
		/* Without an entry of their own the headers follow the ELF header, in the first segment. */
		if (type == PT_LOAD && !word_at(header + offsetof(Elf64_Phdr, p_offset))) {
			bias = phdr - sizeof(Elf64_Ehdr) - word_at(header + offsetof(Elf64_Phdr, p_vaddr));
			break;
		}
	}
	for (size_t i = 0; !err && done && !ret->len && i < n; i++) {
		const uint8_t *header = headers + i * sizeof(Elf64_Phdr);
		uint64_t size = word_at(header + offsetof(Elf64_Phdr, p_memsz));
		bool got;

		if (half_at(header) != PT_NOTE || !size || size > MAX_NOTES)
			continue;
		free(notes);
		notes = malloc(size);
		if (!notes) {
			err = &fdbg_error_nomem;
			break;
		}
		err = read_memory(session, word_at(header + offsetof(Elf64_Phdr, p_vaddr)) + bias, notes, size, &got);
		if (!err && got)
			find_note(notes, size, ret);
	}
	free(headers);
	free(notes);
	return err;
}

struct fdbg_error *fdbg_identity_of_module(struct fdbg_session *session, uint64_t base, struct fdbg_build_id *ret)
{
	uint8_t header[sizeof(Elf64_Ehdr)];
	struct fdbg_build_id id = { 0 };
	struct fdbg_error *err;
	bool done;

	err = read_memory(session, base, header, sizeof(header), &done);
	if (err)
		return err;
	if (!done || memcmp(header, ELFMAG, SELFMAG) || header[EI_CLASS] != ELFCLASS64)
		return fdbg_error_create(FDBG_ERROR_NOT_FOUND, "there is no module at 0x%llx", (unsigned long long)base);
	err = of_headers(session, base + word_at(header + offsetof(Elf64_Ehdr, e_phoff)),
			 half_at(header + offsetof(Elf64_Ehdr, e_phnum)) & 0xffff, &id);
	if (!err)
		*ret = id;
	return err;
}

static void hex(const uint8_t *bytes, size_t len, char to[2 * FDBG_BUILD_ID_MAX + 1])
{
	static const char digits[] = "0123456789abcdef";
	size_t n = len < FDBG_BUILD_ID_MAX ? len : FDBG_BUILD_ID_MAX;

	for (size_t i = 0; i < n; i++) {
		to[2 * i] = digits[bytes[i] >> 4];
		to[2 * i + 1] = digits[bytes[i] & 15];
	}
	to[2 * n] = '\0';
}

static struct fdbg_error *compare_code(struct fdbg_session *session, const struct fdbg_image *image, uint64_t entry)
{
	const struct fdbg_image_info *info = fdbg_image_info(image);
	const uint8_t *expected = NULL;
	uint8_t bytes[SAMPLE];
	size_t size = SAMPLE;
	struct fdbg_error *err;
	bool done;

	while (size && !(expected = fdbg_image_bytes(image, info->entry, size, true)))
		size /= 2;
	if (!expected || !entry)
		return NULL;
	err = read_memory(session, entry, bytes, size, &done);
	if (err || !done || !memcmp(bytes, expected, size))
		return err;
	return fdbg_error_create(FDBG_ERROR_USAGE, "%s is not the program that the target runs: the code at its entry differs",
				 info->path);
}

/* The build-id of the target's program, empty where it has none, and its auxiliary vector, zeros where it is not told. */
static struct fdbg_error *of_program(struct fdbg_session *session, struct fdbg_build_id *ret, struct fdbg_auxv *auxv_ret)
{
	struct fdbg_error *err = fdbg_identity_auxv(session, auxv_ret);

	*ret = (struct fdbg_build_id){ 0 };
	if (fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED) || fdbg_error_is(err, FDBG_ERROR_REFUSED)) {
		fdbg_error_destroy(err);
		*auxv_ret = (struct fdbg_auxv){ 0 };
		return NULL;
	}
	if (!err && auxv_ret->phent == sizeof(Elf64_Phdr))
		err = of_headers(session, auxv_ret->phdr, auxv_ret->phnum, ret);
	return err;
}

static bool is_of(const struct fdbg_build_id *id, const struct fdbg_image_info *info)
{
	return info->build_id && id->len && id->len == info->build_id_len && !memcmp(id->bytes, info->build_id, id->len);
}

struct fdbg_error *fdbg_identity_same(struct fdbg_session *session, const struct fdbg_image *image, bool *ret)
{
	struct fdbg_build_id id;
	struct fdbg_auxv auxv;
	struct fdbg_error *err = of_program(session, &id, &auxv);

	if (!err)
		*ret = is_of(&id, fdbg_image_info(image));
	return err;
}

struct fdbg_error *fdbg_identity_check(struct fdbg_session *session, const struct fdbg_image *image)
{
	const struct fdbg_image_info *info = fdbg_image_info(image);
	char ours[2 * FDBG_BUILD_ID_MAX + 1], theirs[2 * FDBG_BUILD_ID_MAX + 1];
	struct fdbg_build_id id;
	struct fdbg_auxv auxv;
	struct fdbg_error *err = of_program(session, &id, &auxv);

	if (err)
		return err;
	if (!id.len || !info->build_id)
		return compare_code(session, image, auxv.entry);
	if (is_of(&id, info))
		return NULL;
	hex(info->build_id, info->build_id_len, ours);
	hex(id.bytes, id.len, theirs);
	return fdbg_error_create(FDBG_ERROR_USAGE, "%s is not the program that the target runs: its build-id is %s, the "
				 "target's is %s; give the copy that runs there, or leave PROGRAM out", info->path, ours,
				 theirs);
}
