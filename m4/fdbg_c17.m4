# FDBG_C17: ask for C17 with GNU extensions.
AC_DEFUN([FDBG_C17], [
  AC_LANG_PUSH([C])
  fdbg_save_CFLAGS="$CFLAGS"
  CFLAGS="$CFLAGS -std=gnu17"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[]], [[_Static_assert(__STDC_VERSION__ >= 201710L, "C17");]])],
    [fdbg_std="-std=gnu17"],
    [AC_MSG_ERROR([the compiler $CC cannot do C17 with GNU extensions (gcc 8 or clang 7 can)])])
  CFLAGS="$fdbg_save_CFLAGS"
  AC_LANG_POP([C])
  AC_SUBST([FDBG_STD_CFLAGS], [$fdbg_std])
])
