#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# What `fdbg show` can be asked for: parts, errors, texts, folds, JSON; wrong questions.
set -eu

. "${srcdir:=.}/tests/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree.firedbg.ss
many=$work/many.firedbg.ss
"$FDBG_TEST_BIN/make_recording" tree "$tree"
"$FDBG_TEST_BIN/make_many" 3000 "$many"

check "show --errors" 'thread 7
app::main() -> ()
  app::risky(x=<unreadable>, y=<optimized out>) !! unwound
    app::inner::boom() !! panicked !! unwound
  app::inner::check() -> Err("bad \"x\"")' "$("$FDBG" show --errors "$tree")"
check "show --grep" 'thread 7
app::main() -> ()
  app::inner::check() -> Err("bad \"x\"")' "$("$FDBG" show --grep='bad \"' "$tree")"
check "show --grep finds arguments and locals" 'app::main() -> ()
  app::add(a=1, b=2) -> 3
    dbg! a + b = 3' "$("$FDBG" show --thread=7 -g 3 "$tree")"
check "show --grep does not look at names" '' "$("$FDBG" show --grep=add "$tree")"
check "show --errors --grep: both" '' "$("$FDBG" show --errors --grep=2 "$tree")"

# Parts: the open calls are told again, a call that ends behind the part has its value all the same.
check "show --from --to by number" 'thread 7
app::main() -> () (began earlier)
  app::add(a=1, b=2) -> 3 (began earlier)

thread 8
app::worker(list=[1, 2]) …' "$("$FDBG" show --from='#4' --to='#5' "$tree")"
check "show --from by time since the beginning" 'app::main() -> () (began earlier)
  app::inner::check() -> Err("bad \"x\"")
    future enter fn = "app::fetch"
    future exit fn = "app::fetch"' "$("$FDBG" show --thread=7 --from=12ms "$tree")"
by_span=$("$FDBG" show --from=0.012 --to=0.016s "$tree")
check "show by date" "$by_span" "$("$FDBG" show --from=2026-01-02T03:04:05.690Z --to=2026-01-02T03:04:05.694 "$tree")"
check "show of one event" 'app::main() -> () (began earlier)
  app::risky(x=<unreadable>, y=<optimized out>) !! unwound (began earlier)
    app::inner::boom() !! unwound (began earlier)
      <app::Guard as core::ops::drop::Drop>::drop() -> <unreadable>' \
	"$("$FDBG" show --thread=7 --from='#9' --to='#9' "$tree")"
check "show of one event: what is open in the other thread" 'thread 8
app::worker(list=[1, 2]) … (began earlier)' "$("$FDBG" show --from='#9' --to='#9' "$tree" | tail -2)"
check "show of a part: what is open, in all threads" 'thread 1
app::main() -> () (began earlier)
thread 2
app::worker() -> () (began earlier)
thread 3
app::worker() -> () (began earlier)
thread 4
app::worker() -> () (began earlier)' "$("$FDBG" show --from=2.5ms --to=0.003 "$many" | grep -e began -e thread | grep -v 'work::\|geo::')"
check "show of the end of a recording" '' "$("$FDBG" show --from='#99999' "$many")"
check "show of nothing" '' "$("$FDBG" show --from=1h "$tree")"
check "show --frame in a part" 'app::main() -> () (began earlier)
  app::risky(x=<unreadable>, y=<optimized out>) !! unwound (began earlier)
    app::inner::boom() !! panicked !! unwound' "$("$FDBG" show --frame=3 --from='#7' --to='#8' "$tree")"
# Parts beside each other are the whole: each call begins in exactly one of them.
all=$("$FDBG" show --json "$many" | grep -c '"kind":"call"')
parts=0
from=1
while [ $from -lt 3100 ]; do
	n=$("$FDBG" show --json --from="#$from" --to="#$((from + 499))" "$many" | grep '"kind":"call"' | grep -vc '"context":true') || true
	parts=$((parts + n))
	from=$((from + 500))
done
check "parts are the whole" "$all" $parts

check "show --fold" 'app::worker() -> ()
  app::work::process(name="item 1 of \"many\", called k1", at=Point { x: 1, y: -1 }) -> Ok(1)
    app::parse::number(name="item 1 of \"many\", called k1") -> Ok(1)
    app::geo::square(n=1) -> 0
    … 2 more calls of app::geo::square
    app::work::check(n=1) -> 0
  app::work::process(name="item 5 of \"many\", called k5", at=Point { x: 5, y: -5 }) -> Ok(5)' \
	"$("$FDBG" show --fold --thread=2 --from='#1' --to='#80' "$many" | grep -v began | head -7)"
for option in --json --errors --grep=k13; do
	"$FDBG" show $option "$many" >"$work/out"
	[ -s "$work/out" ] || fail "show $option prints nothing"
done
# An error is never folded away, and what a fold hides is counted.
check "folds hide no errors" "$("$FDBG" show "$many" | grep -c 'Err(\|!!')" "$("$FDBG" show --fold "$many" | grep -c 'Err(\|!!')"
hidden=$("$FDBG" show --fold "$many" | sed -n 's/.*… the \([0-9]*\) above \([0-9]*\) more times\( (\([0-9]*\) lines)\)\{0,1\}$/\1 \2 \4/p
s/.*… \([0-9]*\) more calls of [^(]*\( (\([0-9]*\) lines)\)\{0,1\}$/1 \1 \3/p' | awk '{ n += $3 ? $3 : $1 * $2 } END { print n + 0 }')
shown=$("$FDBG" show --fold "$many" | grep -vc '^ *… ')
check "lines of a fold" "$("$FDBG" show "$many" | wc -l | tr -d ' ')" $((hidden + shown))

# JSON: an object a line, with what the text says.
check "show --json" '{"kind":"call","sequence":2,"time":"2026-01-02T03:04:05.679Z","thread_id":7,"frame_id":2,"parent_frame_id":1,"depth":1,"function":"app::add","file":"src/main.rs","line":9,"args":[["a","1"],["b","2"]],"state":"returned","value":"3","return_time":"2026-01-02T03:04:05.681Z"}' \
	"$("$FDBG" show --json "$tree" | sed -n 2p)"
check "show --json: unwound, panicked" '"args":[],"state":"unwound","return_time":"2026-01-02T03:04:05.688Z","panicked":true}' \
	"$("$FDBG" show --json "$tree" | grep 'inner::boom' | grep -o '"args".*')"
check "show --json: values that are none" '"args":[["x",null],["y","<optimized out>"]]' \
	"$("$FDBG" show --json "$tree" | grep -o '"args":\[\["x[^}]*"\]\]')"
check "show --json: an error" '"value":"Err(\"bad \\\"x\\\"\")","return_time":"2026-01-02T03:04:05.693Z","error":true}' \
	"$("$FDBG" show --json "$tree" | grep -o '"value":"Err.*')"
check "show --json: a note" '{"kind":"breakpoint","sequence":3,"time":"2026-01-02T03:04:05.680Z","thread_id":7,"frame_id":2,"depth":2,"function":"app::add","locals":[["a + b","3"]]}' \
	"$("$FDBG" show --json "$tree" | grep breakpoint)"
check "show --json: open" 2 "$("$FDBG" show --json "$tree" | grep -c '"state":"open"}$')"

# Wrong use.
refuses() {
	want=$1
	pattern=$2
	shift 2
	status=0
	"$FDBG" "$@" >"$work/out" 2>"$work/err" || status=$?
	check "fdbg $*: exit status" "$want" "$status"
	[ -s "$work/out" ] && fail "fdbg $*: prints to standard output"
	grep -q -e "$pattern" "$work/err" || fail "fdbg $*: no '$pattern' in: $(cat "$work/err")"
}
for when in '' x '#' '#x' '#-1' '#99999999999999999999' -1 1.2.3 1x 1.s ' 1' 2026-13-01T00:00:00Z 2026-02-30T00:00:00Z \
	2026-01-02T03:04:05Zx 2026-01-02 999999999999999999999h; do
	refuses 2 "option '--from': '$when' is no place in a recording" show --from="$when" "$tree"
done
refuses 2 '\-\-to lies before \-\-from' show --from='#9' --to='#8' "$tree"
refuses 2 '\-\-to lies before \-\-from' show --from=2s --to=100ms "$tree"
refuses 2 "option '--to': 'never'" show --to=never "$tree"
refuses 2 "'--grep' needs a text" show --grep= "$tree"
refuses 2 "'--json' takes no value" show --json=1 "$tree"
refuses 2 'does not go with --fold' show --json --fold "$tree"
refuses 2 "'--frame' takes a whole number" show --frame=x "$tree"
refuses 1 'no thread 9; it has 7, 8' show --thread=9 --to='#3' "$tree"
refuses 1 'no frame 99' show --frame=99 "$tree"
refuses 2 'threads 7, 8 all have a frame 2' show --frame=2 "$tree"
exit 0
