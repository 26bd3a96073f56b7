#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The end-to-end tests as one automake test: `make check` runs it, `make check E2E=no` leaves it out.
# Arguments go to run.py. By hand, in the build folder: ../tests/e2e/run.sh test_fib.py
if [ "${E2E:-yes}" = no ]; then
	echo "skipped: E2E=no was asked for"
	exit 77
fi
here=$(dirname "$0")
: "${PYTHON:=python3}"
for tool in "$PYTHON" "${RUSTC:-rustc}"; do
	if ! command -v "$tool" >/dev/null 2>&1; then
		echo "skipped: there is no $tool"
		exit 77
	fi
done
: "${FDBG:=./fdbg}"
export FDBG
exec "$PYTHON" "$here/run.py" "$@"
