#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The manual pages: each command's options are those of its --help, with their arguments, in both directions; fdbg(1) names
# every command; every page and every file that a page names is there; the formatters have nothing to complain about.
fdbg=${FDBG:-./fdbg}
man_dir=${srcdir:-.}/doc/man
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
	echo "FAIL: $*"
	failed=1
}

# `  -o, --output=FILE     text` -> `-o, --output=FILE`
help_options() {
	sed -n 's/^ \{2,6\}\(-[^ ].*\)$/\1/p' "$1" | sed 's/   *.*//' | sort
}

# The line behind .TP that begins with an option, without fonts and escapes.
page_options() {
	awk 'tag { print; tag = 0 } /^\.TP/ { tag = 1 }' "$1" | sed 's/\\f[A-Z]//g; s/\\-/-/g' | grep '^-' | sort
}

commands=$("$fdbg" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\)  .*/\1/p')
[ -n "$commands" ] || fail "fdbg --help lists no commands"
for command in $commands; do
	grep -q "^\\\\fB$command\\\\fR\$" "$man_dir/fdbg.1" || fail "fdbg.1 does not name the command $command"
	# A command that this build has not.
	"$fdbg" "$command" --help >"$work/help" 2>/dev/null || continue
	page=$man_dir/fdbg-$command.1
	[ -f "$page" ] || { fail "there is no $page"; continue; }
	help_options "$work/help" >"$work/of_help"
	page_options "$page" >"$work/of_page"
	grep -q '^-h, --help$' "$work/of_help" || fail "no options found in fdbg $command --help"
	diff -u "$work/of_help" "$work/of_page" || fail "options: fdbg $command --help (-), $page (+)"
done

# References between the pages.
for page in "$man_dir"/*; do
	sed -n 's/^\.BR \(fdbg[a-z\\-]*\) (\([157]\)).*/\1.\2/p' "$page" | sed 's/\\-/-/g' | while read -r name; do
		[ -f "$man_dir/$name" ] || echo "$page: $name is not there"
	done
done >"$work/dangling"
[ ! -s "$work/dangling" ] || fail "$(cat "$work/dangling")"
for file in "${srcdir:-.}"/share/visualizers/*.vis; do
	name=$(basename "$file" .vis)
	grep -q "\\b$name\\b" "$man_dir/fdbg-visualizers.5" || fail "fdbg-visualizers.5 does not name $name"
done

if groff --version >/dev/null 2>&1; then
	for page in "$man_dir"/*; do
		groff -man -Tutf8 -K utf8 -ww -z "$page" >"$work/warnings" 2>&1
		[ ! -s "$work/warnings" ] || fail "groff: $(cat "$work/warnings")"
	done
fi
if command -v mandoc >/dev/null 2>&1; then
	for page in "$man_dir"/*; do
		mandoc -Tlint -W error "$page" >"$work/warnings" 2>&1
		[ ! -s "$work/warnings" ] || fail "mandoc: $(cat "$work/warnings")"
	done
fi
[ $failed -eq 0 ] && echo "$(echo "$commands" | wc -w) commands, $(ls "$man_dir" | wc -l) pages"
exit $failed
