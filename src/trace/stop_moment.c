/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a hit of the stop engine holds: the registers that its values are in, and memory. */
#include <stdlib.h>
#include <string.h>

#include "debuginfo/image.h"
#include "trace/stop_internal.h"

/* Reads that go out before replies are gathered, so that neither side's socket buffer can fill up for good. */
#define BATCH 256
/* The most memory that one event may read. */
#define FETCH_LIMIT ((size_t)4 << 20)

static void map_registers(struct fdbg_stop_engine *engine)
{
	const struct fdbg_remote_reg *regs;
	size_t n;

	regs = fdbg_session_regs(engine->session, &n);
	for (uint32_t i = 0; i < engine->arch->n_regs; i++) {
		engine->remote[i] = UINT32_MAX;
		for (size_t k = 0; k < n; k++) {
			if (fdbg_arch_reg_by_name(engine->arch, regs[k].name) != i)
				continue;
			engine->remote[i] = (uint32_t)k;
			engine->copy_size[i] = regs[k].size < engine->arch->regs[i].size ? regs[k].size
										  : engine->arch->regs[i].size;
		}
	}
}

static struct fdbg_error *fetch(void *context, struct fdbg_memview_want *wants, size_t n_wants)
{
	struct fdbg_stop_moment *moment = context;
	struct fdbg_stop_engine *engine = moment->engine;
	struct fdbg_error *err = NULL;

	if (engine->held != moment)
		return NULL; /* the target runs on: what was not captured cannot be read */
	engine->base.stats.on_demand_reads++;
	for (size_t i = 0; i < n_wants && !err; i++) {
		err = fdbg_session_queue_read(engine->session, wants[i].address, wants[i].size, wants[i].bytes,
					      &wants[i].done);
		if (!err && i % BATCH == BATCH - 1)
			err = fdbg_session_collect(engine->session);
	}
	return err ? err : fdbg_session_collect(engine->session);
}

/* The program's own constants need no round trip. */
static const uint8_t *fixed(void *context, uint64_t address, size_t size)
{
	struct fdbg_stop_engine *engine = context;

	return fdbg_image_bytes(engine->image, address - engine->base.bias, size, true);
}

static void load_registers(struct fdbg_stop_engine *engine)
{
	for (size_t i = 0; i < engine->arch->n_regs; i++) {
		const uint8_t *bytes = engine->remote[i] == UINT32_MAX
					       ? NULL : fdbg_session_register(engine->session, engine->remote[i]);

		engine->now->registers.valid[i] = bytes;
		if (bytes)
			memcpy(engine->now->registers.bytes[i], bytes, engine->copy_size[i]);
	}
}

/* General registers are wanted at every stop; of the others a site says which it needs. */
static bool is_general(const struct fdbg_stop_engine *engine, size_t reg)
{
	return engine->arch->regs[reg].size <= 8;
}

static void need_pieces(uint64_t needs[2], const struct fdbg_source_piece *pieces, size_t n)
{
	for (size_t i = 0; i < n; i++)
		needs[pieces[i].reg / 64] |= (uint64_t)1 << pieces[i].reg % 64;
}

/* The registers that the values of a probe are in. */
static void need_of_probe(uint64_t needs[2], const struct fdbg_probe *probe)
{
	const struct fdbg_traced_function *function = probe->function;

	if (!function)
		return;
	if (probe->kind == FDBG_PROBE_RETURN)
		need_pieces(needs, function->return_pieces, function->n_return_pieces);
	for (size_t i = 0; (probe->kind == FDBG_PROBE_CALL || probe->kind == FDBG_PROBE_ENTRY ||
			    probe->kind == FDBG_PROBE_INLINE) && i < function->n_params; i++) {
		if (function->params[i].source.at_entry != (probe->kind == FDBG_PROBE_ENTRY))
			continue;
		need_pieces(needs, function->params[i].source.pieces, function->params[i].source.n_pieces);
		/* A location may name any register. */
		if (function->params[i].source.kind == FDBG_SOURCE_LOCATION)
			needs[0] = needs[1] = UINT64_MAX;
	}
}

static struct fdbg_error *find_needs(struct fdbg_stop_engine *engine)
{
	free(engine->needs);
	engine->needs = calloc(engine->plan->n_sites + 1, sizeof(*engine->needs));
	if (!engine->needs)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < engine->plan->n_sites; i++)
		for (size_t k = 0; k < engine->plan->sites[i].n_probes; k++)
			need_of_probe(engine->needs[i], &engine->plan->sites[i].probes[k]);
	return NULL;
}

struct fdbg_error *fdbg_stop_load_general_registers(struct fdbg_stop_engine *engine)
{
	struct fdbg_error *err;

	load_registers(engine);
	for (size_t i = 0; i < engine->arch->n_regs; i++) {
		if (engine->now->registers.valid[i] || engine->remote[i] == UINT32_MAX || !is_general(engine, i))
			continue;
		err = fdbg_session_fetch_registers(engine->session);
		if (err)
			return err;
		load_registers(engine);
		break;
	}
	return NULL;
}

/* Queues the reads of the registers that a site's values are in; where single ones cannot be read all are fetched. */
static struct fdbg_error *queue_registers(struct fdbg_stop_engine *engine, const struct fdbg_site *site)
{
	const uint64_t *needs = engine->needs[site - engine->plan->sites];
	struct fdbg_stop_moment *moment = engine->now;
	const struct fdbg_remote_reg *regs;
	struct fdbg_error *err = NULL;
	size_t n_remote, n = 0;

	moment->n_registers_read = 0;
	for (size_t i = 0; i < engine->arch->n_regs; i++)
		n += (needs[i / 64] >> i % 64 & 1) && !moment->registers.valid[i] && engine->remote[i] != UINT32_MAX;
	if (!n)
		return NULL;
	if (!fdbg_session_abilities(engine->session)->read_one_register) {
		err = fdbg_session_fetch_registers(engine->session);
		if (!err)
			load_registers(engine);
		return err;
	}
	regs = fdbg_session_regs(engine->session, &n_remote);
	moment->registers_read = fdbg_arena_array(&moment->arena, n, sizeof(*moment->registers_read));
	if (!moment->registers_read)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < engine->arch->n_regs && !err; i++) {
		struct fdbg_stop_register *read = &moment->registers_read[moment->n_registers_read];

		if (!(needs[i / 64] >> i % 64 & 1) || moment->registers.valid[i] || engine->remote[i] == UINT32_MAX)
			continue;
		read->reg = (uint32_t)i;
		read->bytes = fdbg_arena_alloc(&moment->arena, regs[engine->remote[i]].size);
		if (!read->bytes)
			return &fdbg_error_nomem;
		moment->n_registers_read++;
		err = fdbg_session_queue_register(engine->session, engine->remote[i], read->bytes, &read->done);
	}
	return err;
}

static uint64_t capture_address(const struct fdbg_stop_moment *moment, const struct fdbg_capture_range *range)
{
	if (range->reg == FDBG_ARCH_NO_REG)
		return (uint64_t)range->offset + moment->engine->base.bias;
	return fdbg_registers_get(&moment->registers, range->reg) + (uint64_t)range->offset;
}

struct fdbg_error *fdbg_stop_gather(struct fdbg_stop_moment *moment)
{
	for (size_t i = 0; i < moment->n_registers_read; i++) {
		const struct fdbg_stop_register *read = &moment->registers_read[i];

		if (!read->done)
			continue;
		memcpy(moment->registers.bytes[read->reg], read->bytes, moment->engine->copy_size[read->reg]);
		moment->registers.valid[read->reg] = true;
	}
	for (size_t i = 0; i < moment->n_reads; i++) {
		const struct fdbg_stop_read *read = &moment->reads[i];

		if (!fdbg_memview_add(&moment->view, read->address, read->done ? read->bytes : NULL, read->size))
			return &fdbg_error_nomem;
	}
	return NULL;
}

bool fdbg_stop_is_complete(const struct fdbg_stop_moment *moment)
{
	for (size_t i = 0; i < moment->n_registers_read; i++)
		if (!moment->registers_read[i].done)
			return false;
	for (size_t i = 0; i < moment->n_reads; i++)
		if (!moment->reads[i].done && !moment->reads[i].beyond)
			return false;
	return true;
}

/*
 * Queues the read of a capture. Servers answer a read that leaves mapped memory with an error and no bytes, so each page
 * that a window reaches into is read by itself; they go out together.
 */
static struct fdbg_error *queue_capture(struct fdbg_stop_moment *moment, const struct fdbg_capture_range *range)
{
	uint64_t address = capture_address(moment, range), size = range->size, n;
	bool beyond = false;

	for (; size; size -= n, address += n, beyond = true) {
		struct fdbg_stop_read *read = &moment->reads[moment->n_reads];
		struct fdbg_error *err;

		n = size;
		if (range->window && n > FDBG_PAGE_SIZE - address % FDBG_PAGE_SIZE)
			n = FDBG_PAGE_SIZE - address % FDBG_PAGE_SIZE;
		*read = (struct fdbg_stop_read){ .address = address, .size = (size_t)n, .beyond = beyond };
		read->bytes = fdbg_arena_alloc(&moment->arena, read->size);
		if (!read->bytes)
			return &fdbg_error_nomem;
		moment->n_reads++;
		err = fdbg_session_queue_read(moment->engine->session, address, read->size, read->bytes, &read->done);
		if (err)
			return err;
	}
	return NULL;
}

struct fdbg_error *fdbg_stop_capture(struct fdbg_stop_engine *engine, const struct fdbg_site *site,
				  const struct fdbg_stop_place *place, bool *pending_ret)
{
	struct fdbg_stop_moment *moment = engine->now;
	struct fdbg_error *err = queue_registers(engine, site);
	size_t most = site->n_captures;

	if (err)
		return err;
	for (size_t i = 0; i < site->n_captures; i++)
		most += site->captures[i].window ? site->captures[i].size / FDBG_PAGE_SIZE + 1 : 0;
	moment->n_reads = 0;
	moment->reads = fdbg_arena_array(&moment->arena, most, sizeof(*moment->reads));
	if (!moment->reads)
		return &fdbg_error_nomem;
	for (size_t i = 0; i < site->n_captures && !err; i++)
		err = queue_capture(moment, &site->captures[i]);
	if (err)
		return err;
	if (!site->on_demand && place->slot && !engine->halting) {
		*pending_ret = moment->n_reads > 0 || moment->n_registers_read > 0;
		err = fdbg_stop_queue_run(engine);
		return err ? err : fdbg_session_send(engine->session);
	}
	engine->held = moment;
	if (!moment->n_reads && !moment->n_registers_read)
		return NULL;
	err = fdbg_session_collect(engine->session);
	return err ? err : fdbg_stop_gather(moment);
}

void fdbg_stop_moments_init(struct fdbg_stop_engine *engine)
{
	for (size_t i = 0; i < 2; i++)
		engine->moments[i] = (struct fdbg_stop_moment){
			.engine = engine,
			.view = { .arena = &engine->moments[i].arena, .fetch = fetch,
				  .fetch_context = &engine->moments[i], .fixed = fixed, .fixed_context = engine,
				  .fetch_limit = FETCH_LIMIT },
		};
}

struct fdbg_error *fdbg_stop_prepare_registers(struct fdbg_stop_engine *engine)
{
	map_registers(engine);
	return find_needs(engine);
}
