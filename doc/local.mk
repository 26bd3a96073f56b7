# Manual pages; tests/man.sh compares them with what the commands say of themselves.
dist_man_MANS = \
	doc/man/fdbg.1 \
	doc/man/fdbg-cargo.1 \
	doc/man/fdbg-diff.1 \
	doc/man/fdbg-doctor.1 \
	doc/man/fdbg-dump.1 \
	doc/man/fdbg-export.1 \
	doc/man/fdbg-functions.1 \
	doc/man/fdbg-heap.1 \
	doc/man/fdbg-index.1 \
	doc/man/fdbg-info.1 \
	doc/man/fdbg-list-targets.1 \
	doc/man/fdbg-record.1 \
	doc/man/fdbg-report.1 \
	doc/man/fdbg-show.1 \
	doc/man/fdbg-tui.1 \
	doc/man/fdbg-verify.1 \
	doc/man/fdbg-filters.5 \
	doc/man/fdbg-remote.7 \
	doc/man/fdbg-stream.5 \
	doc/man/fdbg-visualizers.5 \
	doc/man/fdbg-values.7 \
	doc/man/libfdbg.3
exampledir = $(docdir)/examples
dist_example_DATA = doc/count_calls.c
