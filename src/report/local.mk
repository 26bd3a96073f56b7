# What a recording says: the call tree, JSON, numbers, checks.
libfdbgcore_a_SOURCES += \
	src/report/compare.c src/report/compare.h \
	src/report/compare_print.c src/report/compare_print.h \
	src/report/dump.c src/report/dump.h \
	src/report/filter.c src/report/filter.h \
	src/report/frames.c src/report/frames.h \
	src/report/index.c src/report/index.h \
	src/report/index_db.c src/report/index_db.h \
	src/report/index_row.c src/report/index_row.h \
	src/report/info.c src/report/info.h \
	src/report/moment.c src/report/moment.h \
	src/report/profile.c src/report/profile.h \
	src/report/recording.c src/report/recording.h \
	src/report/report.c src/report/report.h \
	src/report/sequence.c src/report/sequence.h \
	src/report/show.c src/report/show.h \
	src/report/sink.h \
	src/report/time.c src/report/time.h \
	src/report/tree.c src/report/tree.h \
	src/report/verify.c src/report/verify.h
