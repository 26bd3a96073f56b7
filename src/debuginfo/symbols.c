/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The symbol tables of an image. */
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "debuginfo/image_private.h"

/* The section of the symbol table of that type, or NULL. */
/* The first section of that type, whose entries have this size. */
static Elf_Data *table(const struct fdbg_image *image, uint32_t type, size_t size, GElf_Shdr *shdr_ret)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(image->elf, scn)))
		if (gelf_getshdr(scn, shdr_ret) && shdr_ret->sh_type == type && shdr_ret->sh_entsize == size)
			return elf_getdata(scn, NULL);
	return NULL;
}

static Elf_Data *symbol_table(const struct fdbg_image *image, uint32_t type, GElf_Shdr *shdr_ret)
{
	return table(image, type, sizeof(Elf64_Sym), shdr_ret);
}

bool fdbg_image_has_symtab(const struct fdbg_image *image)
{
	GElf_Shdr shdr;

	return symbol_table(image, SHT_SYMTAB, &shdr) != NULL;
}

void fdbg_image_each_symbol(const struct fdbg_image *image,
			    bool (*visit)(void *context, const struct fdbg_symbol *symbol), void *context)
{
	const struct fdbg_image *from = image;
	GElf_Shdr shdr;
	Elf_Data *data = symbol_table(image, SHT_SYMTAB, &shdr);
	size_t n;

	if (!data && image->separate) {
		data = symbol_table(image->separate, SHT_SYMTAB, &shdr);
		from = image->separate;
	}
	if (!data) {
		data = symbol_table(image, SHT_DYNSYM, &shdr);
		from = image;
	}
	if (!data)
		return;
	n = data->d_size / sizeof(Elf64_Sym);
	for (size_t i = 1; i < n && i <= INT32_MAX; i++) {
		struct fdbg_symbol symbol = { 0 };
		GElf_Sym sym;
		const char *name;
		unsigned int type;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF)
			continue;
		type = GELF_ST_TYPE(sym.st_info);
		if (type == STT_SECTION || type == STT_FILE || type == STT_TLS)
			continue;
		name = elf_strptr(from->elf, shdr.sh_link, sym.st_name);
		if (!name)
			continue;
		symbol.name = fdbg_text_from(name);
		/* Some tables keep the version in the name. */
		for (size_t at = 1; at < symbol.name.len; at++)
			if (name[at] == '@') {
				symbol.name.len = at;
				break;
			}
		symbol.address = sym.st_value;
		symbol.size = sym.st_size;
		symbol.function = type == STT_FUNC || type == STT_GNU_IFUNC;
		if (!visit(context, &symbol))
			return;
	}
}

struct function_list {
	struct fdbg_symbol *symbols;
	size_t n, cap;
};

static bool add_function(void *context, const struct fdbg_symbol *symbol)
{
	struct function_list *list = context;

	if (!symbol->function)
		return true;
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 1024;
		struct fdbg_symbol *grown = reallocarray(list->symbols, cap, sizeof(*grown));

		if (!grown)
			return false;
		list->symbols = grown;
		list->cap = cap;
	}
	list->symbols[list->n++] = *symbol;
	return true;
}

static int compare_symbols(const void *a, const void *b)
{
	const struct fdbg_symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->size < y->size ? -1 : x->size > y->size;
}

static void make_functions(struct fdbg_image *image)
{
	struct function_list list = { 0 };
	uint64_t reach = 0;

	image->functions_made = true;
	fdbg_image_each_symbol(image, add_function, &list);
	image->functions = list.symbols;
	image->function_reach = calloc(list.n ? list.n : 1, sizeof(*image->function_reach));
	if (!image->function_reach)
		return;
	if (list.n)
		qsort(list.symbols, list.n, sizeof(*list.symbols), compare_symbols);
	image->n_functions = list.n;
	for (size_t i = 0; i < list.n; i++) {
		uint64_t end = list.symbols[i].address + list.symbols[i].size;

		if (end > reach && end >= list.symbols[i].address)
			reach = end;
		image->function_reach[i] = reach;
	}
}

void fdbg_image_forget_functions(struct fdbg_image *image)
{
	free(image->functions);
	free(image->function_reach);
	image->functions = NULL;
	image->function_reach = NULL;
	image->n_functions = 0;
	image->functions_made = false;
}

bool fdbg_image_imports(const struct fdbg_image *image, const char *name)
{
	GElf_Shdr shdr;
	Elf_Data *data = symbol_table(image, SHT_DYNSYM, &shdr);
	size_t n = data ? data->d_size / sizeof(Elf64_Sym) : 0;

	for (size_t i = 1; i < n && i <= INT32_MAX; i++) {
		GElf_Sym sym;
		const char *imported;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx != SHN_UNDEF)
			continue;
		imported = elf_strptr(image->elf, shdr.sh_link, sym.st_name);
		if (imported && !strcmp(imported, name))
			return true;
	}
	return false;
}

void fdbg_image_each_library(const struct fdbg_image *image, bool (*visit)(void *context, const char *name), void *context)
{
	GElf_Shdr shdr;
	Elf_Data *data = table(image, SHT_DYNAMIC, sizeof(Elf64_Dyn), &shdr);
	GElf_Dyn dyn;

	for (int i = 0; data && gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++) {
		const char *name = dyn.d_tag == DT_NEEDED ? elf_strptr(image->elf, shdr.sh_link, dyn.d_un.d_val) : NULL;

		if (name && !visit(context, name))
			return;
	}
}

bool fdbg_image_symbol_at(struct fdbg_image *image, uint64_t address, struct fdbg_symbol *ret)
{
	size_t low = 0, high;

	if (!image->functions_made)
		make_functions(image);
	high = image->n_functions;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (image->functions[mid].address <= address)
			low = mid + 1;
		else
			high = mid;
	}
	/* Symbols may nest; go back only as long as an earlier one can reach the address. */
	while (low-- > 0 && image->function_reach[low] > address) {
		const struct fdbg_symbol *symbol = &image->functions[low];

		if (address - symbol->address < symbol->size) {
			*ret = *symbol;
			return true;
		}
	}
	return false;
}
