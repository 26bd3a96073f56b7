#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# What debian/ says agrees with the rest: the version is configure's, and what the build takes from quickstart is in
# Build-Depends, too.
. "${srcdir:-.}/tests/lib.sh"
top=${srcdir:-.}
version=$(sed -n 's/^AC_INIT(\[fdbg\], \[\([^]]*\)\]).*/\1/p' "$top/configure.ac")
[ -n "$version" ] || fail "configure.ac tells no version"
check "version of debian/changelog" "$version" "$(sed -n '1s/^fdbg (\([^)]*\)).*/\1/p' "$top/debian/changelog")"
# Libraries that the tests alone take come behind this line.
build=$(sed '/= check \] || return 0/q' "$top/quickstart" | grep has_lib | grep -o 'want [a-z0-9-]*-dev$' | sed 's/want //' | sort -u)
[ "$(echo "$build" | wc -l)" -ge 5 ] || fail "found only these libraries in quickstart: $build"
for package in $build; do
	sed -n '/^Build-Depends:/,/^[A-Z]/p' "$top/debian/control" | grep -q "^[^<]*[ ,]$package[ ,]*\$" ||
		fail "debian/control: Build-Depends does not name $package"
done
