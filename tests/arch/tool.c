/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Answers questions about the code of an ELF file through the architecture layer, for comparison with other
 * tools. */
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"

/*
 * Usage: tool FILE < questions. A question is a line, its answer is a line:
 *   exits LOW HIGH        kind:address ... (r, t, c), and undecoded:address
 *   prologue LOW STOP     complete frame_known sp_delta fp_known fp_delta clobbered,... |
 * address:base:offset:cfa:size:source:origin ... repeat LOW HIGH ADDRESS   0 or 1 move ADDRESS TO       ok
 * SIZE BYTES, or the error's code and message
 */

struct image {
	Elf *elf;
	const struct fdbg_arch *arch;
};

/* The bytes of an address range, as far as they are in the file's executable sections. */
static struct fdbg_code code_at(const struct image *image, uint64_t address, uint64_t size)
{
	struct fdbg_code code = { .address = address };
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(image->elf, scn))) {
		GElf_Shdr shdr;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_PROGBITS ||
		    !(shdr.sh_flags & SHF_EXECINSTR) || address < shdr.sh_addr ||
		    address - shdr.sh_addr >= shdr.sh_size)
			continue;
		data = elf_rawdata(scn, NULL);
		if (!data || !data->d_buf)
			continue;
		code.bytes = (const uint8_t *)data->d_buf + (address - shdr.sh_addr);
		code.size = data->d_size - (address - shdr.sh_addr);
		if (code.size > size)
			code.size = size;
		break;
	}
	return code;
}

static void print_exit(void *context, uint64_t address, enum fdbg_exit_kind kind)
{
	(void)context;
	printf("%c:%" PRIx64 " ", "rtc"[kind], address);
}

static const char *reg_name(const struct fdbg_arch *arch, uint32_t index)
{
	return index < arch->n_regs ? arch->regs[index].name : "-";
}

static void print_prologue(const struct fdbg_arch *arch, const struct fdbg_prologue *prologue)
{
	printf("%d %d %" PRId64 " %d %" PRId64 " ", prologue->complete, prologue->frame_known,
	       prologue->sp_delta, prologue->fp_known, prologue->fp_delta);
	for (uint32_t i = 0; i < arch->n_regs; i++)
		if (prologue->clobbered[i / 64] >> i % 64 & 1)
			printf("%s,", arch->regs[i].name);
	printf(" |");
	for (size_t i = 0; i < prologue->n_spills; i++) {
		const struct fdbg_spill *spill = &prologue->spills[i];

		printf(" %" PRIx64 ":%s:%" PRId64 ":", spill->address, reg_name(arch, spill->base),
		       spill->offset);
		if (spill->cfa_known)
			printf("%" PRId64, spill->cfa_offset);
		else
			printf("?");
		printf(":%u:%s:%s", spill->size, reg_name(arch, spill->source),
		       reg_name(arch, spill->origin));
	}
}

static void answer(const struct image *image, const char *line)
{
	const struct fdbg_arch *arch = image->arch;
	uint64_t a, b, c;

	if (sscanf(line, "exits %" SCNx64 " %" SCNx64, &a, &b) == 2) {
		struct fdbg_code code = code_at(image, a, b - a);
		uint64_t undecoded;

		if (!arch->find_exits(&code, a, b, print_exit, NULL, &undecoded))
			printf("undecoded:%" PRIx64, undecoded);
	} else if (sscanf(line, "prologue %" SCNx64 " %" SCNx64, &a, &b) == 2) {
		struct fdbg_code code = code_at(image, a, b - a + 16);
		struct fdbg_prologue prologue;

		arch->analyse_prologue(&code, b, &prologue);
		print_prologue(arch, &prologue);
	} else if (sscanf(line, "repeat %" SCNx64 " %" SCNx64 " %" SCNx64, &a, &b, &c) == 3) {
		struct fdbg_code code = code_at(image, a, b - a);

		printf("%d", arch->may_repeat(&code, c));
	} else if (sscanf(line, "move %" SCNx64 " %" SCNx64, &a, &b) == 2) {
		struct fdbg_code code = code_at(image, a, 16);
		struct fdbg_moved moved;
		struct fdbg_error *err = arch->move(&code, b, &moved);

		if (err) {
			printf("error %d %s", err->code, err->message);
			fdbg_error_destroy(err);
		} else {
			printf("ok %zu ", moved.size);
			for (size_t i = 0; i < moved.size; i++)
				printf("%02x", moved.bytes[i]);
		}
	} else {
		printf("?");
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	struct image image = { 0 };
	GElf_Ehdr ehdr;
	char line[256];
	int fd;

	if (argc != 2 || (fd = open(argv[1], O_RDONLY | O_CLOEXEC)) < 0)
		return 2;
	elf_version(EV_CURRENT);
	image.elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!image.elf || !gelf_getehdr(image.elf, &ehdr))
		return 2;
	image.arch = fdbg_arch_for_machine(ehdr.e_machine);
	if (!image.arch)
		return 2;
	while (fgets(line, sizeof(line), stdin))
		answer(&image, line);
	elf_end(image.elf);
	close(fd);
	return 0;
}
