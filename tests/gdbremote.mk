# The remote protocol: without a server, against a scripted one, and against the real gdbserver.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/gdbremote tests/unit/gdbserver tests/unit/session tests/unit/gdbserver_target
TESTS += tests/unit/gdbremote tests/unit/gdbserver tests/unit/session
endif
tests_unit_gdbremote_SOURCES = tests/unit/gdbremote.c
tests_unit_gdbremote_LDADD = $(UNIT_LIBS)
tests_unit_gdbserver_SOURCES = tests/unit/gdbserver.c
tests_unit_gdbserver_LDADD = $(UNIT_LIBS)
tests_unit_session_SOURCES = tests/unit/session.c
tests_unit_session_LDADD = $(UNIT_LIBS)
# Traced, so neither sanitized nor linked with the library.
tests_unit_gdbserver_target_SOURCES = tests/unit/gdbserver_target.c
tests_unit_gdbserver_target_CFLAGS = $(FDBG_STD_CFLAGS) $(FDBG_WARN_CFLAGS) -O1
tests_unit_gdbserver_target_LDFLAGS = -pthread
check_PROGRAMS += tests/fuzz/answers tests/fuzz/packet tests/fuzz/targetxml
tests_fuzz_answers_SOURCES = tests/fuzz/answers.c $(FUZZ_MAIN)
tests_fuzz_answers_LDADD = $(FDBG_LIBS)
tests_fuzz_answers_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_packet_SOURCES = tests/fuzz/packet.c $(FUZZ_MAIN)
tests_fuzz_packet_LDADD = $(FDBG_LIBS)
tests_fuzz_packet_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_targetxml_SOURCES = tests/fuzz/targetxml.c $(FUZZ_MAIN)
tests_fuzz_targetxml_LDADD = $(FDBG_LIBS)
tests_fuzz_targetxml_LDFLAGS = $(FUZZ_LINK)
