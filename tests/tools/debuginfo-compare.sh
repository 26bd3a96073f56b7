#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Whole programs, ours against llvm-dwarfdump and readelf.
for tool in rustc python3 llvm-dwarfdump readelf; do
	command -v $tool >/dev/null 2>&1 || { echo "no $tool: skipped"; exit 77; }
done
srcdir=${srcdir:-.}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
status=0
for options in "-g" "-g -C dwarf-version=5" "-O -g" "-O -g -C dwarf-version=5"; do
	echo "== $options"
	rustc --edition 2021 --crate-name app $options -o "$dir/app" "$srcdir/tests/unit/debuginfo.rs" 2>"$dir/errors" || exit 1
	python3 "$srcdir/tests/tools/debuginfo-compare.py" tests/tools/debuginfo-list "$dir/app" || status=1
done
exit $status
