# The stream file and the encoding of values; recordings of other tools.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/encode tests/unit/stream
TESTS += tests/unit/encode tests/unit/stream
endif
tests_unit_encode_SOURCES = tests/unit/encode.c
tests_unit_encode_LDADD = $(UNIT_LIBS)
tests_unit_encode_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
tests_unit_stream_SOURCES = tests/unit/stream.c
tests_unit_stream_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/fuzz/content tests/fuzz/reader tests/fuzz/value
tests_fuzz_content_SOURCES = tests/fuzz/content.c $(FUZZ_MAIN)
tests_fuzz_content_LDADD = $(FDBG_LIBS)
tests_fuzz_content_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_reader_SOURCES = tests/fuzz/reader.c $(FUZZ_MAIN)
tests_fuzz_reader_LDADD = $(FDBG_LIBS)
tests_fuzz_reader_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_value_SOURCES = tests/fuzz/value.c $(FUZZ_MAIN)
tests_fuzz_value_LDADD = $(FDBG_LIBS)
tests_fuzz_value_LDFLAGS = $(FUZZ_LINK)
EXTRA_DIST += tests/samples
