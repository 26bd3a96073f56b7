/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trace/places.h"

#include <stdlib.h>
#include <string.h>

#include "trace/scratch.h"

/* Requests that go out before replies are gathered, so that neither side's socket buffer can fill up for good. */
#define BATCH 256
/* Bytes kept free for the slots of places that are added while the target runs: memory that is not touched costs nothing. */
#define SPARE_SIZE ((size_t)1 << 20)
#define SLOT_SIZE sizeof(((struct fdbg_moved *)0)->bytes)
/* The longest instruction of any architecture. */
#define LONGEST_INSN 16

static struct fdbg_stop_place *append(struct fdbg_places *places, uint64_t address, enum fdbg_place_role role)
{
	if (places->n_items == places->cap_items) {
		size_t cap = places->cap_items ? places->cap_items * 2 : 256;
		struct fdbg_stop_place *items = realloc(places->items, cap * sizeof(*items));

		if (!items)
			return NULL;
		places->items = items;
		places->cap_items = cap;
	}
	places->items[places->n_items] = (struct fdbg_stop_place){ .address = address, .role = role };
	return &places->items[places->n_items++];
}

static void keep_original(struct fdbg_stop_place *place, const struct fdbg_code *insn)
{
	place->has_original = insn->size >= sizeof(place->original);
	if (place->has_original)
		memcpy(place->original, insn->bytes, sizeof(place->original));
}

/* Puts the moved instruction of a place at the end of `code`, which will be at scratch_used. */
static void move(struct fdbg_places *places, struct fdbg_stop_place *place, const struct fdbg_code *insn,
		 struct fdbg_buf *code)
{
	uint64_t slot = places->scratch + places->scratch_used + code->len;
	struct fdbg_moved moved;
	struct fdbg_error *err;

	if (places->scratch_used + code->len + SLOT_SIZE > places->scratch_size)
		return;
	err = places->arch->move(insn, slot, &moved);
	if (err) {
		fdbg_log(places->log, FDBG_LOG_INFO, "0x%llx: %s; it is stepped",
			 (unsigned long long)place->address, err->message);
		fdbg_error_destroy(err);
		return;
	}
	place->slot = slot;
	fdbg_buf_append(code, moved.bytes, moved.size);
}

/* Queues the slots in `code` for where they were made. *done_ret false after the collect: the server cannot write there. */
static struct fdbg_error *queue_slots(struct fdbg_places *places, const struct fdbg_buf *code, bool *done_ret)
{
	struct fdbg_error *err = fdbg_buf_error(code);

	*done_ret = true;
	if (err || !code->len)
		return err;
	return fdbg_session_queue_write(places->session, places->scratch + places->scratch_used, code->data, code->len,
					done_ret);
}

static struct fdbg_error *write_slots(struct fdbg_places *places, const struct fdbg_buf *code, bool *done_ret)
{
	struct fdbg_error *err = queue_slots(places, code, done_ret);

	if (!err)
		err = fdbg_session_collect(places->session);
	if (!err && *done_ret)
		places->scratch_used += code->len;
	return err;
}

/* Without their slots the places from `first` on are stepped. */
static void give_up_slots(struct fdbg_places *places, size_t first)
{
	fdbg_log(places->log, FDBG_LOG_WARNING,
		 "breakpoints are stepped over one by one, which is slow: the server cannot write code");
	for (size_t i = first; i < places->n_items; i++)
		places->items[i].slot = 0;
	places->scratch_size = 0;
}

/*
 * Gives a place that is added while the target runs its slot. The stub of qemu-user refuses to write a page from which
 * code was executed: each slot then gets a page of its own.
 */
static struct fdbg_error *add_slot(struct fdbg_places *places, struct fdbg_stop_place *place, const struct fdbg_code *insn)
{
	for (int i = 0; i < 2 && places->scratch_size; i++) {
		struct fdbg_buf code = { 0 };
		struct fdbg_error *err;
		bool done;

		if (places->slot_per_page)
			places->scratch_used = (places->scratch_used + FDBG_PAGE_SIZE - 1) & ~(uint64_t)(FDBG_PAGE_SIZE - 1);
		move(places, place, insn, &code);
		err = write_slots(places, &code, &done);
		fdbg_buf_deinit(&code);
		if (err || done)
			return err;
		place->slot = 0;
		if (places->slot_per_page)
			break;
		places->slot_per_page = true;
	}
	if (places->scratch_size)
		give_up_slots(places, places->n_items - 1);
	return NULL;
}

static struct fdbg_error *allocate_scratch(struct fdbg_places *places, struct fdbg_thread_id thread)
{
	const struct fdbg_image_info *info = fdbg_image_info(places->image);
	size_t size = places->n_items * SLOT_SIZE + SPARE_SIZE;
	struct fdbg_error *err;

	if (!places->arch->move || !places->n_items)
		return NULL;
	err = fdbg_scratch_allocate(places->session, places->arch, thread, info->low + places->bias,
				    info->high + places->bias, size, &places->scratch, &places->signal, &places->restored);
	if (fdbg_error_is(err, FDBG_ERROR_UNSUPPORTED) || fdbg_error_is(err, FDBG_ERROR_REFUSED)) {
		fdbg_log(places->log, FDBG_LOG_WARNING, "breakpoints are stepped over one by one, which is slow: %s",
			 err->message);
		fdbg_error_destroy(err);
		return NULL;
	}
	if (!err)
		places->scratch_size = size;
	return err;
}

/* Moves every site's displaced instruction out of line, into `code`; the code is the file's. */
static void prepare_slots(struct fdbg_places *places, struct fdbg_buf *code)
{
	for (size_t i = 0; i < places->n_items; i++) {
		struct fdbg_stop_place *place = &places->items[i];
		struct fdbg_code insn = { .address = place->address, .size = LONGEST_INSN };

		/* The last function of a segment may end less than an instruction's length before it. */
		while (insn.size && !insn.bytes) {
			insn.bytes = fdbg_image_bytes(places->image, place->address - places->bias, insn.size, false);
			insn.size -= !insn.bytes;
		}
		if (insn.bytes) {
			keep_original(place, &insn);
			move(places, place, &insn, code);
		}
	}
}

static struct fdbg_error *insert_from(struct fdbg_places *places, size_t first)
{
	struct fdbg_error *err = NULL;

	for (size_t i = first; i < places->n_items && !err; i++) {
		if (places->items[i].retired)
			continue;
		err = fdbg_session_queue_insert(places->session, places->items[i].address,
						places->arch->breakpoint_size, &places->items[i].inserted);
		if (!err && i % BATCH == BATCH - 1)
			err = fdbg_session_collect(places->session);
	}
	if (!err)
		err = fdbg_session_collect(places->session);
	for (size_t i = first; i < places->n_items && !err; i++) {
		if (places->items[i].inserted) {
			if (!fdbg_map_set(&places->by_address, places->items[i].address, i))
				return &fdbg_error_nomem;
			continue;
		}
		if (places->items[i].retired)
			continue;
		places->n_refused++;
		fdbg_log(places->log, FDBG_LOG_INFO, "the server set no breakpoint at 0x%llx",
			 (unsigned long long)places->items[i].address);
	}
	return err;
}

struct fdbg_error *fdbg_places_insert(struct fdbg_places *places, const struct fdbg_plan *plan,
				      struct fdbg_thread_id thread)
{
	/* Only the threads of traced functions may stop where a stop of one thread does not stop the others. */
	bool no_heap = !plan->heap_asked && !fdbg_session_abilities(places->session)->stops_all;
	struct fdbg_buf code = { 0 };
	struct fdbg_error *err;
	bool done = true;

	places->restored = true;
	for (size_t i = 0; i < plan->n_sites; i++) {
		struct fdbg_stop_place *place = append(places, plan->sites[i].address + places->bias, FDBG_ROLE_SITE);

		if (!place)
			return &fdbg_error_nomem;
		place->retired = no_heap && plan->sites[i].probes[0].kind == FDBG_PROBE_HEAP;
	}
	if (no_heap && plan->n_heap_sites)
		fdbg_log(places->log, FDBG_LOG_INFO, "heap allocations are not recorded: this server cannot stop all threads together "
			 "(--allocations=typed records them all the same)");
	err = allocate_scratch(places, thread);
	if (!err) {
		prepare_slots(places, &code);
		err = queue_slots(places, &code, &done);
	}
	if (!err)
		err = insert_from(places, 0);
	if (!err && !places->restored)
		err = fdbg_error_create(FDBG_ERROR_PROTOCOL, "cannot restore the target: the server cannot write the target's code");
	if (!err && done)
		places->scratch_used += code.len;
	else if (!err)
		give_up_slots(places, 0);
	fdbg_buf_deinit(&code);
	if (!err && places->n_refused)
		fdbg_log(places->log, FDBG_LOG_WARNING, "%zu of %zu breakpoints could not be set; calls will be missing",
			 places->n_refused, places->n_items);
	return err;
}

struct fdbg_error *fdbg_places_add(struct fdbg_places *places, uint64_t address, enum fdbg_place_role role)
{
	uint8_t bytes[LONGEST_INSN];
	struct fdbg_code insn = { .bytes = bytes, .address = address, .size = sizeof(bytes) };
	struct fdbg_stop_place *place;
	struct fdbg_error *err;
	bool done = false;

	if (fdbg_places_at(places, address))
		return NULL;
	place = append(places, address, role);
	if (!place)
		return &fdbg_error_nomem;
	err = fdbg_session_queue_read(places->session, address, sizeof(bytes), bytes, &done);
	if (!err)
		err = fdbg_session_collect(places->session);
	if (err)
		return err;
	if (done) {
		keep_original(place, &insn);
		err = add_slot(places, place, &insn);
	}
	return err ? err : insert_from(places, places->n_items - 1);
}

struct fdbg_stop_place *fdbg_places_at(const struct fdbg_places *places, uint64_t address)
{
	uint64_t index;

	return fdbg_map_get(&places->by_address, address, &index) ? &places->items[index] : NULL;
}

struct fdbg_error *fdbg_places_remove(struct fdbg_places *places, bool forget)
{
	bool *removed = calloc(places->n_items + 1, sizeof(*removed));
	struct fdbg_error *err = NULL;

	if (!removed)
		return &fdbg_error_nomem;
	/* The newest first: gdbserver has them in a list with the newest at its head. */
	for (size_t i = places->n_items; i-- && !err;) {
		if (!places->items[i].inserted)
			continue;
		err = fdbg_session_queue_remove(places->session, places->items[i].address,
						places->arch->breakpoint_size, &removed[i]);
		if (!err && i % BATCH == 0)
			err = fdbg_session_collect(places->session);
	}
	if (!err)
		err = fdbg_session_collect(places->session);
	free(removed);
	if (!err && forget)
		fdbg_places_forget(places);
	return err;
}

struct fdbg_error *fdbg_places_retire(struct fdbg_places *places, bool (*which)(void *context, size_t index), void *context)
{
	bool *removed = calloc(places->n_items + 1, sizeof(*removed));
	struct fdbg_error *err = NULL;

	if (!removed)
		return &fdbg_error_nomem;
	for (size_t i = places->n_items; i-- && !err;) {
		if (!places->items[i].inserted || !which(context, i))
			continue;
		err = fdbg_session_queue_remove(places->session, places->items[i].address,
						places->arch->breakpoint_size, &removed[i]);
		if (!err && i % BATCH == BATCH - 1)
			err = fdbg_session_collect(places->session);
	}
	if (!err)
		err = fdbg_session_collect(places->session);
	for (size_t i = 0; i < places->n_items && !err; i++) {
		if (!removed[i])
			continue;
		places->items[i].inserted = false;
		places->items[i].retired = true;
		fdbg_map_remove(&places->by_address, places->items[i].address);
	}
	free(removed);
	return err;
}

bool fdbg_places_was_retired(const struct fdbg_places *places, uint64_t address)
{
	for (size_t i = 0; i < places->n_items; i++)
		if (places->items[i].retired && places->items[i].address == address)
			return true;
	return false;
}

void fdbg_places_forget(struct fdbg_places *places)
{
	for (size_t i = 0; i < places->n_items; i++)
		places->items[i].inserted = false;
	fdbg_map_clear(&places->by_address);
}

void fdbg_places_deinit(struct fdbg_places *places)
{
	free(places->items);
	fdbg_map_deinit(&places->by_address);
	memset(places, 0, sizeof(*places));
}
