# The value tree, its stream encoding and its renderings.
libfdbgcore_a_SOURCES += \
	src/value/debug.c src/value/debug_internal.h \
	src/value/debug_iter.c src/value/debug_misc.c src/value/debug_net.c src/value/debug_small.c src/value/debug_std.c src/value/debug_sync.c \
	src/value/debug_text.c src/value/debug_typename.c \
	src/value/debug_show.c \
	src/value/debug_std.c \
	src/value/decode.c \
	src/value/digest.c src/value/digest.h \
	src/value/encode.c src/value/encode.h \
	src/value/escape.c src/value/escape.h src/value/escape_table.h \
	src/value/json.c src/value/render.h \
	src/value/lifted.c src/value/lifted.h \
	src/value/number.c src/value/number.h \
	src/value/shape.c src/value/shape.h \
	src/value/show.c src/value/show.h \
	src/value/tall.c src/value/tall.h \
	src/value/typename.c src/value/typename.h \
	src/value/utf8.c src/value/utf8.h \
	src/value/value.c src/value/value.h \
	src/value/words.c src/value/words.h
