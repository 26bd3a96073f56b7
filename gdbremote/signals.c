/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Signal numbers: Linux's own and those that GDB's protocol defines. */
#include "gdbremote/signals.h"

#include <stddef.h>

#define GDB_REALTIME_33 45 /* 33 to 63 follow each other; 32 and 64 stand apart */
#define GDB_REALTIME_32 77
#define GDB_REALTIME_64 78

/* GDB's number of each Linux signal below 32: the list in GDB's include/gdb/signals.def, in Linux order. */
static const unsigned char gdb_numbers[32] = {
	[1] = 1,   /* HUP */
	[2] = 2,   /* INT */
	[3] = 3,   /* QUIT */
	[4] = 4,   /* ILL */
	[5] = 5,   /* TRAP */
	[6] = 6,   /* ABRT */
	[7] = 10,  /* BUS */
	[8] = 8,   /* FPE */
	[9] = 9,   /* KILL */
	[10] = 30, /* USR1 */
	[11] = 11, /* SEGV */
	[12] = 31, /* USR2 */
	[13] = 13, /* PIPE */
	[14] = 14, /* ALRM */
	[15] = 15, /* TERM */
	[17] = 20, /* CHLD */
	[18] = 19, /* CONT */
	[19] = 17, /* STOP */
	[20] = 18, /* TSTP */
	[21] = 21, /* TTIN */
	[22] = 22, /* TTOU */
	[23] = 16, /* URG */
	[24] = 24, /* XCPU */
	[25] = 25, /* XFSZ */
	[26] = 26, /* VTALRM */
	[27] = 27, /* PROF */
	[28] = 28, /* WINCH */
	[29] = 23, /* IO */
	[30] = 32, /* PWR */
	[31] = 12, /* SYS */
};

int fdbg_signal_to_gdb(int number)
{
	if (number > 0 && number < 32)
		return gdb_numbers[number];
	if (number == 32)
		return GDB_REALTIME_32;
	if (number == 64)
		return GDB_REALTIME_64;
	if (number > 32 && number < 64)
		return GDB_REALTIME_33 + number - 33;
	return 0;
}

int fdbg_signal_from_gdb(int number)
{
	for (size_t i = 1; i < sizeof(gdb_numbers); i++)
		if (gdb_numbers[i] && gdb_numbers[i] == number)
			return (int)i;
	if (number == GDB_REALTIME_32)
		return 32;
	if (number == GDB_REALTIME_64)
		return 64;
	if (number >= GDB_REALTIME_33 && number < GDB_REALTIME_33 + 31)
		return number - GDB_REALTIME_33 + 33;
	return 0;
}
