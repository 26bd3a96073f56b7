#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The reading commands used well and wrongly: help, exit status, messages, the newest file, a closed pipe.
set -eu

. "${srcdir:=.}/tests/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$FDBG_TEST_BIN/make_recording" tree "$work/tree.firedbg.ss"
tree=$work/tree.firedbg.ss

# refuses STATUS PATTERN WORDS…: the exit status, the message on standard error, nothing on standard output.
refuses() {
	want=$1
	pattern=$2
	shift 2
	status=0
	"$FDBG" "$@" >"$work/out" 2>"$work/err" || status=$?
	check "fdbg $*: exit status" "$want" "$status"
	[ -s "$work/out" ] && fail "fdbg $*: prints to standard output"
	head -1 "$work/err" | grep -q "^fdbg: " || fail "fdbg $*: message does not begin with 'fdbg: '"
	grep -q -e "$pattern" "$work/err" || fail "fdbg $*: no '$pattern' in: $(cat "$work/err")"
}

for command in show dump info verify index report; do
	"$FDBG" $command --help | grep -q "^Usage: fdbg $command" || fail "$command --help"
	"$FDBG" help $command | grep -q "^Usage: fdbg $command" || fail "help $command"
	"$FDBG" --help | grep -q "^  $command " || fail "$command is not in --help"
	refuses 1 '[Nn]o such file' $command "$work/missing"
	refuses 1 'irectory' $command "$work"
	printf 'not a stream, only text\n' >"$work/text"
	refuses 1 "$work/text" $command "$work/text"
	: >"$work/empty"
	refuses 1 "$work/empty" $command "$work/empty"
	refuses 2 "unknown or ambiguous option '--bogus'" $command --bogus
	refuses 2 "unknown option '-Z'" $command -Z "$tree"
	refuses 2 "unexpected 'b'" $command "$tree" b
	refuses 2 "Try 'fdbg $command --help'" $command --bogus
	refuses 2 "'--help' takes no value" $command --help=3
done
refuses 2 "'--depth' takes a whole number, not 'x'" show --depth=x "$tree"
refuses 2 "'--depth' takes a whole number, not '-1'" show --depth=-1 "$tree"
refuses 2 "'--depth' takes a whole number, not ''" show --depth= "$tree"
refuses 2 "'--depth' takes a whole number, not '99999999999999999999'" show --depth 99999999999999999999 "$tree"
refuses 2 "'--depth' needs a value" show --depth
refuses 2 "'--values' is one of debug, pretty, not 'json'" show --values=json "$tree"
refuses 2 "'--values' is one of debug, pretty, json, none, not 'x'" dump --values=x "$tree"
refuses 2 "there is no stream 'evnt'" dump --stream=info,evnt "$tree"
refuses 2 "there is no stream ''" dump --stream= "$tree"
refuses 2 "'--locations' takes no value" show --locations=yes "$tree"
refuses 1 "no thread 9; it has 7, 8" show --thread=9 "$tree"
refuses 1 "no frame 77" show --frame=77 "$tree"
refuses 2 "threads 7, 8 all have a frame 2; choose one with --thread" show --frame=2 "$tree"
refuses 2 "there is no command 'bogus'" help bogus

"$FDBG" --version | grep -q '^fdbg [0-9]' || fail "--version"
"$FDBG" show -- "$tree" >/dev/null || fail "-- ends options"
"$FDBG" show "$tree" --depth 0 >/dev/null || fail "options behind the file"
"$FDBG" dump --str=all "$tree" >/dev/null || fail "an option may be shortened"

# Without a FILE: the newest of the current directory.
mkdir "$work/dir" "$work/none"
"$FDBG_TEST_BIN/make_recording" foreign "$work/dir/b.firedbg.ss"
cp "$tree" "$work/dir/a.firedbg.ss"
touch -d '2020-01-01' "$work/dir/b.firedbg.ss"
(cd "$work/dir" && "$FDBG" show) | grep -q '^thread 7' || fail "show takes not the newest file"
touch "$work/dir/b.firedbg.ss"
touch -d '2020-01-01' "$work/dir/a.firedbg.ss"
(cd "$work/dir" && "$FDBG" show) | grep -q 'app::quiet' || fail "show takes not the newest file"
(cd "$work/none" && refuses 1 'there is no \*.firedbg.ss' show)

# A reader that goes away ends the command quietly; a full disk does not.
sample=$srcdir/tests/samples/longest-common-subseq-test_test_lcs_1-1706727198456.firedbg.ss
{
	status=0
	"$FDBG" dump --values=json "$sample" 2>"$work/err" || status=$?
	echo $status >"$work/status"
} | head -1 >/dev/null
check "a closed pipe: status" 0 "$(cat "$work/status")"
check "a closed pipe: message" '' "$(cat "$work/err")"
if [ -w /dev/full ]; then
	status=0
	"$FDBG" dump "$tree" >/dev/full 2>"$work/err" || status=$?
	check "a full disk: status" 1 $status
	grep -q '^fdbg: cannot write to standard output' "$work/err" || fail "a full disk: $(cat "$work/err")"
	status=0
	"$FDBG" show --help >/dev/full 2>"$work/err" || status=$?
	check "help to a full disk: status" 1 $status
fi
# No colour into a pipe.
"$FDBG" show "$tree" | grep -q "$(printf '\033')" && fail "escapes in a pipe"
exit 0
