# A real aarch64 machine under qemu-system-aarch64: not part of `make check`, as it downloads 160 MB and takes minutes.
EXTRA_DIST += tests/board/board.py tests/board/run tests/board/test_board.py
board: fdbg$(EXEEXT)
	FDBG='$(abs_top_builddir)/fdbg$(EXEEXT)' $(top_srcdir)/tests/board/run
.PHONY: board
