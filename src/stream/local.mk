# src/stream
libfdbgcore_a_SOURCES += \
	src/stream/container.h \
	src/stream/container_reader.c \
	src/stream/container_writer.c \
	src/stream/content.h \
	src/stream/content_event.c \
	src/stream/content_json.c \
	src/stream/crc.c \
	src/stream/format.h \
	src/stream/message.h \
	src/stream/reader.c \
	src/stream/reader.h \
	src/stream/writer.c \
	src/stream/writer.h
EXTRA_DIST += doc/stream.md
