# SPDX-License-Identifier: MIT OR Apache-2.0
# FDBG_COMPLETION_DIR(SHELL, FOLDER): where the completions of a shell go, by default FOLDER, which is below the prefix
# whatever that is, so that nobody needs rights elsewhere.
AC_DEFUN([FDBG_COMPLETION_DIR], [
	AC_ARG_WITH([$1-completion-dir],
		[AS_HELP_STRING([--with-$1-completion-dir=DIR], [completions of $1 @<:@$2@:>@])],
		[AS_CASE([$withval], [yes | no], [AC_MSG_ERROR([--with-$1-completion-dir takes a folder])])
		$1completiondir=$withval], [$1completiondir='$2'])
	AC_SUBST([$1completiondir])
])
