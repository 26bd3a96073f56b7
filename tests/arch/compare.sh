#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Compares the architecture layer with other tools on binaries of this machine, of rustc and of clang, as far as they are there.
here=${srcdir:-.}/tests/arch
tool=$PWD/tests/arch/tool
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
compared=0

compare()
{
	echo "== $1"
	python3 "$here/compare.py" "$tool" "$2" --all-moves
	case $? in
	0) compared=$((compared + 1)) ;;
	77) ;;
	*) exit 1 ;;
	esac
}

command -v python3 >/dev/null || { echo "SKIP: needs python3"; exit 77; }

# The tool itself, where the compiler is for a processor that fdbg knows
case $(uname -m) in
x86_64|aarch64) compare "the tool" "$tool" ;;
esac

if rustc --version >/dev/null 2>&1; then
	for level in 0 3; do
		if rustc -g -C opt-level=$level -o "$work/rust$level" "$here/sample.rs" 2>"$work/log"; then
			compare "Rust, opt-level $level" "$work/rust$level"
		else
			echo "rustc does not build the sample:"; head -3 "$work/log"
		fi
	done
else
	echo "no rustc here"
fi

if command -v clang >/dev/null; then
	# The headers of another processor will do: nothing of this is run.
	mkdir -p "$work/include/gnu" && : >"$work/include/gnu/stubs-32.h"
	include="-I$work/include -I/usr/include/$(clang -print-multiarch 2>/dev/null || gcc -print-multiarch) -I$here/../../src -I$here/../.."
	for source in "$here/aarch64.S" "$here/../../arch/aarch64_prologue.c" "$here/../../src/base/buf.c"; do
		for level in 0 2; do
			# shellcheck disable=SC2086
			if clang --target=aarch64-linux-gnu $include -D_GNU_SOURCE -O$level -g -c -o "$work/arm.o" "$source" \
				2>"$work/log"; then
				compare "aarch64, $(basename "$source"), -O$level" "$work/arm.o"
			else
				echo "clang does not build $source for aarch64:"; head -3 "$work/log"
			fi
		done
	done
else
	echo "no clang here"
fi
test $compared -gt 0 || { echo "SKIP: nothing could be compared"; exit 77; }
