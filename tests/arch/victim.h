/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A program to be run instruction by instruction: rare instruction forms, then ordinary library code. */
#ifndef FDBG_TESTS_ARCH_VICTIM_H
#define FDBG_TESTS_ARCH_VICTIM_H

int fdbg_test_victim(void);

#endif
