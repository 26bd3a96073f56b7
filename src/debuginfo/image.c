/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "debuginfo/image.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/scope.h"
#include "debuginfo/image_private.h"

/* Notes are 4-byte aligned triples of name size, description size and type (ELF gABI, "Note Section"). */
static bool find_build_id(struct fdbg_image *image, const uint8_t *data, size_t len)
{
	struct fdbg_cursor cursor = fdbg_cursor_over(data, len, 0);
	uint64_t name_len, desc_len, type;

	while (fdbg_cursor_uint(&cursor, 4, false, &name_len) &&
	       fdbg_cursor_uint(&cursor, 4, false, &desc_len) &&
	       fdbg_cursor_uint(&cursor, 4, false, &type)) {
		const uint8_t *name, *desc;

		if (!fdbg_cursor_bytes(&cursor, (name_len + 3) & ~(uint64_t)3, &name) ||
		    !fdbg_cursor_bytes(&cursor, desc_len, &desc))
			return false;
		if (type == NT_GNU_BUILD_ID && name_len == 4 && !memcmp(name, "GNU", 4) && desc_len &&
		    desc_len <= sizeof(image->build_id)) {
			memcpy(image->build_id, desc, desc_len);
			image->info.build_id = image->build_id;
			image->info.build_id_len = desc_len;
			return true;
		}
		desc_len = -desc_len & 3;
		if (fdbg_cursor_left(&cursor) < desc_len)
			return false;
		cursor.pos += desc_len;
	}
	return false;
}

static bool read_fully(int fd, uint8_t *data, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pread(fd, data, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

static uint8_t *read_range(const struct fdbg_image *image, uint64_t offset, uint64_t size)
{
	uint8_t *data;

	if (offset > image->file_size || size > image->file_size - offset)
		return NULL;
	data = malloc(size ? size : 1);
	if (data && !read_fully(image->fd, data, size, offset)) {
		free(data);
		return NULL;
	}
	return data;
}

static struct fdbg_error *bad(const struct fdbg_image *image, const char *what)
{
	return fdbg_error_create(FDBG_ERROR_FORMAT, "%s: %s", image->path, what);
}

static struct fdbg_error *add_segment(struct fdbg_image *image, const GElf_Phdr *phdr)
{
	struct fdbg_image_segment *segment = &image->segments[image->n_segments];
	uint64_t end;

	if (!phdr->p_memsz)
		return NULL;
	if (phdr->p_filesz > phdr->p_memsz || __builtin_add_overflow(phdr->p_vaddr, phdr->p_memsz, &end))
		return bad(image, "broken ELF file: a segment has an impossible size");
	*segment = (struct fdbg_image_segment){ .address = phdr->p_vaddr, .memory_size = phdr->p_memsz,
				     .offset = phdr->p_offset, .file_size = phdr->p_filesz,
				     .writable = phdr->p_flags & PF_W, .executable = phdr->p_flags & PF_X };
	image->n_segments++;
	if (image->n_segments == 1 || segment->address < image->info.low)
		image->info.low = segment->address;
	if (end > image->info.high)
		image->info.high = end;
	return NULL;
}

static struct fdbg_error *read_segments(struct fdbg_image *image, const GElf_Ehdr *ehdr, bool debug_file)
{
	struct fdbg_error *err;
	size_t n;

	if (elf_getphdrnum(image->elf, &n) || n > 65536)
		return bad(image, "broken ELF file: no usable program headers");
	image->segments = calloc(n ? n : 1, sizeof(*image->segments));
	if (!image->segments)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < n; i++) {
		FDBG_AUTO_FREE uint8_t *note = NULL;
		GElf_Phdr phdr;

		if (!gelf_getphdr(image->elf, (int)i, &phdr))
			return bad(image, "broken ELF file: program headers are cut off");
		switch (phdr.p_type) {
		case PT_LOAD:
			err = add_segment(image, &phdr);
			if (err)
				return err;
			if (!image->info.phdr && ehdr->e_phoff >= phdr.p_offset &&
			    ehdr->e_phoff - phdr.p_offset < phdr.p_filesz)
				image->info.phdr = phdr.p_vaddr + (ehdr->e_phoff - phdr.p_offset);
			break;
		case PT_PHDR:
			image->info.phdr = phdr.p_vaddr;
			break;
		case PT_INTERP:
			image->info.has_interpreter = true;
			break;
		case PT_GNU_RELRO:
			image->relro_low = phdr.p_vaddr;
			if (__builtin_add_overflow(phdr.p_vaddr, phdr.p_memsz, &image->relro_high))
				image->relro_high = image->relro_low;
			break;
		case PT_NOTE:
			/*
			 * A debug file keeps the program headers of the original, whose offsets mean nothing
			 * there.
			 */
			if (debug_file || image->info.build_id || phdr.p_filesz > 1 << 20)
				break;
			note = read_range(image, phdr.p_offset, phdr.p_filesz);
			if (note)
				find_build_id(image, note, phdr.p_filesz);
			break;
		}
	}
	return NULL;
}

static struct fdbg_error *read_headers(struct fdbg_image *image, bool debug_file)
{
	const char *ident;
	struct fdbg_error *err;
	GElf_Ehdr ehdr;
	const uint8_t *note;
	size_t len;

	ident = elf_getident(image->elf, &len);
	if (elf_kind(image->elf) != ELF_K_ELF || !ident || len < EI_NIDENT)
		return bad(image, "not an ELF file");
	if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB)
		return fdbg_error_create(FDBG_ERROR_UNSUPPORTED,
					 "%s: only 64-bit little-endian programs can be recorded",
					 image->path);
	if (!gelf_getehdr(image->elf, &ehdr))
		return bad(image, "broken ELF file: no header");
	if (ehdr.e_type != ET_EXEC && ehdr.e_type != ET_DYN)
		return bad(image, "not an executable (an object file or a core file)");
	image->info.path = image->path;
	image->info.machine = ehdr.e_machine;
	image->info.pie = ehdr.e_type == ET_DYN;
	image->info.entry = ehdr.e_entry;
	err = read_segments(image, &ehdr, debug_file);
	if (err)
		return err;
	if (!image->info.build_id) {
		err = fdbg_image_section(image, ".note.gnu.build-id", &note, &len);
		if (err)
			fdbg_error_destroy(err);
		else
			find_build_id(image, note, len);
	}
	return NULL;
}

static struct fdbg_error *open_image(const char *path, bool debug_file, struct fdbg_image **ret)
{
	struct fdbg_image *image;
	struct fdbg_error *err = NULL;
	struct stat st;

	elf_version(EV_CURRENT);
	image = calloc(1, sizeof(*image));
	if (!image)
		return &fdbg_error_nomem;
	image->fd = -1;
	image->path = strdup(path);
	if (!image->path) {
		err = &fdbg_error_nomem;
		goto fail;
	}
	/* O_NONBLOCK: a FIFO must give an error, not wait for a writer. */
	image->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (image->fd < 0) {
		err = errno == ENOENT || errno == ENOTDIR ?
			fdbg_error_create(FDBG_ERROR_NOT_FOUND, "%s: no such file", path) :
			fdbg_error_errno(errno, "cannot open %s", path);
		goto fail;
	}
	if (fstat(image->fd, &st)) {
		err = fdbg_error_errno(errno, "cannot read %s", path);
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		err = bad(image, S_ISDIR(st.st_mode) ? "is a directory" : "not a regular file");
		goto fail;
	}
	image->file_size = (uint64_t)st.st_size;
	image->elf = elf_begin(image->fd, ELF_C_READ, NULL);
	if (!image->elf) {
		err = bad(image, "not an ELF file");
		goto fail;
	}
	err = read_headers(image, debug_file);
	if (err)
		goto fail;
	*ret = image;
	return NULL;

fail:
	fdbg_image_close(image);
	return err;
}

struct fdbg_error *fdbg_image_open(const char *path, struct fdbg_image **ret)
{
	return open_image(path, false, ret);
}

struct fdbg_error *fdbg_image_open_debug(const char *path, struct fdbg_image **ret)
{
	return open_image(path, true, ret);
}

void fdbg_image_close(struct fdbg_image *image)
{
	if (!image)
		return;
	fdbg_image_close(image->separate);
	for (size_t i = 0; i < image->n_segments; i++)
		free(image->segments[i].bytes);
	free(image->segments);
	fdbg_image_forget_functions(image);
	free(image->loaded);
	if (image->elf)
		elf_end(image->elf);
	if (image->fd >= 0)
		close(image->fd);
	free(image->path);
	free(image);
}

const struct fdbg_image_info *fdbg_image_info(const struct fdbg_image *image)
{
	return &image->info;
}

static struct fdbg_image_segment *segment_at(const struct fdbg_image *image, uint64_t address, uint64_t size)
{
	for (size_t i = 0; i < image->n_segments; i++) {
		struct fdbg_image_segment *segment = &image->segments[i];

		if (address >= segment->address && address - segment->address < segment->memory_size &&
		    size <= segment->memory_size - (address - segment->address))
			return segment;
	}
	return NULL;
}

const uint8_t *fdbg_image_bytes(const struct fdbg_image *image, uint64_t address, size_t size, bool read_only)
{
	struct fdbg_image_segment *segment = segment_at(image, address, size);
	uint64_t start;

	if (!segment || (read_only && segment->writable))
		return NULL;
	start = address - segment->address;
	/*
	 * What lies behind the file's bytes is zero at the start of the program; the file does not have it.
	 */
	if (start > segment->file_size || size > segment->file_size - start)
		return NULL;
	if (!segment->bytes && !segment->failed) {
		segment->bytes = read_range(image, segment->offset, segment->file_size);
		segment->failed = !segment->bytes;
	}
	return segment->bytes ? segment->bytes + start : NULL;
}

void fdbg_image_each_code(const struct fdbg_image *image,
			  bool (*visit)(void *context, uint64_t address, const uint8_t *bytes, size_t size), void *context)
{
	for (size_t i = 0; i < image->n_segments; i++) {
		const struct fdbg_image_segment *segment = &image->segments[i];
		uint64_t size = segment->file_size < segment->memory_size ? segment->file_size : segment->memory_size;
		const uint8_t *bytes = segment->executable && size
					       ? fdbg_image_bytes(image, segment->address, (size_t)size, false) : NULL;

		if (bytes && !visit(context, segment->address, bytes, (size_t)size))
			return;
	}
}

bool fdbg_image_is_code(const struct fdbg_image *image, uint64_t address)
{
	struct fdbg_image_segment *segment = segment_at(image, address, 1);

	return segment && segment->executable;
}

static Elf_Scn *find_section(const struct fdbg_image *image, const char *name, GElf_Shdr *shdr_ret,
			     bool *gnu_ret)
{
	Elf_Scn *scn = NULL;
	size_t strings;

	if (elf_getshdrstrndx(image->elf, &strings))
		return NULL;
	while ((scn = elf_nextscn(image->elf, scn))) {
		const char *found;

		if (!gelf_getshdr(scn, shdr_ret) || shdr_ret->sh_type == SHT_NOBITS)
			continue;
		found = elf_strptr(image->elf, strings, shdr_ret->sh_name);
		if (!found)
			continue;
		*gnu_ret = false;
		if (!strcmp(found, name))
			return scn;
		*gnu_ret = true;
		if (!strncmp(name, ".debug_", 7) && !strncmp(found, ".zdebug_", 8) &&
		    !strcmp(found + 8, name + 7))
			return scn;
	}
	return NULL;
}

bool fdbg_image_has_section(const struct fdbg_image *image, const char *name)
{
	GElf_Shdr shdr;
	bool gnu;

	return find_section(image, name, &shdr, &gnu) && shdr.sh_size;
}

uint64_t fdbg_image_section_address(const struct fdbg_image *image, const char *name)
{
	GElf_Shdr shdr;
	bool gnu;

	return find_section(image, name, &shdr, &gnu) ? shdr.sh_addr : 0;
}

/* Of elf.h since 2022. */
#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

/*
 * The size a compressed section claims is what the decompressor allocates, so it is checked first: deflate
 * cannot shrink by more than about 1032 to 1.
 */
static bool plausible_size(uint64_t compressed, uint64_t claimed)
{
	return claimed / 1100 <= compressed;
}

static bool decompress(Elf_Scn *scn, const GElf_Shdr *shdr, bool gnu)
{
	if (shdr->sh_flags & SHF_COMPRESSED) {
		GElf_Chdr chdr;

		return gelf_getchdr(scn, &chdr) && plausible_size(shdr->sh_size, chdr.ch_size) &&
			elf_compress(scn, 0, 0) >= 0;
	}
	if (gnu) {
		Elf_Data *raw = elf_rawdata(scn, NULL);
		struct fdbg_cursor cursor;
		uint64_t size;

		if (!raw || !raw->d_buf || raw->d_size < 12 || memcmp(raw->d_buf, "ZLIB", 4))
			return false;
		cursor = fdbg_cursor_over((const uint8_t *)raw->d_buf + 4, 8, 0);
		return fdbg_cursor_uint(&cursor, 8, true, &size) && plausible_size(raw->d_size, size) &&
			elf_compress_gnu(scn, 0, 0) >= 0;
	}
	return true;
}

/* Why a section could not be decompressed: it is damaged, or compressed in a way that libelf does not know. */
static struct fdbg_error *not_decompressed(const struct fdbg_image *image, Elf_Scn *scn, const GElf_Shdr *shdr, const char *name)
{
	GElf_Chdr chdr;

	if (!(shdr->sh_flags & SHF_COMPRESSED) || !gelf_getchdr(scn, &chdr) || chdr.ch_type == ELFCOMPRESS_ZLIB)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "%s: section %s cannot be decompressed", image->path, name);
	return fdbg_error_create(FDBG_ERROR_UNSUPPORTED, "%s: section %s is compressed with %s, which this libelf cannot undo; "
				 "`objcopy --decompress-debug-sections` does, or link without it", image->path, name,
				 chdr.ch_type == ELFCOMPRESS_ZSTD ? "zstd" : "an unknown method");
}

struct fdbg_error *fdbg_image_section(struct fdbg_image *image, const char *name, const uint8_t **bytes_ret,
				      size_t *len_ret)
{
	struct fdbg_image_loaded *grown;
	GElf_Shdr shdr;
	Elf_Data *data;
	Elf_Scn *scn;
	bool gnu;

	scn = find_section(image, name, &shdr, &gnu);
	if (!scn || !shdr.sh_size) {
		*bytes_ret = NULL;
		*len_ret = 0;
		return NULL;
	}
	for (size_t i = 0; i < image->n_loaded; i++)
		if (image->loaded[i].scn == scn) {
			*bytes_ret = image->loaded[i].bytes;
			*len_ret = image->loaded[i].len;
			return NULL;
		}
	if (shdr.sh_offset > image->file_size || shdr.sh_size > image->file_size - shdr.sh_offset)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "%s: section %s is cut off", image->path, name);
	if (!decompress(scn, &shdr, gnu))
		return not_decompressed(image, scn, &shdr, name);
	data = elf_rawdata(scn, NULL);
	if (!data || !data->d_buf)
		return fdbg_error_create(FDBG_ERROR_FORMAT, "%s: section %s cannot be read", image->path,
					 name);
	grown = reallocarray(image->loaded, image->n_loaded + 1, sizeof(*grown));
	if (!grown)
		return &fdbg_error_nomem;
	image->loaded = grown;
	grown[image->n_loaded++] = (struct fdbg_image_loaded){ scn, data->d_buf, data->d_size };
	*bytes_ret = data->d_buf;
	*len_ret = data->d_size;
	return NULL;
}

void fdbg_image_attach(struct fdbg_image *image, struct fdbg_image *separate)
{
	if (!separate)
		return;
	fdbg_image_close(image->separate);
	image->separate = separate;
	fdbg_image_forget_functions(image);
}

struct fdbg_image *fdbg_image_attached(const struct fdbg_image *image)
{
	return image->separate;
}
