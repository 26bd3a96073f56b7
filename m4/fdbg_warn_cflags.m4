# FDBG_WARN_CFLAGS: the warnings that the project keeps clean; --enable-werror makes them errors (CI does).
AC_DEFUN([FDBG_WARN_CFLAGS], [
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors])],
    [], [enable_werror=no])
  fdbg_warn="-Wall -Wextra -Wshadow -Wstrict-prototypes"
  AS_IF([test "x$enable_werror" = xyes], [fdbg_warn="$fdbg_warn -Werror"])
  AC_SUBST([FDBG_WARN_CFLAGS], [$fdbg_warn])
])
