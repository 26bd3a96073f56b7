/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The program: picks the subcommand and turns errors into text and exit status. */
#include <stdio.h>

int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fprintf(stderr, "fdbg: nothing here yet\n");
	return 125;
}
