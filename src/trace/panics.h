/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a panic says: its message or payload, and where it began. */
#ifndef FDBG_TRACE_PANICS_H
#define FDBG_TRACE_PANICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "base/error.h"
#include "base/memview.h"
#include "debuginfo/debuginfo.h"
#include "rust/decode.h"
#include "value/value.h"

/*
 * A panic goes through two functions of std, neither of which has described parameters. Their arguments follow from std's
 * source, which has been the same from rustc 1.63 on but for one parameter, and were measured with 1.63, 1.70, 1.75, 1.80,
 * 1.81, 1.85, 1.95, 1.96 and a nightly 1.97:
 *
 *   [rust_]panic_with_hook(payload: &mut dyn PanicPayload, [message: Option<&Arguments>, before 1.81]
 *                          location: &Location, can_unwind: bool, …)      before the hook; not for resume_unwind
 *   rust_panic(payload: &mut dyn PanicPayload)                            behind it; not for a panic that aborts in between
 *
 * The payload's type is that of its vtable, by the debug information or by the names of its methods:
 *
 *   FormatStringPayload (once PanicPayload)   a String that the hook's caller has formatted, and the Arguments it came from
 *   StaticStrPayload (once StrPanicPayload)   a &'static str
 *   begin_panic::Payload<A>                   an Option<A>: panic_any, and panic! in the 2018 edition
 *   RewrapBox                                 a Box<dyn Any + Send>: resume_unwind
 *
 * What does not fit these rules is not reported.
 */

struct fdbg_panic_rules {
	const struct fdbg_arch *arch;
	struct fdbg_debuginfo *debuginfo;
	struct fdbg_decoder *decoder;
	uint64_t bias;
	size_t max_text;       /* bytes of a message or file name that are read */
};

/* Which of std's functions a symbol is. */
enum fdbg_panic_function { FDBG_PANIC_NONE, FDBG_PANIC_HOOK, FDBG_PANIC_RAISE };
enum fdbg_panic_function fdbg_panic_function_of(struct fdbg_text symbol);

/* A panic of a thread between the two functions. All zero: there is none. */
struct fdbg_panic {
	bool there;            /* begun, and no event written yet */
	bool written;          /* begun, and its event was written already */
	uint64_t payload;
	char *file;            /* NULL: the location is not known */
	size_t file_len;
	uint32_t line, column;
	char *message;         /* where it needs no formatting; NULL: not known yet */
	size_t message_len;
};

void fdbg_panic_clear(struct fdbg_panic *panic);

/*
 * At panic_with_hook: reads what is known before the hook runs. *aborts_ret: this panic will never unwind, so rust_panic is not
 * reached. May fetch.
 */
struct fdbg_error *fdbg_panic_begin(const struct fdbg_panic_rules *rules, const struct fdbg_registers *registers,
				    struct fdbg_memview *view, struct fdbg_panic *panic, bool *aborts_ret) FDBG_CHECK;

/* The named values of a panic's event. */
struct fdbg_panic_values {
	struct fdbg_named_value items[2];
	size_t n;
};

/* At rust_panic: is this the panic that was begun? Else it is one that never had a hook. */
bool fdbg_panic_is(const struct fdbg_panic_rules *rules, const struct fdbg_registers *registers,
		   const struct fdbg_panic *panic);

/* From what is known before the hook ran; texts are the panic's. */
struct fdbg_error *fdbg_panic_known_values(const struct fdbg_panic *panic, struct fdbg_arena *arena,
					   struct fdbg_panic_values *ret) FDBG_CHECK;

/*
 * At rust_panic: `message`, or `payload` where it is not a text, and `location` where this is the panic that was begun. Texts
 * may be the panic's. May fetch.
 */
struct fdbg_error *fdbg_panic_values(const struct fdbg_panic_rules *rules, const struct fdbg_registers *registers,
				     struct fdbg_memview *view, const struct fdbg_panic *panic,
				     struct fdbg_panic_values *ret) FDBG_CHECK;

#endif
