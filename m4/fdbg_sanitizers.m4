# FDBG_SANITIZERS: --enable-sanitizers builds everything with ASan and UBSan.
AC_DEFUN([FDBG_SANITIZERS], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers], [build with the address and undefined-behaviour sanitizers])],
    [], [enable_sanitizers=no])
  fdbg_san=
  AS_IF([test "x$enable_sanitizers" = xyes],
    [fdbg_san="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"])
  AC_SUBST([FDBG_SANITIZER_CFLAGS], [$fdbg_san])
])
