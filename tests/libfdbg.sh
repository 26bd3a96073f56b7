#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The library as others see it: installed, found by pkg-config alone, with the symbols of its headers and no others,
# without exit and print; the example of the manual compiles and counts; locales change nothing.
set -eu

. "${srcdir:=.}/tests/lib.sh"

command -v pkg-config >/dev/null 2>&1 || skip "there is no pkg-config"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: "${CC:=cc}"
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR 2>/dev/null || true
make -s -C "${builddir:-.}" DESTDIR="$work/root" install-libLTLIBRARIES install-fdbgincludeHEADERS \
	install-nodist_pkgconfigDATA >"$work/log" 2>&1 || { cat "$work/log"; fail "make install"; }

pc=$(find "$work/root" -name fdbg.pc)
[ -n "$pc" ] || fail "fdbg.pc is not installed"
PKG_CONFIG_PATH=$(dirname "$pc")
PKG_CONFIG_SYSROOT_DIR=$work/root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
flags=$(pkg-config --cflags --libs fdbg) || fail "pkg-config does not find fdbg"
cflags=$(pkg-config --cflags fdbg)
library=$(dirname "$pc")/../libfdbg.so.0
[ -e "$library" ] || fail "there is no libfdbg.so.0"
LD_LIBRARY_PATH=$(dirname "$library")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

# The example, with nothing but what pkg-config says.
example() {
	# shellcheck disable=SC2086
	$CC -std=gnu99 -Wall -Wextra -Werror ${SANITIZER_CFLAGS:-} -o "$work/$1" "$2" $flags || fail "$2 does not compile"
}
example count_calls "$srcdir/doc/count_calls.c"
[ "$(wc -l <"$srcdir/doc/count_calls.c")" -le 40 ] || fail "the example has more than 40 lines"
n=0
for file in "$srcdir"/tests/samples/*.firedbg.ss; do
	"$work/count_calls" "$file" | sort >"$work/counted" || fail "count_calls $file"
	"$FDBG" dump --values=none "$file" | sed -n 's/^{"event":"call".*"function":"\([^"]*\)".*/\1/p' | sort | uniq -c |
		sed 's/^ *//' | awk '{ n = $1; sub(/^[0-9]+ /, ""); printf "%8d  %s\n", n, $0 }' | sort >"$work/dumped"
	[ -s "$work/dumped" ] || fail "no calls in $file"
	diff "$work/dumped" "$work/counted" || fail "$file is counted wrongly"
	n=$((n + 1))
done
check "samples" 8 $n
status=0
"$work/count_calls" "$work/missing" 2>"$work/err" || status=$?
check "a missing file" "1 count_calls: $work/missing: no such file" "$status $(cat "$work/err")"
head -c 5000 "$srcdir/tests/samples/"roll*.firedbg.ss >"$work/cut"
status=0
"$work/count_calls" "$work/cut" >"$work/out" 2>"$work/err" || status=$?
check "a cut file" 1 $status
grep -q 'the file ends at offset 5000' "$work/err" || fail "a cut file: $(cat "$work/err")"
[ -s "$work/out" ] || fail "nothing is counted of a cut file"

# The manual shows the example as it is.
sed -n '/^\.\\" count_calls\.c$/,/^\.EE$/p' "$srcdir/doc/man/libfdbg.3" | sed '1,2d; $d' | sed 's/\\e/\\/g; s/^\\&//; s/\\-/-/g' |
	diff "$srcdir/doc/count_calls.c" - || fail "the example of the manual is another one"

# Headers: each by itself, as C99 and C++, and every function that they declare is in the library and nothing else.
for header in base value stream; do
	echo "#include <fdbg/$header.h>" >"$work/one.c"
	# shellcheck disable=SC2086
	$CC -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only $cflags "$work/one.c" 2>"$work/err" || {
		cat "$work/err"; fail "fdbg/$header.h does not stand alone"; }
	if command -v c++ >/dev/null 2>&1; then
		cp "$work/one.c" "$work/one.cc"
		# shellcheck disable=SC2086
		c++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only $(pkg-config --cflags fdbg) "$work/one.cc" || fail "fdbg/$header.h in C++"
	fi
done
find "$work/root" -name '*.h' -exec cat {} + | grep -o '\bfdbg_[a-z0-9_]*(' | tr -d '(' | sort -u >"$work/declared"
[ "$(wc -l <"$work/declared")" -gt 50 ] || fail "too few functions found in the headers"
nm -D --defined-only "$library" | awk '$2 == "T" || $2 == "D" || $2 == "B" || $2 == "R" { print $3 }' | sed 's/@.*//' | sort >"$work/exported"
diff "$work/declared" "$work/exported" || fail "the headers (-) and the library (+) differ"
nm -D --defined-only "$library" | grep -q 'fdbg_version@@FDBG_0' || fail "symbols have no version"
if [ -z "${SANITIZER_CFLAGS:-}" ]; then
	nm -D --undefined-only "$library" | awk '{ print $NF }' | sed 's/@.*//' |
		grep -E '^(exit|_exit|_Exit|abort|quick_exit|__assert_fail|printf|fprintf|vfprintf|puts|putchar|fputs|fwrite|perror|stdout|stderr|write|syslog|setlocale|signal|sigaction|__printf_chk|__fprintf_chk|strerror|strtok|gmtime|localtime)$' &&
		fail "the library exits, prints or changes the process"
	command -v readelf >/dev/null 2>&1 && { readelf -d "$library" | grep -q 'SONAME.*libfdbg\.so\.0\]' || fail "the soname"; }
	readelf -d "$library" | grep -E 'NEEDED.*(capstone|dwarf|elf|sqlite)' && fail "the library needs what it does not use"
fi

# Where a comma is the decimal point, floats are the same.
cat >"$work/locale.c" <<'END'
#include <fdbg/stream.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
	struct fdbg_reader *reader;
	const struct fdbg_message *message;
	char half[8], *text;
	struct fdbg_error *err;
	if (!setlocale(LC_ALL, "de_DE.UTF-8"))
		return 77;
	snprintf(half, sizeof(half), "%.1f", 0.5);
	if (argc < 2 || strcmp(half, "0,5"))
		return 77;
	for (err = fdbg_reader_open(argv[1], &reader); !err && !(err = fdbg_reader_next(reader, &message));)
		for (size_t i = 0; i < fdbg_event_get_n_values(message); i++) {
			if (fdbg_value_format(fdbg_event_get_value(message, i), FDBG_FORMAT_DEBUG, &text, NULL))
				return 1;
			puts(text);
			free(text);
		}
	fdbg_error_destroy(err);
	fdbg_reader_close(reader);
	snprintf(half, sizeof(half), "%.1f", 0.5);
	return strcmp(half, "0,5") ? 2 : 0;
}
END
example locale "$work/locale.c"
if command -v localedef >/dev/null 2>&1 && localedef -i de_DE -f UTF-8 "$work/de_DE.UTF-8" >/dev/null 2>&1; then
	"$FDBG_TEST_BIN/make_recording" floats "$work/floats.firedbg.ss"
	LOCPATH=$work "$work/locale" "$work/floats.firedbg.ss" >"$work/out" || fail "floats in another locale: $?"
	check "floats in another locale" "0.1 1e-7 2.5" "$(tr '\n' ' ' <"$work/out" | sed 's/ $//')"
else
	echo "no locale with a decimal comma: floats were tried in the C locale only"
fi
exit 0
