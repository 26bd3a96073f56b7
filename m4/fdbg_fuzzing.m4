# FDBG_FUZZING: --enable-fuzzing builds the fuzz targets with libFuzzer (needs clang). Without it the same
# targets are linked with a driver that runs each file given on the command line, so that `make check` can
# replay the seed corpus with any compiler.
AC_DEFUN([FDBG_FUZZING], [
  AC_ARG_ENABLE([fuzzing],
    [AS_HELP_STRING([--enable-fuzzing], [build the fuzz targets with libFuzzer (clang)])],
    [], [enable_fuzzing=no])
  fdbg_fuzz=
  AS_IF([test "x$enable_fuzzing" = xyes], [fdbg_fuzz="-fsanitize=fuzzer"])
  AC_SUBST([FDBG_FUZZ_LDFLAGS], [$fdbg_fuzz])
  AM_CONDITIONAL([FUZZING], [test "x$enable_fuzzing" = xyes])
])
