# Measurements. They are built with the tests and run by hand.
check_PROGRAMS += bench/roundtrip
bench_roundtrip_SOURCES = bench/roundtrip.c
bench_roundtrip_LDADD = $(FDBG_LIBS)
check_PROGRAMS += bench/events
bench_events_SOURCES = bench/events.c
bench_events_LDADD = $(FDBG_LIBS)
