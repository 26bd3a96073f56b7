/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is live on the heap, hit by hit. */
#include "trace/heap.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "stream/writer.h"
#include "trace/engine.h"
#include "trace/heap_walk.h"

/* Requests of one thread that wait for their result: an allocator may itself ask for memory. */
#define MAX_PENDING 8
/* Where the number of messages is limited, the number of hits is, too. */
#define HITS_A_MESSAGE 2

struct block {
	uint64_t address, size, align;
	bool has_size;
	const struct fdbg_heap_origin *origin;
	struct block *next_free;
};

/* A request whose result is to come. */
struct request {
	uint64_t sp;            /* the stack pointer when it returns */
	uint64_t size, align;
	bool has_size;
	bool indirect;          /* the address will be in the word at out */
	uint64_t out;
	bool moves;             /* the block at old, which was as in old_block, is given up for it */
	uint64_t old;
	bool old_known;
	struct block old_block;
	const struct fdbg_heap_origin *origin;
};

struct thread {
	struct request pending[MAX_PENDING];
	size_t n_pending;
};

struct fdbg_heap {
	const struct fdbg_arch *arch;
	uint64_t bias;
	struct fdbg_heap_walk *walk;
	struct fdbg_arena arena;      /* blocks, threads */
	struct fdbg_map live;         /* address -> struct block * */
	struct fdbg_map threads;      /* id -> struct thread * */
	struct block *free_blocks;
	struct fdbg_heap_stats stats;
	uint64_t max_messages, n_messages; /* max 0: no limit */
};

static const struct fdbg_heap_origin nowhere = { .owner = { .type_name = { FDBG_HEAP_UNKNOWN_TYPE, 1 } } };

/* What goes with a hit everywhere. */
struct moment {
	struct fdbg_heap *heap;
	const struct fdbg_hit *hit;
	const struct fdbg_heap_probe *probe;
	uint64_t frame_id;
	struct fdbg_writer *writer;
};

static uint64_t get(const struct moment *moment, uint32_t reg)
{
	return fdbg_registers_get(moment->hit->registers, reg);
}

bool fdbg_heap_is_full(const struct fdbg_heap *heap)
{
	return heap->max_messages && heap->n_messages >= heap->max_messages;
}

/* Hits that come to nothing cost as much. */
static struct fdbg_error *limit_hits(struct fdbg_heap *heap, const struct fdbg_hit *hit, struct fdbg_writer *writer)
{
	struct fdbg_message_allocation end = {
		.action = FDBG_ALLOCATION_DROP, .type_name = nowhere.owner.type_name, .thread_id = hit->thread_id, .last = true,
	};

	if (!heap->max_messages || heap->stats.hits <= HITS_A_MESSAGE * heap->max_messages)
		return NULL;
	heap->n_messages = heap->max_messages;
	return fdbg_writer_allocation(writer, hit->time_ms, &end);
}

static struct fdbg_error *write_block(const struct moment *moment, enum fdbg_allocation_action action,
				      const struct block *block, const struct request *moved, bool unseen)
{
	const struct fdbg_heap_origin *origin = block->origin ? block->origin : &nowhere;
	struct fdbg_message_allocation message = {
		.action = action, .address = block->address, .type_name = origin->owner.type_name, .kind = origin->owner.kind,
		.thread_id = moment->hit->thread_id, .frame_id = moment->frame_id, .has_size = block->has_size,
		.size = block->size, .align = block->align, .unseen = unseen,
	};

	if (action == FDBG_ALLOCATION_ALLOC) {
		if (block->has_size && origin->owner.element)
			message.elements = block->size / origin->owner.element;
		message.function = origin->place.function;
		message.file = origin->place.file;
		message.line = origin->place.line;
	}
	if (moved) {
		message.moved = true;
		message.old_address = moved->old;
	}
	if (fdbg_heap_is_full(moment->heap))
		return NULL;
	moment->heap->n_messages++;
	message.last = fdbg_heap_is_full(moment->heap);
	return fdbg_writer_allocation(moment->writer, moment->hit->time_ms, &message);
}

/* A word of captured memory; 0: it was not captured. */
static uint64_t word_at(const struct moment *moment, uint64_t address)
{
	const uint8_t *bytes;
	uint64_t value = 0;

	if (fdbg_memview_get(moment->hit->view, address, 8, &bytes) != FDBG_MEMVIEW_READY)
		return 0;
	for (int i = 7; i >= 0; i--)
		value = value << 8 | bytes[i];
	return value;
}

static struct block *block_at(const struct fdbg_heap *heap, uint64_t address)
{
	uint64_t value;

	return fdbg_map_get(&heap->live, address, &value) ? (struct block *)(uintptr_t)value : NULL;
}

static void forget(struct fdbg_heap *heap, struct block *block)
{
	fdbg_map_remove(&heap->live, block->address);
	block->next_free = heap->free_blocks;
	heap->free_blocks = block;
}

/* A new block is there; moved: where it was before, NULL: nowhere. */
static struct fdbg_error *add(struct fdbg_heap *heap, const struct moment *moment, const struct block *what,
			      const struct request *moved)
{
	struct block *block = block_at(heap, what->address);
	struct fdbg_error *err;

	if (block) {
		/* It must have been given back in a way that was not looked at. */
		err = write_block(moment, FDBG_ALLOCATION_DROP, block, NULL, true);
		if (err)
			return err;
	} else if (heap->free_blocks) {
		block = heap->free_blocks;
		heap->free_blocks = block->next_free;
	} else {
		block = fdbg_arena_new(&heap->arena, struct block);
		if (!block)
			return &fdbg_error_nomem;
	}
	*block = *what;
	if (!fdbg_map_set(&heap->live, block->address, (uintptr_t)block))
		return &fdbg_error_nomem;
	heap->stats.allocations++;
	heap->stats.moves += moved != NULL;
	return write_block(moment, FDBG_ALLOCATION_ALLOC, block, moved, false);
}

static struct thread *thread_of(struct fdbg_heap *heap, uint64_t id)
{
	struct thread *thread;
	uint64_t value;

	if (fdbg_map_get(&heap->threads, id, &value))
		return (struct thread *)(uintptr_t)value;
	thread = fdbg_arena_new(&heap->arena, struct thread);
	if (!thread || !fdbg_map_set(&heap->threads, id, (uintptr_t)thread))
		return NULL;
	return thread;
}

/* Requests that were left without their result being seen: their frames are gone. */
static void drop_stale(struct fdbg_heap *heap, struct thread *thread, uint64_t sp)
{
	while (thread->n_pending && thread->pending[thread->n_pending - 1].sp < sp) {
		thread->n_pending--;
		heap->stats.unseen++;
	}
}

static struct fdbg_error *on_request(struct fdbg_heap *heap, const struct moment *moment)
{
	const struct fdbg_heap_probe *probe = moment->probe;
	struct thread *thread = thread_of(heap, moment->hit->thread_id);
	struct fdbg_error *err = NULL;
	struct request request = {
		.sp = get(moment, heap->arch->sp) + (probe->entry ? (uint64_t)heap->arch->cfa_at_entry : 0),
		.has_size = probe->size_reg != FDBG_ARCH_NO_REG, .size = get(moment, probe->size_reg),
		.align = get(moment, probe->align_reg),
		.indirect = probe->indirect_reg != FDBG_ARCH_NO_REG, .out = get(moment, probe->indirect_reg),
	};

	if (!thread)
		return &fdbg_error_nomem;
	/* One at the same place was left, or did not return. */
	drop_stale(heap, thread, request.sp + 1);
	err = fdbg_heap_walk_origin(heap->walk, moment->hit, probe, &request.origin);
	if (err)
		return err;
	if (probe->old_reg != FDBG_ARCH_NO_REG) {
		struct block *old;

		request.moves = true;
		request.old = get(moment, probe->old_reg);
		request.old_block = (struct block){ .address = request.old, .origin = request.origin };
		old = block_at(heap, request.old);
		if (old) {
			request.old_known = true;
			request.old_block = *old;
			forget(heap, old);
			if (request.origin->owner.kind == FDBG_ALLOCATION_UNKNOWN)
				request.origin = request.old_block.origin;
		}
		/* Given up now: by the time the result is seen, another thread may have got its address. */
		heap->stats.releases++;
		err = write_block(moment, FDBG_ALLOCATION_DROP, &request.old_block, NULL, false);
	}
	if (thread->n_pending == MAX_PENDING) {
		heap->stats.unseen++;
		memmove(thread->pending, thread->pending + 1, (MAX_PENDING - 1) * sizeof(thread->pending[0]));
		thread->n_pending--;
	}
	thread->pending[thread->n_pending++] = request;
	return err;
}

static struct fdbg_error *on_result(struct fdbg_heap *heap, const struct moment *moment)
{
	const struct fdbg_heap_probe *probe = moment->probe;
	struct block block = { .address = get(moment, probe->address_reg) };
	struct request request = { 0 };
	struct fdbg_error *err;

	if (probe->requested) {
		struct thread *thread = thread_of(heap, moment->hit->thread_id);
		uint64_t sp = get(moment, heap->arch->sp);

		if (!thread)
			return &fdbg_error_nomem;
		drop_stale(heap, thread, sp);
		if (!thread->n_pending || thread->pending[thread->n_pending - 1].sp != sp)
			return NULL;
		request = thread->pending[--thread->n_pending];
		block.origin = request.origin;
		block.size = request.size;
		block.align = request.align;
		block.has_size = request.has_size;
		if (request.indirect)
			block.address = block.address & UINT32_MAX ? 0 : word_at(moment, request.out);
	} else {
		err = fdbg_heap_walk_origin(heap->walk, moment->hit, probe, &block.origin);
		if (err)
			return err;
	}
	if (!block.address) {
		/* No memory was there. A block that was to be moved is still where it was. */
		return request.moves && request.old_known ? add(heap, moment, &request.old_block, &request) : NULL;
	}
	if (probe->size_reg != FDBG_ARCH_NO_REG) {
		block.has_size = !__builtin_mul_overflow(get(moment, probe->size_reg), probe->unit, &block.size);
	} else if (!block.has_size && block.origin->owner.sized) {
		block.has_size = true;
		block.size = block.origin->owner.size;
	}
	if (!block.align)
		block.align = block.origin->owner.align;
	/* What has no bytes takes none: its address is not that of a block. */
	if (block.has_size && !block.size)
		return NULL;
	return add(heap, moment, &block, request.moves ? &request : NULL);
}

static struct fdbg_error *on_release(struct fdbg_heap *heap, const struct moment *moment)
{
	const struct fdbg_heap_probe *probe = moment->probe;
	uint64_t address = get(moment, probe->address_reg);
	struct block *block = block_at(heap, address);
	struct fdbg_error *err;

	if (block) {
		heap->stats.releases++;
		err = write_block(moment, FDBG_ALLOCATION_DROP, block, NULL, false);
		forget(heap, block);
		return err;
	}
	if (!address || probe->known_only)
		return NULL;
	heap->stats.releases++;
	return write_block(moment, FDBG_ALLOCATION_DROP, &(struct block){
		.address = address, .origin = probe->origin,
		.has_size = probe->size_reg != FDBG_ARCH_NO_REG || (probe->origin && probe->origin->owner.sized),
		.size = probe->size_reg != FDBG_ARCH_NO_REG ? get(moment, probe->size_reg)
							   : probe->origin ? probe->origin->owner.size : 0,
		.align = probe->align_reg != FDBG_ARCH_NO_REG ? get(moment, probe->align_reg)
							     : probe->origin ? probe->origin->owner.align : 0,
	}, NULL, false);
}

static struct fdbg_error *on_probe(struct fdbg_heap *heap, const struct moment *moment)
{
	const struct fdbg_heap_probe *probe = moment->probe;

	if (probe->check_reg != FDBG_ARCH_NO_REG &&
	    get(moment, probe->check_reg) != (probe->check_slot ? word_at(moment, probe->check_slot + heap->bias)
								: probe->check_target + heap->bias))
		return NULL;
	switch (probe->step) {
	case FDBG_HEAP_REQUEST:
		return on_request(heap, moment);
	case FDBG_HEAP_RESULT:
		return on_result(heap, moment);
	case FDBG_HEAP_RELEASE:
		return on_release(heap, moment);
	}
	return NULL;
}

struct fdbg_error *fdbg_heap_on_hit(struct fdbg_heap *heap, const struct fdbg_hit *hit, uint64_t frame_id, struct fdbg_writer *writer)
{
	struct moment moment = { .heap = heap, .hit = hit, .frame_id = frame_id, .writer = writer };
	struct fdbg_error *err;

	heap->stats.hits++;
	if (fdbg_heap_is_full(heap))
		return NULL;
	err = limit_hits(heap, hit, writer);
	for (size_t i = 0; i < hit->site->n_probes && !err && !fdbg_heap_is_full(heap); i++)
		if (hit->site->probes[i].kind == FDBG_PROBE_HEAP) {
			moment.probe = hit->site->probes[i].heap;
			err = on_probe(heap, &moment);
		}
	return err;
}

const struct fdbg_heap_stats *fdbg_heap_stats_of(const struct fdbg_heap *heap)
{
	return &heap->stats;
}

struct fdbg_error *fdbg_heap_create(struct fdbg_debuginfo *debuginfo, const struct fdbg_arch *arch, uint64_t bias,
				    uint64_t max_messages, struct fdbg_heap **ret)
{
	struct fdbg_heap *heap = calloc(1, sizeof(*heap));
	struct fdbg_error *err;

	if (!heap)
		return &fdbg_error_nomem;
	heap->arch = arch;
	heap->bias = bias;
	heap->max_messages = max_messages;
	err = fdbg_heap_walk_create(debuginfo, arch, bias, &heap->walk);
	if (err) {
		free(heap);
		return err;
	}
	*ret = heap;
	return NULL;
}

void fdbg_heap_destroy(struct fdbg_heap *heap)
{
	if (!heap)
		return;
	fdbg_heap_walk_destroy(heap->walk);
	fdbg_map_deinit(&heap->live);
	fdbg_map_deinit(&heap->threads);
	fdbg_arena_deinit(&heap->arena);
	free(heap);
}
