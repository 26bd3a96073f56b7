# FDBG_LIBDWARF: find libdwarf. Releases up to 20210528 have no pkg-config file and take an access word in
# dwarf_init_b; 0.1 and later dropped it.
AC_DEFUN([FDBG_LIBDWARF], [
  PKG_CHECK_MODULES([LIBDWARF], [libdwarf], [],
    [AC_CHECK_HEADER([libdwarf/libdwarf.h], [LIBDWARF_CFLAGS="-I/usr/include/libdwarf"],
       [AC_CHECK_HEADER([libdwarf.h], [], [AC_MSG_ERROR([libdwarf not found (Debian: apt install libdwarf-dev)])])])
     LIBDWARF_LIBS="-ldwarf"])
  fdbg_save_CPPFLAGS="$CPPFLAGS"
  CPPFLAGS="$CPPFLAGS $LIBDWARF_CFLAGS"
  AC_MSG_CHECKING([whether dwarf_init_b takes an access word])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <stddef.h>
#include <libdwarf.h>]], [[Dwarf_Debug d; Dwarf_Error e; return dwarf_init_b(0, DW_DLC_READ, 0, NULL, NULL, &d, &e);]])],
    [AC_MSG_RESULT([yes])
     AC_DEFINE([FDBG_DWARF_INIT_ACCESS], [1], [dwarf_init_b takes an access word (libdwarf before 0.1)])],
    [AC_MSG_RESULT([no])])
  CPPFLAGS="$fdbg_save_CPPFLAGS"
  AC_SUBST([LIBDWARF_CFLAGS])
  AC_SUBST([LIBDWARF_LIBS])
])
