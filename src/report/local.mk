# What a recording says: the call tree, JSON, numbers, checks.
libfdbgcore_a_SOURCES += \
	src/report/dump.c src/report/dump.h \
	src/report/filter.c src/report/filter.h \
	src/report/flow.c src/report/flow.h \
	src/report/fold.c src/report/fold.h \
	src/report/frames.c src/report/frames.h \
	src/report/info.c src/report/info.h \
	src/report/moment.c src/report/moment.h \
	src/report/recording.c src/report/recording.h \
	src/report/show.c src/report/show.h \
	src/report/show_internal.h \
	src/report/show_json.c \
	src/report/show_text.c \
	src/report/sink.h \
	src/report/spool.c src/report/spool.h \
	src/report/spread.c src/report/spread.h \
	src/report/time.c src/report/time.h \
	src/report/tree.c src/report/tree.h \
	src/report/verify.c src/report/verify.h
