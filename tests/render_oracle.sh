#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Compares {:?} of many numbers, characters and strings with what the Rust compiler's own Debug prints.
set -eu

. "${srcdir:=.}/tests/lib.sh"

command -v "${RUSTC:-rustc}" >/dev/null 2>&1 || skip "no rustc on PATH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${RUSTC:-rustc} -O -o "$work/oracle" "$srcdir/tests/render_oracle.rs" || fail "rustc cannot compile the oracle"

kinds="numbers characters strings"
unicode=$("$work/oracle")
minor=
case $unicode in
"(17, 0, 0)") ;;
"(14, 0, 0)") minor=63 ;;
*)
	echo "characters and strings are left out: this rustc has Unicode $unicode, the tables are of 17 and 14"
	kinds="numbers" ;;
esac
for kind in $kinds; do
	"$work/oracle" "$kind" >"$work/expected"
	"$FDBG_TEST_BIN/render_print" "$kind" $minor >"$work/actual"
	[ -s "$work/expected" ] || fail "$kind: the oracle printed nothing"
	if ! cmp -s "$work/expected" "$work/actual"; then
		diff "$work/expected" "$work/actual" | head -20
		fail "$kind differ from the compiler's Debug"
	fi
	echo "$kind: $(wc -l <"$work/expected") texts are equal"
done
