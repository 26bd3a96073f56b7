# libfdbg: the reader as a shared library. The program and the tests have the same sources in libfdbgcore.a.
# They are compiled anew for it (its own CPPFLAGS give its objects their own names), as code that may lie anywhere.
libfdbgcore_a_SOURCES += src/lib/stream.c src/lib/value.c
lib_LTLIBRARIES = libfdbg.la
libfdbg_la_SOURCES = \
	src/lib/stream.c src/lib/value.c \
	src/base/arena.c src/base/buf.c src/base/error.c src/base/map.c \
	src/value/debug.c src/value/debug_iter.c src/value/debug_misc.c src/value/debug_net.c src/value/debug_show.c src/value/debug_small.c \
	src/value/debug_std.c src/value/debug_sync.c src/value/debug_text.c src/value/debug_typename.c \
	src/value/decode.c src/value/encode.c src/value/escape.c src/value/json.c src/value/lifted.c src/value/number.c \
	src/value/shape.c src/value/show.c src/value/tall.c src/value/typename.c src/value/utf8.c src/value/value.c \
	src/value/words.c \
	src/stream/container_reader.c src/stream/content_event.c src/stream/content_json.c src/stream/crc.c \
	src/stream/reader.c \
	src/report/frames.c
libfdbg_la_CPPFLAGS = $(AM_CPPFLAGS)
libfdbg_la_LIBADD = $(XXHASH_LIBS) $(JANSSON_LIBS) -lm
# The interface's number: current:revision:age of libtool. A function more: current and age up. One less, or another
# meaning: current up, age 0, and a new node in the map.
libfdbg_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -Wl,--version-script=$(srcdir)/src/lib/libfdbg.map
EXTRA_libfdbg_la_DEPENDENCIES = src/lib/libfdbg.map
EXTRA_DIST += src/lib/libfdbg.map

fdbgincludedir = $(includedir)/fdbg
fdbginclude_HEADERS = include/fdbg/base.h include/fdbg/stream.h include/fdbg/value.h
pkgconfigdir = $(libdir)/pkgconfig
nodist_pkgconfig_DATA = fdbg.pc
