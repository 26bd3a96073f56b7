# What a recording says: the call tree, JSON, numbers, checks.
libfdbgcore_a_SOURCES += \
	src/report/dump.c src/report/dump.h \
	src/report/filter.c src/report/filter.h \
	src/report/frames.c src/report/frames.h \
	src/report/heap.c src/report/heap.h \
	src/report/heap_json.c \
	src/report/heap_svg.c \
	src/report/heap_text.c \
	src/report/info.c src/report/info.h \
	src/report/recording.c src/report/recording.h \
	src/report/show.c src/report/show.h \
	src/report/sink.h \
	src/report/time.c src/report/time.h \
	src/report/tree.c src/report/tree.h \
	src/report/verify.c src/report/verify.h
