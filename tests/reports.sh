#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# show, dump, info and verify on small recordings made by make_recording.
set -eu

. "${srcdir:=.}/tests/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
make() {
	"$FDBG_TEST_BIN/make_recording" "$1" "$work/$1.firedbg.ss"
}
make tree
make foreign
make hostile
tree=$work/tree.firedbg.ss

check "show" 'thread 7
app::main() -> ()
  app::add(a=1, b=2) -> 3
    dbg! a + b = 3
  app::risky(x=<unreadable>, y=<optimized out>) !! unwound
    app::inner::boom() !! panicked !! unwound
      <app::Guard as core::ops::drop::Drop>::drop() -> <unreadable>
  app::inner::check() -> Err("bad \"x\"")
    future enter fn = "app::fetch"
    future exit fn = "app::fetch"

thread 8
app::worker(list=[1, 2]) …
  app::add(a=1, b=2) …' "$("$FDBG" show "$tree")"

check "show --thread --values=pretty --locations" 'app::worker(list=[
    1,
    2,
]) …  src/main.rs:3
  app::add(a=1, b=2) …  src/main.rs:9' "$("$FDBG" show --thread=8 --values=pretty --locations "$tree")"

check "show --filter keeps the depth" 'thread 7
    app::inner::boom() !! panicked !! unwound
  app::inner::check() -> Err("bad \"x\"")
    future enter fn = "app::fetch"
    future exit fn = "app::fetch"

thread 8
app::worker(list=[1, 2]) …' "$("$FDBG" show --filter 'app::inner::*' --filter=app::worker "$tree")"

check "show --depth" 'thread 7
app::main() -> ()

thread 8
app::worker(list=[1, 2]) …' "$("$FDBG" show --depth=0 "$tree")"

check "show --frame with the calls around it" 'app::main() -> ()
  app::risky(x=<unreadable>, y=<optimized out>) !! unwound
    app::inner::boom() !! panicked !! unwound
      <app::Guard as core::ops::drop::Drop>::drop() -> <unreadable>' "$("$FDBG" show --frame=3 "$tree")"
check "show --frame --depth counts from the frame" 'app::main() -> ()
  app::risky(x=<unreadable>, y=<optimized out>) !! unwound' \
	"$("$FDBG" show --frame=3 --depth=0 "$tree")"
check "show --frame --thread" 'app::worker(list=[1, 2]) …
  app::add(a=1, b=2) …' "$("$FDBG" show --frame=2 --thread=8 "$tree")"

check "show of a recording without marks on unwound frames" 'app::main() -> <unreadable>
  app::quiet() -> <unreadable>
  app::outer() -> 0
    app::boom() !! panicked !! unwound
      app::drop() -> <unreadable>
  app::quiet() -> <unreadable>' "$("$FDBG" show "$work/foreign.firedbg.ss")"

# A call that was left without a return has no value, and is not unwound: everything says so.
make lost
lost=$work/lost.firedbg.ss
check "show: lost" 'app::main() !! return not recorded
  app::odd() !! return not recorded
    app::inner() -> 1
  app::odd() -> 2' "$("$FDBG" show "$lost")"
check "show --json: lost" '"depth":1,"function":"app::odd","file":"src/main.rs","line":9,"args":[],"state":"lost"}' \
	"$("$FDBG" show --json "$lost" | sed -n 2p | grep -o '"depth.*')"
check "show --errors: a lost call is none" '' "$("$FDBG" show --errors "$lost")"
check "dump: lost" '{"event":"return","time":"2026-01-02T03:04:05.682Z","thread_id":7,"frame_id":2,"depth":1,"function":"app::odd","value":null,"lost":true}' \
	"$("$FDBG" dump "$lost" | sed -n 5p)"
check "info: lost" 'errors      returns not recorded 2' "$("$FDBG" info "$lost" | grep '^errors')"
check "report: lost" '"unwound":0,"lost":1,"open":0' \
	"$("$FDBG" report --json "$lost" | grep -o '"function":"app::odd"[^}]*' | grep -o '"unwound".*')"
check "verify: lost" "OK, 19 messages, 8 events, 4 calls" "$("$FDBG" verify "$lost" | grep -o 'OK.*calls')"
check "export: lost" 2 "$("$FDBG" export --format=chrome "$lost" | grep -o '"end":"return not recorded"' | wc -l | tr -d ' ')"
check "diff: lost" 0 "$("$FDBG" diff "$lost" "$lost" | wc -l | tr -d ' ')"

# Not one control character of a hostile file may reach the terminal.
for command in show info "dump --stream=all" "show --values=pretty"; do
	out=$("$FDBG" $command "$work/hostile.firedbg.ss" | tr -d '\n')
	check "$command prints no controls" "$out" "$(printf '%s' "$out" | tr -d '\000-\037\177')"
done
check "a hostile call is one line" 1 "$("$FDBG" show "$work/hostile.firedbg.ss" | wc -l | tr -d ' ')"

# The example lines of the command line's contract.
check "dump: call" '{"event":"call","time":"2026-01-02T03:04:05.679Z","thread_id":7,"frame_id":2,"parent_frame_id":1,"depth":1,"function":"app::add","file":"src/main.rs","line":9,"args":[["a","1"],["b","2"]]}' \
	"$("$FDBG" dump "$tree" | sed -n 2p)"
check "dump: return" '{"event":"return","time":"2026-01-02T03:04:05.681Z","thread_id":7,"frame_id":2,"depth":1,"function":"app::add","value":"3"}' \
	"$("$FDBG" dump "$tree" | sed -n 4p)"
check "dump: unwound" '"function":"app::risky","value":null,"unwound":true}' \
	"$("$FDBG" dump "$tree" | grep -o '"function":"app::risky","value.*')"
check "dump: unreadable return" '"value":null}' "$("$FDBG" dump "$tree" | grep -o '"value":null}')"
check "dump: unreadable and optimized out arguments" '"args":[["x",null],["y","<optimized out>"]]}' \
	"$("$FDBG" dump "$tree" | grep -o '"args":.*null.*')"
check "dump: panic" '{"event":"panic","time":"2026-01-02T03:04:05.685Z","thread_id":7,"frame_id":4,"depth":2,"function":"app::inner::boom","locals":[]}' \
	"$("$FDBG" dump "$tree" | grep '"event":"panic"')"
check "dump: breakpoint" '"locals":[["a + b","3"]]}' "$("$FDBG" dump "$tree" | grep '"event":"breakpoint"' | grep -o '"locals.*')"
check "dump: future" 2 "$("$FDBG" dump "$tree" | grep -c '"event":"future_e.*"function":"app::fetch"}$')"
check "dump: allocation" '{"event":"allocation","time":"2026-01-02T03:04:05.682Z","action":"Alloc","address":"0x55550000","type_name":"app::Node"}' \
	"$("$FDBG" dump --stream=allocation "$tree")"
check "dump: info" '{"event":"info","time":"2026-01-02T03:04:05.678Z","type":"Debugger","debugger":"FireDBG.for.Rust","version":"1","workspace_root":"/home/u/app","package_name":"app","target":"/home/u/app/target/debug/app","arguments":["-n","a b\n"],"recorder":"fdbg 0.1.0"}' \
	"$("$FDBG" dump --stream=info "$tree" | head -1)"
check "dump: streams" '      7 breakpoint_set
      2 file' "$("$FDBG" dump --stream=file,breakpoint "$tree" | sed 's/{"event":"\([^"]*\)".*/\1/' | sort | uniq -c)"
check "dump: all streams" 30 "$("$FDBG" dump --stream=all "$tree" | wc -l | tr -d ' ')"
check "dump --values=none" 0 "$("$FDBG" dump --values=none "$tree" | grep -c -e '"args"' -e '"value"' -e '"locals"' || true)"
check "dump --values=pretty" '"args":[["list","[\n    1,\n    2,\n]"]]}' \
	"$("$FDBG" dump --values=pretty "$tree" | grep -o '"args":\[\["list.*')"
check "dump --values=json" '"value":{"type":"Result","typename":"core::result::Result<(), &str>","variant":"Err","value":{"type":"String","typename":"&str","value":"bad \"x\""}}}' \
	"$("$FDBG" dump --values=json "$tree" | grep -o '"value":{"type":"Result".*')"

info=$("$FDBG" info "$tree")
for line in 'target      /home/u/app/target/debug/app' 'arguments   "-n" "a b\n"' 'recorder    fdbg 0.1.0' 'exit        0' \
	'started     2026-01-02T03:04:05.678Z' 'duration    0.018 s' \
	'streams     info 2, file 2, breakpoint 7, event 18, allocation 1' \
	'events      calls 8, returns 6, breakpoints 1, panics 1, future enters 1, future exits 1' \
	'threads     2, greatest depth 3' 'heap        1 allocated, 0 released' \
	'errors      panics 1, frames unwound 2, Err returned 1, values unreadable 2, values optimized out 1' \
	'         2  app::add' '         1  app::inner::check  (Err 1)'; do
	printf '%s\n' "$info" | grep -qxF "$line" || fail "info has not the line '$line'"
done

check "verify" "$tree: OK, 30 messages, 18 events, 8 calls, 16 values, 2 threads, 0 beacons, 2 frames left open" \
	"$("$FDBG" verify "$tree")"
"$FDBG" verify "$work/foreign.firedbg.ss" >/dev/null || fail "a good recording does not verify"
for kind in no-call not-top other-name frame-again frame-gap not-innermost unannounced file-gap breakpoint-file \
	breakpoint-again exit-twice; do
	make $kind
	status=0
	"$FDBG" verify "$work/$kind.firedbg.ss" >"$work/out" 2>"$work/err" || status=$?
	check "verify $kind: exit status" 1 $status
	[ -s "$work/out" ] && fail "verify $kind: prints to standard output"
	grep -q "^fdbg: $work/$kind.firedbg.ss: .* at offset [0-9]*$" "$work/err" || fail "verify $kind: $(cat "$work/err")"
	# The other reports take such a file as it is.
	"$FDBG" show "$work/$kind.firedbg.ss" >/dev/null || fail "show $kind"
	"$FDBG" dump "$work/$kind.firedbg.ss" >/dev/null || fail "dump $kind"
	"$FDBG" info "$work/$kind.firedbg.ss" >/dev/null || fail "info $kind"
done

# Every cut of a file is read up to there with a warning; no cut is a fault.
size=$(wc -c <"$tree")
all=$("$FDBG" dump --stream=all "$tree" | wc -l)
cut=128
while [ "$cut" -lt "$size" ]; do
	head -c "$cut" "$tree" >"$work/cut.firedbg.ss"
	for command in verify show info; do
		"$FDBG" $command "$work/cut.firedbg.ss" >/dev/null 2>"$work/err" || fail "$command of a file cut at $cut"
		grep -q '^fdbg: warning: .*cut short' "$work/err" || fail "$command of a file cut at $cut gives no warning"
	done
	n=$("$FDBG" dump --stream=all "$work/cut.firedbg.ss" 2>/dev/null | wc -l)
	[ "$n" -le "$all" ] || fail "more messages in a part than in the whole"
	cut=$((cut + 97))
done
# flip OFFSET: makes flip.firedbg.ss with another byte there, and verifies it.
flip() {
	cp "$tree" "$work/flip.firedbg.ss"
	printf '\377' | dd of="$work/flip.firedbg.ss" bs=1 seek="$1" conv=notrunc 2>/dev/null
	status=0
	"$FDBG" verify "$work/flip.firedbg.ss" >/dev/null 2>"$work/err" || status=$?
	check "verify of a byte changed at $1" 1 $status
	grep -q ' offset [0-9]*$' "$work/err" || fail "no offset: $(cat "$work/err")"
}
# A changed payload is found by its checksum, and what comes before it is still shown.
payload=$(grep -abo 'F6 7 6 ' "$tree" | cut -d: -f1)
flip $((payload + 5))
status=0
"$FDBG" show "$work/flip.firedbg.ss" >"$work/out" 2>/dev/null || status=$?
check "show of a broken file: status" 1 $status
grep -q 'app::add(a=1, b=2) -> 3' "$work/out" || fail "show of a broken file shows nothing"
# A changed length looks like a cut, but for the end of stream that is there.
flip $((payload - 4))
