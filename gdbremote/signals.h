/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Signal numbers: Linux's own and those that GDB's protocol defines. */
#ifndef FDBG_GDBREMOTE_SIGNALS_H
#define FDBG_GDBREMOTE_SIGNALS_H

/*
 * gdbserver and qemu number signals as GDB does, lldb-server as Linux does (remote-protocol.md, section 7).
 * The Linux side is that of x86_64 and aarch64. A number without a counterpart gives 0.
 */
int fdbg_signal_from_gdb(int number);
int fdbg_signal_to_gdb(int number);

#endif
