#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Runs each fuzz target over its seed corpus, tests/fuzz/corpus/TARGET; render shares that of value.
set -e
status=77
for corpus in "${srcdir:-.}"/tests/fuzz/corpus/*; do
	target=tests/fuzz/$(basename "$corpus")
	[ -x "$target" ] || { echo "$target was not built"; exit 1; }
	echo "$target"
	"$target" "$corpus"/*
	[ "$target" != tests/fuzz/value ] || tests/fuzz/render "$corpus"/*
	status=0
done
exit $status
