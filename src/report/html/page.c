/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The parts of the page, taken into the program as they are. FDBG_PAGE_DIR is the folder of this file. */
#include "report/html/page.h"

/* A read-only array with the bytes of files, between two symbols. */
#define BYTES_OF(file) ".incbin \"" FDBG_PAGE_DIR "/" file "\"\n"
#define INCLUDE_FILES(symbol, files) \
	__asm__(".pushsection .rodata\n" \
		#symbol ":\n" \
		files \
		#symbol "_end:\n" \
		".byte 0\n" \
		".popsection\n"); \
	extern const char symbol[], symbol##_end[]

INCLUDE_FILES(fdbg_page_markup_data, BYTES_OF("page.html"));
INCLUDE_FILES(fdbg_page_style_data, BYTES_OF("page.css"));
INCLUDE_FILES(fdbg_page_script_data,
	      BYTES_OF("data.js") BYTES_OF("text.js") BYTES_OF("tree.js") BYTES_OF("search.js")
		      BYTES_OF("detail.js") BYTES_OF("time.js") BYTES_OF("page.js"));

struct fdbg_text fdbg_page_markup(void)
{
	return (struct fdbg_text){ fdbg_page_markup_data,
				   (size_t)(fdbg_page_markup_data_end - fdbg_page_markup_data) };
}

struct fdbg_text fdbg_page_style(void)
{
	return (struct fdbg_text){ fdbg_page_style_data,
				   (size_t)(fdbg_page_style_data_end - fdbg_page_style_data) };
}

struct fdbg_text fdbg_page_script(void)
{
	return (struct fdbg_text){ fdbg_page_script_data,
				   (size_t)(fdbg_page_script_data_end - fdbg_page_script_data) };
}
