# What the Debian package says of itself; tests/deb/run installs it on a fresh system.
TESTS += tests/deb/control.sh
EXTRA_DIST += tests/deb/control.sh tests/deb/run
