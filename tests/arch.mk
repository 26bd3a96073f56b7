# The architecture layer: units, execution in lockstep, comparison with other tools.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/arch
TESTS += tests/unit/arch
endif
tests_unit_arch_SOURCES = tests/unit/arch.c
tests_unit_arch_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/arch/lockstep tests/arch/tool
TESTS += tests/arch/lockstep tests/arch/compare.sh
tests_arch_lockstep_SOURCES = tests/arch/lockstep.c tests/arch/victim.c tests/arch/victim.h
tests_arch_lockstep_LDADD = $(FDBG_LIBS)
tests_arch_tool_SOURCES = tests/arch/tool.c
tests_arch_tool_LDADD = $(FDBG_LIBS)
EXTRA_DIST += tests/arch/aarch64.S tests/arch/compare.py tests/arch/compare.sh tests/arch/emulate.py \
	tests/arch/sample.rs
