/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the parts of the decoder share: descriptions of types, the list of work, helpers. */
#ifndef FDBG_RUST_DECODE_INTERNAL_H
#define FDBG_RUST_DECODE_INTERNAL_H

#include "base/map.h"
#include "rust/decode.h"

#define FDBG_NO_ITEM UINT32_MAX
/*
 * Objects inside objects: as deep as a source nests types by value; deeper is a circle in broken debug
 * information.
 */
#define FDBG_MAX_NESTING 200
/* Most bytes of one object, or of the elements of one sequence, that are read. */
#define FDBG_MAX_OBJECT ((uint64_t)64 * 1024 * 1024)
/* User-space addresses and sizes lie below. */
#define FDBG_MAX_ADDRESS ((uint64_t)1 << 56)

struct fdbg_desc;
struct fdbg_unsized;
struct fdbg_visual;

/* An object whose bytes are there. */
struct fdbg_object {
	const uint8_t *bytes;
	uint64_t address;   /* of the first byte; meaningless unless in_memory */
	bool in_memory;     /* false: put together from registers */
	uint16_t level;     /* pointers followed to get here */
	uint16_t nesting;   /* objects around it */
	uint32_t item;      /* the work it belongs to: where the chain of pointers starts */
};

/* Fills *to from an object of the described type. Never fails: what cannot be decoded becomes opaque. */
typedef void (*fdbg_decode_fn)(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			       const struct fdbg_object *object, struct fdbg_value *to);

/* A type that is described when it is first needed. */
struct fdbg_desc_ref {
	const struct fdbg_type *type;
	const struct fdbg_desc *desc; /* NULL: not yet */
};

struct fdbg_desc_field {
	struct fdbg_text name;
	uint64_t offset;
	struct fdbg_desc_ref ref;
};

struct fdbg_desc_variant {
	bool has_value;
	uint64_t low, high;
	const char *impossible;         /* a reason when no such value exists */
	struct fdbg_desc_field *fields;
	size_t n_fields;
	const struct fdbg_type *payload; /* its fields are described when it is first seen; then NULL */
};

/* Where a pointer and a length are in an object, and what lies behind the pointer. */
struct fdbg_desc_seq {
	uint64_t pointer, length, capacity; /* offsets of words */
	bool has_capacity;
	struct fdbg_desc_ref elem;
	uint64_t stride;
	bool bytes;                     /* the elements are u8 */
	bool text;                      /* the bytes are UTF-8 */
};

/* How values of a type lie in memory and what becomes of them; made once a type, kept in its slot. */
struct fdbg_desc {
	const struct fdbg_type *type;
	struct fdbg_text name;          /* on the stream */
	fdbg_decode_fn decode;
	const char *reason;             /* of types that cannot be decoded */
	enum fdbg_prim prim;
	enum fdbg_ref_kind ref_kind;
	enum fdbg_array_kind array_kind;
	struct fdbg_desc_ref target;    /* pointee, or element of an array */
	uint64_t count;                 /* of an array */
	struct fdbg_desc_field *fields; /* of structs and unions */
	size_t n_fields;
	uint64_t tag_offset, tag_size;  /* of enums with data */
	struct fdbg_desc_variant *variants;
	struct fdbg_text *variant_names;
	size_t n_variants;
	struct fdbg_desc_seq seq;       /* of what has a pointer and a length */
	void *extra;                    /* of decoders with more to remember */
	const struct fdbg_unsized *unsized; /* of fat pointers: the struct behind them; NULL: a slice, str, trait object */
	struct fdbg_visual *visual;     /* visualizers that match (visualize.c); NULL: none */
};

struct fdbg_item;
typedef enum fdbg_memview_state (*fdbg_step_fn)(struct fdbg_decoder *decoder, const struct fdbg_item *item);

/*
 * One piece of work: something in memory that fills a node. A step that is PENDING is called again after
 * the fetch.
 */
struct fdbg_item {
	fdbg_step_fn step;
	const struct fdbg_desc *desc;   /* of the object, or of one element */
	struct fdbg_value *to;
	struct fdbg_value *ref;         /* the REF of kind ptr that leads here; NULL: another way */
	uint64_t address;
	uint64_t count;                 /* elements to read */
	uint64_t total;                 /* elements that there are */
	const void *state;              /* the step's own */
	uint32_t parent;                /* the item whose object has the pointer */
	uint16_t level;
};

struct fdbg_share_slot {
	uint64_t event;                 /* the slot is empty unless this is the current event */
	uint64_t address;
	const struct fdbg_desc *desc;
	struct fdbg_value *node;
	uint32_t level;
};

struct fdbg_sort {
	struct fdbg_value *array;
	bool pairs;                     /* the items are (key, value) */
};

struct fdbg_decoder {
	struct fdbg_debuginfo *debuginfo;
	struct fdbg_decode_limits limits;
	uint64_t bias;
	const struct fdbg_visualizers *visualizers; /* NULL: none */
	const struct fdbg_log *log;     /* of visualizers that do not fit */
	struct fdbg_arena descs;        /* the descriptions */
	struct fdbg_type unknown_type;  /* stands for members that are not inside their object */
	const struct fdbg_type **described; /* types whose slot we filled */
	size_t n_described, cap_described;

	/* The event. */
	uint64_t event;
	struct fdbg_arena *arena;
	struct fdbg_memview *view;
	struct fdbg_item *items;
	size_t n_items, cap_items;
	size_t n_started;               /* items that were stepped at least once */
	uint32_t *pending;              /* those that wait for a fetch */
	size_t n_pending, cap_pending;
	struct fdbg_share_slot *shared;
	size_t n_shared, cap_shared;
	size_t n_values;
	struct fdbg_sort *sorts;        /* hash tables to be sorted at the end */
	size_t n_sorts, cap_sorts;
	bool nomem;

	struct fdbg_map vtables;        /* address → description, or 0; of tables that DWARF does not have */
};

/* decode.c */

/* Room for one more element of an array that doubles; false when memory is exhausted. */
bool fdbg_decode_grow(struct fdbg_decoder *decoder, void **array, size_t n, size_t *cap, size_t size);

/* n zeroed nodes; NULL when memory or the event's limit of values is exhausted. */
struct fdbg_value *fdbg_decode_nodes(struct fdbg_decoder *decoder, uint64_t n);
struct fdbg_field *fdbg_decode_fields(struct fdbg_decoder *decoder, uint64_t n);
/* How many of n nodes the event may still have. */
uint64_t fdbg_decode_room(const struct fdbg_decoder *decoder, uint64_t n);

/* Adds work that belongs to object (its level + 1); the item is copied. */
void fdbg_decode_push(struct fdbg_decoder *decoder, const struct fdbg_object *object, struct fdbg_item item);

/* True when an object at that level may not be followed any further. */
bool fdbg_decode_at_limit(const struct fdbg_decoder *decoder, const struct fdbg_object *object);

/* Decodes a part of an object. */
void fdbg_decode_part(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		      const struct fdbg_object *object, uint64_t offset, struct fdbg_value *to);

/*
 * *to = a reference to the described object at address, which is decoded unless a limit or a cycle is in
 * the way.
 */
void fdbg_decode_follow(struct fdbg_decoder *decoder, const struct fdbg_object *object,
			enum fdbg_ref_kind kind, uint64_t address, const struct fdbg_desc *target,
			struct fdbg_value *to);

/*
 * As fdbg_decode_follow for a target that step decodes, with a number and a state of its own (a length, a
 * type).
 */
void fdbg_decode_follow_by(struct fdbg_decoder *decoder, const struct fdbg_object *object,
			   enum fdbg_ref_kind kind, uint64_t address, const struct fdbg_desc *target,
			   fdbg_step_fn step, uint64_t count, const void *state, struct fdbg_value *to);

/* The object whose bytes an item's step has read. */
struct fdbg_object fdbg_decode_object(const struct fdbg_decoder *decoder, const struct fdbg_item *item,
				      const uint8_t *bytes);

/* Steps for work of common kinds. */
enum fdbg_memview_state fdbg_step_object(struct fdbg_decoder *decoder, const struct fdbg_item *item);
enum fdbg_memview_state fdbg_step_elements(struct fdbg_decoder *decoder, const struct fdbg_item *item);
enum fdbg_memview_state fdbg_step_bytes(struct fdbg_decoder *decoder, const struct fdbg_item *item);
enum fdbg_memview_state fdbg_step_str(struct fdbg_decoder *decoder, const struct fdbg_item *item);
enum fdbg_memview_state fdbg_step_string(struct fdbg_decoder *decoder, const struct fdbg_item *item);

/* count elements side by side in bytes. */
void fdbg_decode_elements(struct fdbg_decoder *decoder, const struct fdbg_desc *elem,
			  const struct fdbg_object *first, uint64_t count, struct fdbg_value *items);

/*
 * Target memory for the event's values; READY as fdbg_memview_get. The bytes live as long as the event's
 * arena.
 */
enum fdbg_memview_state fdbg_decode_read(struct fdbg_decoder *decoder, uint64_t address, uint64_t size,
					 const uint8_t **bytes_ret);

/* describe.c */

/* The description of a type; NULL only when memory is exhausted. */
const struct fdbg_desc *fdbg_describe(struct fdbg_decoder *decoder, const struct fdbg_type *type);
const struct fdbg_desc *fdbg_describe_ref(struct fdbg_decoder *decoder, struct fdbg_desc_ref *ref);
struct fdbg_desc_ref fdbg_desc_ref_to(const struct fdbg_type_ref *ref);
/* The members of a struct as fields, with the names that the stream has. */
bool fdbg_describe_fields(struct fdbg_decoder *decoder, const struct fdbg_type *type,
			  struct fdbg_desc_field **ret, size_t *n_ret);

/* decode_plain.c: what any type can be made of. */
void fdbg_decode_opaque(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			const struct fdbg_object *object, struct fdbg_value *to);
void fdbg_decode_unit(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		      const struct fdbg_object *object, struct fdbg_value *to);
void fdbg_decode_prim(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		      const struct fdbg_object *object, struct fdbg_value *to);
void fdbg_decode_enum(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		      const struct fdbg_object *object, struct fdbg_value *to);
void fdbg_decode_record(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			const struct fdbg_object *object, struct fdbg_value *to);
void fdbg_decode_variants(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			  const struct fdbg_object *object, struct fdbg_value *to);
/* The variant that is present in an object of an enum with data; SIZE_MAX: none, or that cannot be said. */
size_t fdbg_decode_variant_index(const struct fdbg_desc *desc, const struct fdbg_object *object);
void fdbg_decode_array(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
		       const struct fdbg_object *object, struct fdbg_value *to);
void fdbg_decode_byte_array(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			    const struct fdbg_object *object, struct fdbg_value *to);
void fdbg_decode_pointer(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			 const struct fdbg_object *object, struct fdbg_value *to);

/* decode_std.c: a decoder of the table for desc->type, or false (then the general rules hold). */
bool fdbg_describe_std(struct fdbg_decoder *decoder, struct fdbg_desc *desc);

/* decode_maps.c: the collections of the table. */
struct fdbg_std_rule {
	const char *name; /* of the type up to its arguments; ends in `<` when it has some, `*`: anything may
			     follow */
	/* Looks whether the members are the known ones, and fills in the description; false: they are not. */
	bool (*describe)(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
};
bool fdbg_describe_vec_deque(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_linked_list(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_linked_list_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_binary_heap(struct fdbg_decoder *decoder, struct fdbg_desc *desc);

/*
 * *to = TYPE { items: ARRAY, len }; returns the node `items`, an array that waits for its items. NULL: no
 * room.
 */
struct fdbg_value *fdbg_put_collection(struct fdbg_decoder *decoder, const struct fdbg_desc *desc, uint64_t len,
				       struct fdbg_value *to);
/* Work on a collection's items: items is the array node. A limit of pointer levels ends it before it begins. */
void fdbg_push_walk(struct fdbg_decoder *decoder, const struct fdbg_object *object, const struct fdbg_desc *desc,
		    fdbg_step_fn step, uint64_t address, uint64_t len, void *state, struct fdbg_value *items);
/* Makes the array of n items, of total; NULL: no room, and *to is opaque. */
struct fdbg_value *fdbg_put_items(struct fdbg_decoder *decoder, uint64_t n, uint64_t total, struct fdbg_value *to);
/* How many of len items the limits allow. */
uint64_t fdbg_shown_items(const struct fdbg_decoder *decoder, uint64_t len);

/* decode_table.c */
bool fdbg_describe_hash_map(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_hash_set(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_hash_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc);

/* decode_btree.c */
bool fdbg_describe_btree_map(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_btree_set(struct fdbg_decoder *decoder, struct fdbg_desc *desc);

#define FDBG_BTREE_HEIGHT 20 /* more than any tree has */
#define FDBG_BTREE_KEYS 11   /* of a node, at most */

/* How the nodes of a tree lie in memory. */
struct fdbg_btree_nodes {
	uint64_t len, keys, vals, parent, parent_idx; /* offsets in a node */
	uint64_t leaf_size, edges;                    /* edges: offset in an inner node */
	struct fdbg_desc_ref key, value;
};
/* From the type of a leaf; false: it is none as we know it. */
bool fdbg_describe_btree_nodes(const struct fdbg_type *leaf, struct fdbg_btree_nodes *ret);
/* `(K, V)` from the first two arguments of a type's name. */
struct fdbg_text fdbg_pair_name(struct fdbg_decoder *decoder, struct fdbg_text name);

/* decode_btree_iter.c */
bool fdbg_describe_btree_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc);

/* decode_sort.c */

/* Sorts the items of an ARRAY, by their first fields for pairs, when all values of the event are there. */
void fdbg_decode_sort_later(struct fdbg_decoder *decoder, struct fdbg_value *array, bool pairs);
void fdbg_decode_sort_all(struct fdbg_decoder *decoder);

/* decode_io.c */
bool fdbg_describe_io_error(struct fdbg_decoder *decoder, struct fdbg_desc *desc);

/* decode_sync.c */
bool fdbg_describe_once_lock(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_lazy_lock(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_handle(struct fdbg_decoder *decoder, struct fdbg_desc *desc);

/* decode_iter.c */
bool fdbg_describe_slice_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_vec_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_array_iter(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_chars(struct fdbg_decoder *decoder, struct fdbg_desc *desc);

/* decode_code.c: functions as values, coroutines */

/* A function pointer at address. */
void fdbg_decode_code(struct fdbg_decoder *decoder, const struct fdbg_desc *desc, uint64_t address,
		    struct fdbg_value *to);

/* Takes from the described fields of a coroutine's state those that hold nothing any more. */
void fdbg_describe_state(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			 struct fdbg_desc_variant *variant);

/* decode_vtable.c */

/* Called with the concrete type behind a dyn pointer; to is what fdbg_decode_concrete was given. */
typedef void (*fdbg_concrete_fn)(struct fdbg_decoder *decoder, const struct fdbg_object *object,
				 const struct fdbg_desc *concrete, uint64_t pointer, const void *context,
				 struct fdbg_value *to);

/*
 * Finds out what type is behind a pointer with that vtable and calls `then`, at once or when the words of the
 * vtable are there; not at all when the type cannot be told, so *to must be good without it. desc: of the fat
 * pointer. object has only its level and item by then. n_words: of the vtable, 0 when that is not known.
 */
void fdbg_decode_concrete(struct fdbg_decoder *decoder, const struct fdbg_desc *desc,
			  const struct fdbg_object *object, uint64_t pointer, uint64_t vtable,
			  uint64_t n_words, fdbg_concrete_fn then, const void *context,
			  struct fdbg_value *to);

/* How many words the vtable at a path of a fat pointer's type has; 0: not known. */
uint64_t fdbg_vtable_words(const struct fdbg_type *fat, const char *path);

/* decode_unsized.c: structs behind fat pointers whose last field has no size of its own */

/*
 * How objects of the struct lie in memory; dyn: what is at their end is a trait object, else a slice or str. NULL when
 * it is no such struct, or memory is exhausted.
 */
const struct fdbg_unsized *fdbg_describe_unsized(struct fdbg_decoder *decoder, const struct fdbg_type *type, bool dyn);

/*
 * Bytes of an object up to the elements of its slice, or to the end of its trait object, which is a concrete one (NULL
 * for slices).
 */
uint64_t fdbg_unsized_extent(const struct fdbg_unsized *plan, const struct fdbg_desc *concrete);

/* *to = the last field of an object whose extent is there; length: of the slice at the end. */
void fdbg_decode_unsized_part(struct fdbg_decoder *decoder, const struct fdbg_unsized *plan,
			      const struct fdbg_object *object, uint64_t length, const struct fdbg_desc *concrete,
			      struct fdbg_value *to);

/* *to = a reference to the object at address, which ends in a slice of that length. */
void fdbg_decode_unsized(struct fdbg_decoder *decoder, const struct fdbg_object *object, enum fdbg_ref_kind kind,
			 uint64_t address, const struct fdbg_unsized *plan, uint64_t length, struct fdbg_value *to);

/* For fdbg_decode_concrete: the reference *to leads to an object that ends in that trait object; context: its plan. */
void fdbg_follow_unsized_dyn(struct fdbg_decoder *decoder, const struct fdbg_object *object,
			     const struct fdbg_desc *concrete, uint64_t pointer, const void *context,
			     struct fdbg_value *to);

/* decode_rc.c */
bool fdbg_describe_rc(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_arc(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_weak(struct fdbg_decoder *decoder, struct fdbg_desc *desc);

/* decode_fat.c: references, boxes and raw pointers with a length or a vtable */
bool fdbg_describe_fat_pointer(struct fdbg_decoder *decoder, struct fdbg_desc *desc);

/* decode_seq.c: sequences */
bool fdbg_describe_vec(struct fdbg_decoder *decoder, struct fdbg_desc *desc);
bool fdbg_describe_string(struct fdbg_decoder *decoder, struct fdbg_desc *desc);

/* Sets the elements of a sequence. */
void fdbg_set_elem(struct fdbg_desc_seq *seq, const struct fdbg_type *elem);

/* Finds pointer, length and capacity of a Vec; false: not a Vec as we know it. */
bool fdbg_describe_vec_at(struct fdbg_decoder *decoder, const struct fdbg_type *type,
			  struct fdbg_desc_seq *ret);

/*
 * Fills *to with the sequence that pointer and length of the object describe: BYTES of type bytes_type where
 * the elements are u8, an array otherwise, a String or str for text. *length_ret (NULL allowed): its length,
 * when to is not opaque.
 */
enum fdbg_seq_form { FDBG_SEQ_ARRAY, FDBG_SEQ_STR, FDBG_SEQ_STRING };
void fdbg_decode_seq(struct fdbg_decoder *decoder, const struct fdbg_desc_seq *seq,
		     const struct fdbg_object *object, enum fdbg_seq_form form, enum fdbg_array_kind kind,
		     struct fdbg_text bytes_type, struct fdbg_value *to);

/* The same with the words already read: length elements at address. */
void fdbg_decode_seq_at(struct fdbg_decoder *decoder, const struct fdbg_desc_seq *seq,
			const struct fdbg_object *object, uint64_t address, uint64_t length,
			enum fdbg_seq_form form, enum fdbg_array_kind kind, struct fdbg_text bytes_type,
			struct fdbg_value *to);

/* NULL, or why this many elements cannot be at address. */
const char *fdbg_bad_seq(const struct fdbg_desc_seq *seq, uint64_t address, uint64_t length);


/* Where an object of the type may not be: std-types.md, rule R7. */
bool fdbg_misaligned(const struct fdbg_type *type, uint64_t address);

struct fdbg_value fdbg_usize_value(uint64_t value);

/* Small helpers. */

uint64_t fdbg_word_at(const uint8_t *bytes, uint64_t size); /* little endian, 1 to 8 bytes */

/*
 * Follows member names from a type ("buf.inner.ptr"); a trailing `*` peels wrappers (std-types.md, rule R3).
 * False when there is no such path. The offset is added to *offset.
 */
bool fdbg_type_path(const struct fdbg_type *type, const char *path, const struct fdbg_type **ret,
		    uint64_t *offset);

/* As fdbg_type_path for a word: an unsigned integer or a pointer of 8 bytes. */
bool fdbg_word_path(const struct fdbg_type *type, const char *path, uint64_t *offset_ret);

/* A reference that is not followed because of a limit. */
static inline struct fdbg_value fdbg_cut_ref(enum fdbg_ref_kind kind, uint64_t address)
{
	return (struct fdbg_value){ .kind = FDBG_VALUE_REF,
				    .cut = true,
				    .ref = { .kind = kind, .address = address } };
}

#endif
