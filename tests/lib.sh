# SPDX-License-Identifier: MIT OR Apache-2.0
# What the script tests share. The makefile gives FDBG (the program), FDBG_TEST_BIN (the built test programs) and srcdir.

# Ends the test as skipped, with the reason.
skip() {
	echo "SKIP: $*"
	exit 77
}

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# check NAME EXPECTED ACTUAL
check() {
	[ "$2" = "$3" ] && return
	printf 'expected: %s\nactual:   %s\n' "$2" "$3" >&2
	fail "$1"
}
