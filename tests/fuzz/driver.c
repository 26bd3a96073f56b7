/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A main for the fuzz targets where there is no libFuzzer: runs each file that is given. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		uint8_t *data = NULL;
		size_t size = 0;
		long end;

		if (!file || fseek(file, 0, SEEK_END) || (end = ftell(file)) < 0) {
			fprintf(stderr, "cannot read %s\n", argv[i]);
			return 2;
		}
		rewind(file);
		/* Exactly as large as the input, so that a sanitizer sees a read behind it. */
		data = malloc(end ? (size_t)end : 1);
		if (data)
			size = fread(data, 1, (size_t)end, file);
		fclose(file);
		if (!data || size != (size_t)end) {
			fprintf(stderr, "cannot read %s\n", argv[i]);
			return 2;
		}
		LLVMFuzzerTestOneInput(data, size);
		free(data);
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}
