# The remote protocol.
libfdbgcore_a_SOURCES += \
	gdbremote/breakpoints.c \
	gdbremote/description.c gdbremote/description.h \
	gdbremote/enter.c \
	gdbremote/handshake.c \
	gdbremote/hostio.c gdbremote/hostio.h \
	gdbremote/launch.c gdbremote/launch.h \
	gdbremote/memory.c \
	gdbremote/output.c \
	gdbremote/packet.c gdbremote/packet.h \
	gdbremote/program.c gdbremote/program.h \
	gdbremote/private.h \
	gdbremote/queue.c \
	gdbremote/registers.c \
	gdbremote/server.c gdbremote/server.h \
	gdbremote/session.c gdbremote/session.h \
	gdbremote/signals.c gdbremote/signals.h \
	gdbremote/stop.c gdbremote/stop.h \
	gdbremote/target.c \
	gdbremote/transport.c gdbremote/transport.h
