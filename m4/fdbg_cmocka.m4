# FDBG_CMOCKA: the unit tests need cmocka; without it the program still builds.
AC_DEFUN([FDBG_CMOCKA], [
  PKG_CHECK_MODULES([CMOCKA], [cmocka], [have_cmocka=yes], [have_cmocka=no])
  AM_CONDITIONAL([HAVE_CMOCKA], [test "x$have_cmocka" = xyes])
])
