# Measurements. They are built with the tests and run by hand.
check_PROGRAMS += bench/roundtrip
bench_roundtrip_SOURCES = bench/roundtrip.c
bench_roundtrip_LDADD = $(FDBG_LIBS)
