# What a recording says: the call tree, JSON, numbers, checks.
libfdbgcore_a_SOURCES += \
	src/report/compare.c src/report/compare.h \
	src/report/compare_print.c src/report/compare_print.h \
	src/report/dump.c src/report/dump.h \
	src/report/filter.c src/report/filter.h \
	src/report/flow.c src/report/flow.h \
	src/report/fold.c src/report/fold.h \
	src/report/frames.c src/report/frames.h \
	src/report/heap.c src/report/heap.h \
	src/report/heap_json.c \
	src/report/heap_svg.c \
	src/report/heap_text.c \
	src/report/index.c src/report/index.h \
	src/report/index_db.c src/report/index_db.h \
	src/report/index_row.c src/report/index_row.h \
	src/report/info.c src/report/info.h \
	src/report/moment.c src/report/moment.h \
	src/report/panic_text.c src/report/panic_text.h \
	src/report/profile.c src/report/profile.h \
	src/report/recording.c src/report/recording.h \
	src/report/report.c src/report/report.h \
	src/report/scene.c src/report/scene.h \
	src/report/sequence.c src/report/sequence.h \
	src/report/show.c src/report/show.h \
	src/report/show_internal.h \
	src/report/show_json.c \
	src/report/show_text.c \
	src/report/sink.h \
	src/report/spool.c src/report/spool.h \
	src/report/time.c src/report/time.h \
	src/report/tree.c src/report/tree.h \
	src/report/verify.c src/report/verify.h
libfdbgcore_a_SOURCES += \
	src/report/export.c src/report/export.h \
	src/report/export_chrome.c \
	src/report/export_folded.c \
	src/report/export_graph.c \
	src/report/export_html.c \
	src/report/export_internal.h \
	src/report/export_speedscope.c \
	src/report/html/page.c src/report/html/page.h \
	src/report/spread.c src/report/spread.h
# The parts of the page are read by the assembler, of which make knows nothing.
FDBG_PAGE_PARTS = src/report/html/page.html src/report/html/page.css \
	src/report/html/data.js src/report/html/text.js src/report/html/tree.js src/report/html/search.js \
	src/report/html/detail.js src/report/html/time.js src/report/html/page.js
EXTRA_DIST += $(FDBG_PAGE_PARTS)
src/report/html/page.$(OBJEXT): $(FDBG_PAGE_PARTS)
