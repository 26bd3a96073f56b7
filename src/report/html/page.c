/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The parts of the page, taken into the program as they are. FDBG_PAGE_DIR is the folder of this file. */
#include "report/html/page.h"

/* A read-only array with the bytes of a file, between two symbols. */
#define INCLUDE_FILE(symbol, file) \
	__asm__(".pushsection .rodata\n" \
		#symbol ":\n" \
		".incbin \"" FDBG_PAGE_DIR "/" file "\"\n" \
		#symbol "_end:\n" \
		".byte 0\n" \
		".popsection\n"); \
	extern const char symbol[], symbol##_end[]

INCLUDE_FILE(fdbg_page_markup_data, "page.html");
INCLUDE_FILE(fdbg_page_style_data, "page.css");
INCLUDE_FILE(fdbg_page_script_data, "page.js");

struct fdbg_text fdbg_page_markup(void)
{
	return (struct fdbg_text){ fdbg_page_markup_data, (size_t)(fdbg_page_markup_data_end - fdbg_page_markup_data) };
}

struct fdbg_text fdbg_page_style(void)
{
	return (struct fdbg_text){ fdbg_page_style_data, (size_t)(fdbg_page_style_data_end - fdbg_page_style_data) };
}

struct fdbg_text fdbg_page_script(void)
{
	return (struct fdbg_text){ fdbg_page_script_data, (size_t)(fdbg_page_script_data_end - fdbg_page_script_data) };
}
