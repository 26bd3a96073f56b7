/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The writer behind {:?} that debug.c and the table of standard types share. */
#ifndef FDBG_VALUE_DEBUG_INTERNAL_H
#define FDBG_VALUE_DEBUG_INTERNAL_H

#include "base/buf.h"
#include "value/render.h"
#include "value/value.h"

/* One rendering. Pretty form indents by 4 spaces a level (std-types.md, section 1). */
struct fdbg_debug {
	struct fdbg_buf *buf;
	bool pretty;
	unsigned int indent;
	unsigned int depth;   /* of nested values */
	size_t start;         /* length of buf at the beginning */
	size_t max_bytes;
	uint32_t minor;       /* of the compiler whose text it is to be; UINT32_MAX: the newest */
	size_t n_nodes_left;
	bool stopped;         /* a limit was reached: nothing more is written */
};

/*
 * Where texts changed. Measured are 1.63 and 1.95 to 1.97; within the gap these are the best guess.
 */
enum {
	FDBG_MINOR_BARE_ENDS = 66,    /* io::Empty and Sink print their names alone, env::Vars its items */
	FDBG_MINOR_UNICODE = 66,      /* which characters are printable */
	FDBG_MINOR_TYPE_BLANKS = 66,  /* names of types have blanks between bounds */
	FDBG_MINOR_NEW_CHANNELS = 67, /* mpsc was written anew */
	FDBG_MINOR_PHANTOM_TYPE = 71, /* PhantomData names its type */
	FDBG_MINOR_NET_IN_CORE = 77,  /* no IPv4-compatible form of IPv6 addresses */
	FDBG_MINOR_POINTER_PARTS = 80, /* fat raw pointers show their second half */
	FDBG_MINOR_SHORT_UNINIT = 80, /* MaybeUninit<T> without its path */
	FDBG_MINOR_MAIN_NAME = 84,    /* the main thread's name is known without being stored */
	FDBG_MINOR_LOCKED_QUOTES = 85, /* "<locked>" of a Mutex is a string */
	FDBG_MINOR_PATH_QUOTES = 85,  /* single quotes in paths stay */
	FDBG_MINOR_FILE_MODES = 87,   /* modes of files are octal, types of files are in words */
	FDBG_MINOR_TYPE_LIFETIMES = 89, /* names of types have placeholders for lifetimes */
	FDBG_MINOR_BYTE_STR = 89,     /* CStr prints UTF-8 */
};

void fdbg_debug_put(struct fdbg_debug *debug, const char *data, size_t len);
void fdbg_debug_text(struct fdbg_debug *debug, const char *text);
void fdbg_debug_value(struct fdbg_debug *debug, const struct fdbg_value *value);
void fdbg_debug_address(struct fdbg_debug *debug, uint64_t address);

/*
 * A bracketed group of items: `open`, items between begin and end, `close`. Pretty: each item on a line of
 * its own with a comma behind it. A padded group (the braces of a struct) has spaces inside its brackets in
 * the compact form.
 */
struct fdbg_debug_group {
	const char *close;
	bool padded;
	bool any;
};

struct fdbg_debug_group fdbg_debug_open(struct fdbg_debug *debug, const char *open, const char *close,
					bool padded);
void fdbg_debug_item_begin(struct fdbg_debug *debug, struct fdbg_debug_group *group);
void fdbg_debug_item_end(struct fdbg_debug *debug, struct fdbg_debug_group *group);
/* An item `name: value`. */
void fdbg_debug_field(struct fdbg_debug *debug, struct fdbg_debug_group *group, struct fdbg_text name,
		      const struct fdbg_value *value);
/* The last item of a group that is not all: `…` where the value was cut, `..` of finish_non_exhaustive. */
void fdbg_debug_rest(struct fdbg_debug *debug, struct fdbg_debug_group *group, const char *mark);
void fdbg_debug_close(struct fdbg_debug *debug, struct fdbg_debug_group *group);

/* `Name(value)` with one item. */
void fdbg_debug_wrap(struct fdbg_debug *debug, const char *name, const struct fdbg_value *value);

/*
 * Renders a struct or enum of the standard library whose Debug is not the derived one; type is its type name.
 * False, with nothing written, when there is no rule for the type or the value has not the shape that the
 * rule knows.
 */
bool fdbg_debug_std(struct fdbg_debug *debug, struct fdbg_text type, const struct fdbg_value *value);

/* Long data count against the limit on nodes, or a shared megabyte would be written millions of times. */
void fdbg_debug_charge(struct fdbg_debug *debug, size_t len);

/* A line of a table by type name. */
struct std_rule {
	/* of the type name; the whole of it unless it ends in '<', ' ' or '*' (any text may follow) */
	const char *prefix;
	/* False, with nothing written, when the value has not the expected shape. */
	bool (*render)(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule);
	const char *text;   /* what the function is to do with it is its own affair */
};

/* The tables, each ending in a rule without prefix. */
extern const struct std_rule fdbg_debug_sync_rules[];  /* debug_sync.c: cells that fill later, locks, threads */
extern const struct std_rule fdbg_debug_net_rules[];   /* debug_net.c: addresses */
extern const struct std_rule fdbg_debug_text_rules[];  /* debug_text.c: paths, platform and C strings */
extern const struct std_rule fdbg_debug_small_rules[]; /* debug_small.c: errors, type names */
extern const struct std_rule fdbg_debug_misc_rules[];  /* debug_misc.c: the rest */

/* What several tables use: the same text (rule->text) for every value. */
bool fdbg_debug_fixed(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule);
/* Prints as the value of its only field. */
bool fdbg_debug_inner(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule);
/* A reference that leads nowhere prints like any unresolved one. */
void fdbg_debug_unresolved(struct fdbg_debug *debug, uint64_t address);

/* The bytes of a string in wrappers, through a Box; false: there are none. */
bool fdbg_debug_inner_text(const struct fdbg_value *value, struct fdbg_text *ret, bool *cut_ret);

/* A type's DWARF name as core::any::type_name writes it (std-types.md, section 6.3). */
void fdbg_debug_type_name(struct fdbg_debug *debug, struct fdbg_text name);

/* The same for iterators. */
bool fdbg_debug_iter(struct fdbg_debug *debug, struct fdbg_text type, const struct fdbg_value *value);

/* Renders a struct by the template that it carries (value/show.h); false: it has none. */
bool fdbg_debug_show(struct fdbg_debug *debug, const struct fdbg_value *value);

#endif
