#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The recordings of the published tools: they verify, and their values as JSON equal what the published indexer stored.
set -eu

. "${srcdir:=.}/tests/lib.sh"

n=0
for file in "$srcdir"/tests/samples/*.firedbg.ss; do
	"$FDBG" verify "$file" >/dev/null || fail "$file does not verify"
	"$FDBG" show "$file" >/dev/null || fail "$file cannot be shown"
	"$FDBG" info "$file" >/dev/null || fail "$file: no info"
	# The values of a line: what stands behind the last of its own keys.
	"$FDBG" dump --values=json "$file" |
		sed -E 's/^\{"event":"return".*"function":"[^"]*","value":(.*)\}$/\1/; s/^\{"event":.*"(args|locals)":(\[.*\])\}$/\2/' |
		diff "${file%.firedbg.ss}.data.jsonl" - || fail "$file: values differ from the indexer's"
	n=$((n + 1))
done
[ "$n" = 8 ] || fail "found $n samples, not 8"
