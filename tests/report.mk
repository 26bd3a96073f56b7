# Values as text, the reports, the reading commands; text against that of rustc.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/options tests/unit/render tests/unit/report
TESTS += tests/unit/options tests/unit/render tests/unit/report
endif
tests_unit_options_SOURCES = tests/unit/options.c src/cli/options.c src/cli/complete.c
tests_unit_options_LDADD = $(UNIT_LIBS)
tests_unit_render_SOURCES = tests/unit/render.c
tests_unit_render_LDADD = $(UNIT_LIBS)
tests_unit_report_SOURCES = tests/unit/report.c
tests_unit_report_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/fuzz/render
tests_fuzz_render_SOURCES = tests/fuzz/render.c $(FUZZ_MAIN)
tests_fuzz_render_LDADD = $(FDBG_LIBS)
tests_fuzz_render_LDFLAGS = $(FUZZ_LINK)
check_PROGRAMS += tests/make_recording tests/render_print
tests_make_recording_SOURCES = tests/make_recording.c
tests_make_recording_LDADD = $(FDBG_LIBS)
tests_render_print_SOURCES = tests/render_print.c
tests_render_print_LDADD = $(FDBG_LIBS)
TESTS += tests/cli.sh tests/reports.sh tests/samples.sh tests/render_oracle.sh
EXTRA_DIST += tests/cli.sh tests/lib.sh tests/reports.sh tests/samples.sh tests/render_oracle.sh tests/render_oracle.rs
