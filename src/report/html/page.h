/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The parts of the page of `fdbg export --format=html`, as the files beside this one hold them. */
#ifndef FDBG_REPORT_HTML_PAGE_H
#define FDBG_REPORT_HTML_PAGE_H

#include "base/text.h"

struct fdbg_text fdbg_page_markup(void);
struct fdbg_text fdbg_page_style(void);
struct fdbg_text fdbg_page_script(void);

#endif
