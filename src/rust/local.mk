# Names, the calling convention, values by type.
libfdbgcore_a_SOURCES += \
	src/rust/c_abi.c src/rust/c_abi.h src/rust/defined.c src/rust/defined.h \
	src/rust/decode.c src/rust/decode.h src/rust/decode_internal.h \
	src/rust/decode_btree.c src/rust/decode_btree_iter.c src/rust/decode_code.c src/rust/decode_fat.c src/rust/decode_io.c src/rust/decode_iter.c \
	src/rust/decode_maps.c src/rust/decode_plain.c src/rust/decode_rc.c \
	src/rust/decode_seq.c src/rust/decode_sort.c src/rust/decode_std.c src/rust/decode_sync.c \
	src/rust/decode_table.c src/rust/decode_unsized.c src/rust/decode_vtable.c \
	src/rust/describe.c \
	src/rust/demangle.h src/rust/demangle_legacy.c src/rust/demangle_v0.c \
	src/rust/names.c src/rust/names.h \
	src/rust/layout.c src/rust/layout.h \
	src/rust/returns.c src/rust/returns.h \
	src/rust/utf8.h \
	src/rust/visualize.c src/rust/visualize.h src/rust/visualize_spot.c \
	src/rust/visualizer.c src/rust/visualizer.h
