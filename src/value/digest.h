/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a value is apart from where and when it is: for comparing two runs. */
#ifndef FDBG_VALUE_DIGEST_H
#define FDBG_VALUE_DIGEST_H

#include "base/buf.h"
#include "value/value.h"

/*
 * Appends bytes that are equal for two values exactly when the values are the same, but for
 *   - addresses, of which each run has its own,
 *   - what depends on the moment: Instant and SystemTime, ThreadId and the system's own thread ids, what a
 *     JoinHandle or the end of an mpsc channel says of other threads, and the counts of an Arc,
 *   - the order of the items of a HashMap or HashSet, which is random.
 * Nesting and size are limited as in render.h: what lies behind a limit counts as equal.
 */
void fdbg_value_digest(struct fdbg_buf *buf, const struct fdbg_value *value);

#endif
