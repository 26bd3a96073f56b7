# FDBG_FUZZING: --enable-fuzzing builds the fuzz targets with libFuzzer (needs clang), and everything with the coverage that
# libFuzzer is led by; comes behind FDBG_SANITIZERS, whose flags it adds that to. Without it the same
# targets are linked with a driver that runs each file given on the command line, so that `make check` can
# replay the seed corpus with any compiler.
AC_DEFUN([FDBG_FUZZING], [
  AC_ARG_ENABLE([fuzzing],
    [AS_HELP_STRING([--enable-fuzzing], [build the fuzz targets with libFuzzer (clang)])],
    [], [enable_fuzzing=no])
  fdbg_fuzz=
  AS_IF([test "x$enable_fuzzing" = xyes], [
    fdbg_fuzz="-fsanitize=fuzzer"
    fdbg_san="$fdbg_san -fsanitize=fuzzer-no-link"])
  AC_SUBST([FDBG_SANITIZER_CFLAGS], [$fdbg_san])
  AC_SUBST([FDBG_FUZZ_LDFLAGS], [$fdbg_fuzz])
  AM_CONDITIONAL([FUZZING], [test "x$enable_fuzzing" = xyes])
])
