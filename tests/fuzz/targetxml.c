/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fuzz target: target descriptions that include parts of themselves. */
#include "gdbremote/description.h"

struct input {
	const uint8_t *data;
	size_t size;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file is the part of the input behind as many bytes as its name has. */
static struct fdbg_error *give_part(void *context, const char *name, struct fdbg_buf *buf)
{
	const struct input *input = context;
	size_t skip = strlen(name);

	if (skip < input->size)
		fdbg_buf_append(buf, input->data + skip, input->size - skip);
	return fdbg_buf_error(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct fdbg_description description = { 0 };
	struct fdbg_error *err;

	err = fdbg_description_parse(&description, (struct fdbg_text){ (const char *)data, size }, give_part, &input);
	if (!err)
		err = fdbg_description_finish(&description);
	fdbg_error_destroy(err);
	fdbg_description_deinit(&description);
	return 0;
}
