# Errors, buffers, arena, cursor, hash tables, clock, log, views of target memory.
libfdbgcore_a_SOURCES += \
	src/base/arena.c src/base/arena.h \
	src/base/buf.c src/base/buf.h \
	src/base/clock.h \
	src/base/cursor.h \
	src/base/error.c src/base/error.h \
	src/base/log.c src/base/log.h \
	src/base/map.c src/base/map.h \
	src/base/memview.c src/base/memview.h \
	src/base/scope.h \
	src/base/text.h
