# ELF images, separate debug files, DWARF.
libfdbgcore_a_SOURCES += \
	src/debuginfo/abbrev.c src/debuginfo/abbrev.h \
	src/debuginfo/crate.c \
	src/debuginfo/debuginfo.c src/debuginfo/debuginfo.h \
	src/debuginfo/dwarf.c src/debuginfo/dwarf.h \
	src/debuginfo/dwarf_die.c src/debuginfo/dwarf_die.h \
	src/debuginfo/frame.c \
	src/debuginfo/function.c \
	src/debuginfo/image.c src/debuginfo/image.h src/debuginfo/image_internal.h src/debuginfo/image_private.h \
	src/debuginfo/inline.c \
	src/debuginfo/inlines.c \
	src/debuginfo/internal.h \
	src/debuginfo/leb.h \
	src/debuginfo/line_program.c src/debuginfo/line_program.h \
	src/debuginfo/lines.c \
	src/debuginfo/lists.c \
	src/debuginfo/location.c src/debuginfo/location.h \
	src/debuginfo/relocation.c \
	src/debuginfo/separate.c \
	src/debuginfo/simplify.c \
	src/debuginfo/symbols.c \
	src/debuginfo/type.c src/debuginfo/type.h src/debuginfo/type_build.c \
	src/debuginfo/unit.c src/debuginfo/unit.h \
	src/debuginfo/variable.c \
	src/debuginfo/vtable.c
