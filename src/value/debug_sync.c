/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Debug texts of locks, guards, values that are filled later, threads and channels (std-types.md, section 8). */
#include "value/debug_internal.h"

#include "value/number.h"
#include "value/shape.h"
#include "value/typename.h"

/* `Name(item)` where the item is a text. */
static void put_wrapped_text(struct fdbg_debug *debug, const char *name, const char *text)
{
	struct fdbg_debug_group group;

	fdbg_debug_text(debug, name);
	group = fdbg_debug_open(debug, "(", ")", false);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, text);
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_close(debug, &group);
}

/* What of an UnsafeCell, or of something else. */
static const struct fdbg_value *out_of_cell(const struct fdbg_value *value)
{
	if (value && value->kind == FDBG_VALUE_STRUCT &&
	    fdbg_text_starts(value->record.type, "core::cell::UnsafeCell<"))
		return fdbg_shape_field(value, "value");
	return value;
}

static bool word_of(const struct fdbg_value *value, uint64_t *ret)
{
	const struct fdbg_value *prim = fdbg_shape_peel(value);

	if (!prim || prim->kind != FDBG_VALUE_PRIM)
		return false;
	*ret = fdbg_number_low(prim->prim.bytes);
	return true;
}

/* The state of a read-write lock: 30 bits of readers, all set for a writer, then who is waiting. */
#define READERS_MASK 0x3fffffffu

/* Whether trying to lock, for reading where there is such a thing, fails: then Debug shows no content. */
static bool is_locked(const struct fdbg_value *value, bool rw)
{
	const struct fdbg_value *inner = fdbg_shape_field(value, "inner");
	uint64_t state;

	if (!rw)
		return word_of(inner, &state) && state;
	while (inner && inner->kind == FDBG_VALUE_STRUCT && inner->record.n_fields == 1)
		inner = &inner->record.fields[0].value;
	if (!word_of(fdbg_shape_field(inner, "state"), &state))
		return false;
	return (state & READERS_MASK) >= READERS_MASK - 1 || (state & ~(uint64_t)READERS_MASK);
}

static bool put_lock(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *poison = fdbg_shape_peel(fdbg_shape_field(value, "poison"));
	const struct fdbg_value *content = out_of_cell(fdbg_shape_field(value, "data"));
	struct fdbg_debug_group group;
	bool rw = rule->text[0] == 'R';

	if (!content)
		return false;
	fdbg_debug_text(debug, rule->text);
	group = fdbg_debug_open(debug, " {", "}", true);
	if (is_locked(value, rw)) {
		fdbg_debug_item_begin(debug, &group);
		fdbg_debug_text(debug, rw || debug->minor < FDBG_MINOR_LOCKED_QUOTES ? "data: <locked>" :
										      "data: \"<locked>\"");
		fdbg_debug_item_end(debug, &group);
	} else {
		fdbg_debug_field(debug, &group, FDBG_TEXT("data"), content);
	}
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, "poisoned: ");
	if (!poison || poison->kind != FDBG_VALUE_PRIM)
		fdbg_debug_text(debug, "<unreadable>");
	else
		fdbg_debug_text(debug, poison->prim.bytes[0] ? "true" : "false");
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_rest(debug, &group, "..");
	fdbg_debug_close(debug, &group);
	return true;
}

/* A guard: what its pointer in field `text` leads to. */
static bool put_guard(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *pointer = fdbg_shape_peel(fdbg_shape_field(value, rule->text));
	const struct fdbg_value *content;
	struct fdbg_shape_dyn dyn;
	bool lock = fdbg_text_is(fdbg_text_from(rule->text), "lock");

	/* The guard for reading refers to the lock in old versions, to the data in new ones. */
	if (!pointer) {
		pointer = fdbg_shape_peel(fdbg_shape_field(value, "lock"));
		lock = true;
	}
	if (pointer && fdbg_shape_field(pointer, "data_ptr"))
		pointer = fdbg_shape_field(pointer, "data_ptr");
	else if (pointer && fdbg_shape_dyn(pointer, &dyn))
		pointer = dyn.pointer;
	if (!pointer || pointer->kind != FDBG_VALUE_REF)
		return false;
	content = pointer->ref.target;
	if (lock && fdbg_shape_field(content, "data") && fdbg_shape_field(content, "poison"))
		content = out_of_cell(fdbg_shape_field(content, "data"));
	if (content)
		fdbg_debug_value(debug, content);
	else if (fdbg_text_is(fdbg_typename_arguments(value->record.type), "()"))
		fdbg_debug_text(debug, "()");
	else
		fdbg_debug_unresolved(debug, pointer->ref.address);
	return true;
}

/* OnceCell, OnceLock, LazyLock: an Option inside. */
static bool put_once(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *option = fdbg_shape_peel(value);

	if (!option || option->kind != FDBG_VALUE_VARIANT ||
	    !fdbg_text_starts(option->variant.type, "core::option::Option<"))
		return false;
	if (option->variant.n_fields)
		fdbg_debug_wrap(debug, rule->text, &option->variant.fields[0].value);
	else
		put_wrapped_text(debug, rule->text, "<uninit>");
	return true;
}

/* LazyCell: an enum inside. */
static bool put_lazy_cell(struct fdbg_debug *debug, const struct fdbg_value *value,
			  const struct std_rule *rule)
{
	const struct fdbg_value *state = fdbg_shape_peel(fdbg_shape_field(value, "state"));

	if (!state || state->kind != FDBG_VALUE_VARIANT || state->variant.index >= state->variant.n_variants)
		return false;
	if (!fdbg_text_is(state->variant.variants[state->variant.index], "Init"))
		put_wrapped_text(debug, rule->text, "<uninit>");
	else if (state->variant.n_fields == 1)
		fdbg_debug_wrap(debug, rule->text, &state->variant.fields[0].value);
	else
		return false;
	return true;
}

/* The number of the main thread, which is the first that asks for one. */
#define MAIN_THREAD_ID 1

static void put_thread_name(struct fdbg_debug *debug, const struct fdbg_value *name, uint64_t id)
{
	struct fdbg_value text = { .kind = FDBG_VALUE_STR };
	struct fdbg_text variant = { NULL, 0 };

	if (name && name->kind == FDBG_VALUE_VARIANT && name->variant.index < name->variant.n_variants)
		variant = name->variant.variants[name->variant.index];
	if (!variant.data) {
		fdbg_debug_text(debug, "<unreadable>");
		return;
	}
	if (name->variant.n_fields && fdbg_debug_inner_text(&name->variant.fields[0].value, &text.str, &text.cut)) {
		/* The length of a C string counts its NUL. */
		if (text.str.len && !text.cut && !text.str.data[text.str.len - 1])
			text.str.len--;
		fdbg_debug_wrap(debug, "Some", &text);
	} else if (fdbg_text_is(variant, "Main") ||
		   (fdbg_text_is(variant, "None") && id == MAIN_THREAD_ID && debug->minor >= FDBG_MINOR_MAIN_NAME)) {
		text.str = FDBG_TEXT("main");
		fdbg_debug_wrap(debug, "Some", &text);
	} else {
		fdbg_debug_text(debug, name->variant.n_fields ? "<unreadable>" : "None");
	}
}

static bool put_thread(struct fdbg_debug *debug, const struct fdbg_value *value, const struct std_rule *rule)
{
	const struct fdbg_value *pointer = fdbg_shape_peel(fdbg_shape_field(value, "inner")), *inner, *id;
	struct fdbg_debug_group group;
	uint64_t number;

	(void)rule;
	if (!pointer || pointer->kind != FDBG_VALUE_REF)
		return false;
	inner = fdbg_shape_field(pointer->ref.target, "data");
	id = fdbg_shape_field(inner, "id");
	if (!word_of(id, &number))
		return false;
	fdbg_debug_text(debug, "Thread");
	group = fdbg_debug_open(debug, " {", "}", true);
	fdbg_debug_field(debug, &group, FDBG_TEXT("id"), id);
	fdbg_debug_item_begin(debug, &group);
	fdbg_debug_text(debug, "name: ");
	put_thread_name(debug, fdbg_shape_field(inner, "name"), number);
	fdbg_debug_item_end(debug, &group);
	fdbg_debug_rest(debug, &group, "..");
	fdbg_debug_close(debug, &group);
	return true;
}

/* Errors that may not need their content's Debug: the variant's name, once as a string. */
static bool put_hollow_variant(struct fdbg_debug *debug, const struct fdbg_value *value,
			       const struct std_rule *rule)
{
	struct fdbg_text variant;

	const char *prefix = rule->text && debug->minor >= FDBG_MINOR_NEW_CHANNELS ? rule->text : NULL;

	if (value->kind != FDBG_VALUE_VARIANT || value->variant.index >= value->variant.n_variants)
		return false;
	variant = value->variant.variants[value->variant.index];
	fdbg_debug_text(debug, prefix ? prefix : "\"");
	fdbg_debug_put(debug, variant.data, variant.len);
	fdbg_debug_text(debug, value->variant.n_fields ? "(..)" : "");
	fdbg_debug_text(debug, prefix ? "" : "\"");
	return true;
}

const struct std_rule fdbg_debug_sync_rules[] = {
	{ "core::cell::Ref<", put_guard, "value" },
	{ "core::cell::RefMut<", put_guard, "value" },
	{ "core::cell::lazy::LazyCell<", put_lazy_cell, "LazyCell" },
	{ "core::cell::once::OnceCell<", put_once, "OnceCell" },
	{ "std::sync::barrier::Barrier", fdbg_debug_fixed, "Barrier { .. }" },
	{ "std::sync::condvar::Condvar", fdbg_debug_fixed, "Condvar { .. }" },
	{ "std::sync::lazy_lock::LazyLock<", put_once, "LazyLock" },
	{ "std::sync::mpsc::Receiver<", fdbg_debug_fixed, "Receiver { .. }" },
	{ "std::sync::mpsc::SendError<", fdbg_debug_fixed, "SendError { .. }" },
	{ "std::sync::mpsc::Sender<", fdbg_debug_fixed, "Sender { .. }" },
	{ "std::sync::mpsc::SyncSender<", fdbg_debug_fixed, "SyncSender { .. }" },
	{ "std::sync::mpsc::TrySendError<", put_hollow_variant, "TrySendError::" },
	{ "std::sync::mutex::Mutex<", put_lock, "Mutex" },
	{ "std::sync::mutex::MutexGuard<", put_guard, "lock" },
	{ "std::sync::once::Once", fdbg_debug_fixed, "Once { .. }" },
	{ "std::sync::once_lock::OnceLock<", put_once, "OnceLock" },
	{ "std::sync::poison::PoisonError<", fdbg_debug_fixed, "PoisonError { .. }" },
	{ "std::sync::poison::TryLockError<", put_hollow_variant, NULL },
	{ "std::sync::poison::condvar::Condvar", fdbg_debug_fixed, "Condvar { .. }" },
	{ "std::sync::poison::mutex::Mutex<", put_lock, "Mutex" },
	{ "std::sync::poison::mutex::MutexGuard<", put_guard, "lock" },
	{ "std::sync::poison::once::Once", fdbg_debug_fixed, "Once { .. }" },
	{ "std::sync::poison::rwlock::RwLock<", put_lock, "RwLock" },
	{ "std::sync::poison::rwlock::RwLockReadGuard<", put_guard, "data" },
	{ "std::sync::poison::rwlock::RwLockWriteGuard<", put_guard, "lock" },
	{ "std::sync::rwlock::RwLock<", put_lock, "RwLock" },
	{ "std::sync::rwlock::RwLockReadGuard<", put_guard, "data" },
	{ "std::sync::rwlock::RwLockWriteGuard<", put_guard, "lock" },
	{ "std::sys_common::poison::PoisonError<", fdbg_debug_fixed, "PoisonError { .. }" },
	{ "std::sys_common::poison::TryLockError<", put_hollow_variant, NULL },
	{ "std::thread::JoinHandle<", fdbg_debug_fixed, "JoinHandle { .. }" },
	{ "std::thread::Thread", put_thread, NULL },
	{ "std::thread::join_handle::JoinHandle<", fdbg_debug_fixed, "JoinHandle { .. }" },
	{ "std::thread::thread::Thread", put_thread, NULL },
	{ NULL, NULL, NULL },
};
