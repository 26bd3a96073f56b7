#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# fdbg-values(7) is what doc/md2man.awk makes of doc/values.md.
doc=${srcdir:-.}/doc
made=$(mktemp) || exit 1
trap 'rm -f "$made"' EXIT
awk -f "$doc/md2man.awk" "$doc/values.md" >"$made" && diff -u "$doc/man/fdbg-values.7" "$made" || {
	echo "FAIL: awk -f doc/md2man.awk doc/values.md >doc/man/fdbg-values.7"
	exit 1
}
