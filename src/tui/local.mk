# The terminal browser: the tree without a terminal, the layout of values, the screen.
libfdbgcore_a_SOURCES += \
	src/tui/browser.c src/tui/browser.h \
	src/tui/layout.c src/tui/layout.h \
	src/tui/source.c src/tui/source.h
fdbg_SOURCES += src/tui/draw.c src/tui/screen.c src/tui/screen_internal.h src/tui/tui.h
