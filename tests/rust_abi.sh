#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Compares where random types are returned, worked out from DWARF, with the signatures that rustc gives LLVM.
set -eu

. "${srcdir:=.}/tests/lib.sh"

command -v "${RUSTC:=rustc}" >/dev/null 2>&1 || skip "no rustc on PATH"
command -v python3 >/dev/null 2>&1 || skip "no python3 on PATH"
[ "$(uname -m)" = x86_64 ] || skip "the signatures compared are those of x86_64"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for seed in 1 2; do
	python3 "$srcdir/tests/rust_abi.py" generate "$seed" 500 >"$work/abi.rs"
	"$RUSTC" --edition 2021 -g --emit llvm-ir="$work/abi.ll",link="$work/abi" "$work/abi.rs" 2>"$work/errors" ||
		fail "rustc cannot compile seed $seed: $(cat "$work/errors")"
	"$FDBG_TEST_BIN/rust_abi_print" "$work/abi" abi >"$work/places"
	python3 "$srcdir/tests/rust_abi.py" compare "$work/abi.ll" 500 <"$work/places" || fail "seed $seed"
done
