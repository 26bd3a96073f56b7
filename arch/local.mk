# arch
libfdbgcore_a_SOURCES += \
	arch/aarch64.c \
	arch/aarch64.h \
	arch/aarch64_decode.c \
	arch/aarch64_effect.c \
	arch/aarch64_move.c \
	arch/aarch64_prologue.c \
	arch/aarch64_result.c \
	arch/arch.c \
	arch/arch.h \
	arch/disasm.c \
	arch/disasm.h \
	arch/frame_values.c \
	arch/frame_values.h \
	arch/effect.c \
	arch/effect.h \
	arch/result.c \
	arch/result.h \
	arch/x86_64.c \
	arch/x86_64.h \
	arch/x86_64_decode.c \
	arch/x86_64_effect.c \
	arch/x86_64_move.c \
	arch/x86_64_prologue.c \
	arch/x86_64_result.c
