/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* From a hit's registers and memory to the values of arguments and returns. */
#include <string.h>

#include "trace/recorder_internal.h"

/* A register of the hit by its DWARF number, for location expressions. */
static bool location_reg(void *context, uint32_t dwarf, uint64_t *ret)
{
	const struct recorder *recorder = ((void **)context)[0];
	const struct fdbg_hit *hit = ((void **)context)[1];
	uint32_t reg = fdbg_arch_reg_by_dwarf(recorder->plan->arch, dwarf);

	if (reg == FDBG_ARCH_NO_REG || !hit->registers->valid[reg])
		return false;
	*ret = fdbg_registers_get(hit->registers, reg);
	return true;
}

/* The same as it was at the function's entry, where that is known. */
static bool entry_reg(void *context, uint32_t dwarf, uint64_t *ret)
{
	const struct recorder *recorder = ((void **)context)[0];
	const struct fdbg_registers *entry = ((void **)context)[2];
	uint32_t reg = fdbg_arch_reg_by_dwarf(recorder->plan->arch, dwarf);

	if (!entry || reg == FDBG_ARCH_NO_REG || !entry->valid[reg])
		return false;
	*ret = fdbg_registers_get(entry, reg);
	return true;
}

/* The bytes of a value that lies in registers, in the event's arena; NULL: one of them is not known. */
static const uint8_t *assemble(const struct fdbg_hit *hit, const struct fdbg_registers *registers,
			       const struct fdbg_type *type, const struct fdbg_source_piece *pieces,
			       size_t n_pieces)
{
	uint8_t *bytes = fdbg_arena_alloc(hit->view->arena, type->size);

	for (size_t i = 0; i < n_pieces && bytes; i++) {
		const struct fdbg_source_piece *piece = &pieces[i];

		if (!registers->valid[piece->reg] || piece->size > 16 || piece->offset > type->size ||
		    piece->size > type->size - piece->offset)
			return NULL;
		memcpy(bytes + piece->offset, registers->bytes[piece->reg], piece->size);
		if (piece->one_bit)
			bytes[piece->offset] &= 1;
	}
	return bytes;
}

/* Puts an object together from the places that a location expression gave. */
static const char *add_places(struct recorder *recorder, const struct fdbg_hit *hit, const struct fdbg_type *type,
			      const struct fdbg_place *places, size_t n_places, struct fdbg_value *to)
{
	uint8_t *bytes;
	uint64_t offset = 0;

	if (n_places == 1 && places[0].kind == FDBG_PLACE_MEMORY) {
		fdbg_decoder_add_memory(recorder->decoder, type, places[0].address, to);
		return NULL;
	}
	bytes = fdbg_arena_alloc(hit->view->arena, type->size);
	if (!bytes)
		return "out of memory";
	for (size_t i = 0; i < n_places; i++) {
		const struct fdbg_place *place = &places[i];
		uint64_t size = place->size ? place->size : type->size - offset;
		const uint8_t *from = NULL;
		uint32_t reg;

		if (size > type->size - offset)
			return "the location covers more than the object";
		switch (place->kind) {
		case FDBG_PLACE_NONE:
			*to = fdbg_value_optimized_out();
			return NULL;
		case FDBG_PLACE_MEMORY:
			while (fdbg_memview_get(hit->view, place->address, (size_t)size, &from) == FDBG_MEMVIEW_PENDING) {
				struct fdbg_error *err = fdbg_memview_fetch(hit->view);

				if (err) {
					fdbg_error_destroy(err);
					return "the link failed";
				}
			}
			break;
		case FDBG_PLACE_REGISTER:
			reg = fdbg_arch_reg_by_dwarf(recorder->plan->arch, place->reg);
			if (reg != FDBG_ARCH_NO_REG && hit->registers->valid[reg] && size <= 16)
				from = hit->registers->bytes[reg];
			break;
		case FDBG_PLACE_VALUE:
			/* An expression computes 8 bytes; whether the others are the sign's is not said. */
			if (!place->size && size > 8 && place->value[7] >> 7)
				return "its location has a part of the value only";
			from = place->bytes ? place->bytes : size <= 16 ? place->value : NULL;
			break;
		}
		if (!from)
			return "a part of the argument cannot be read";
		memcpy(bytes + offset, from, (size_t)size);
		offset += size;
	}
	if (offset < type->size) {
		*to = fdbg_value_optimized_out();
		return NULL;
	}
	fdbg_decoder_add_bytes(recorder->decoder, type, bytes, to);
	return NULL;
}

static const char *add_location(struct recorder *recorder, const struct fdbg_hit *hit,
				const struct fdbg_probe *probe, const struct fdbg_registers *entry,
				const struct fdbg_traced_param *param, struct fdbg_value *to)
{
	void *context[] = { recorder, (void *)hit, (void *)entry };
	struct fdbg_location_context evaluation = {
		.reg = location_reg, .entry_reg = entry_reg, .context = context, .memory = hit->view,
		.frame_base = &probe->function->function->frame_base, .bias = recorder->engine->bias,
		.cfa_known = true,
		.cfa = fdbg_registers_get(hit->registers, probe->cfa_reg) + (uint64_t)probe->cfa_offset,
	};
	struct fdbg_place *places;
	const char *reason = NULL;
	enum fdbg_memview_state state;
	size_t n_places;

	for (;;) {
		struct fdbg_error *err;

		state = fdbg_location_evaluate(&param->location, hit->site->address, &evaluation, hit->view->arena,
					       &places, &n_places, &reason);
		if (state != FDBG_MEMVIEW_PENDING)
			break;
		err = fdbg_memview_fetch(hit->view);
		if (err) {
			fdbg_error_destroy(err);
			return "the link failed";
		}
	}
	if (state != FDBG_MEMVIEW_READY)
		return reason ? reason : "its location cannot be evaluated";
	return add_places(recorder, hit, param->type, places, n_places, to);
}

static const char *add_indirect(struct recorder *recorder, const struct fdbg_hit *hit,
				const struct fdbg_traced_param *param, struct fdbg_value *to)
{
	uint64_t slot = fdbg_registers_get(hit->registers, param->source.reg) + (uint64_t)param->source.offset;
	uint64_t address = 0;
	const uint8_t *bytes;

	if (fdbg_memview_get(hit->view, slot, 8, &bytes) != FDBG_MEMVIEW_READY)
		return "the argument's address cannot be read";
	for (int i = 7; i >= 0; i--)
		address = address << 8 | bytes[i];
	fdbg_decoder_add_memory(recorder->decoder, param->type, address + (uint64_t)param->source.offset2, to);
	return NULL;
}

static void add_argument(struct recorder *recorder, const struct fdbg_hit *hit, const struct fdbg_probe *probe,
			 const struct fdbg_registers *entry, const struct fdbg_traced_param *param,
			 struct fdbg_value *to)
{
	const struct fdbg_source *source = &param->source;
	const struct fdbg_registers *registers = source->at_entry ? entry : hit->registers;
	const char *reason = NULL;
	const uint8_t *bytes;

	if (!registers) {
		*to = fdbg_value_opaque("the function's entry was not seen");
		return;
	}
	switch (source->kind) {
	case FDBG_SOURCE_NOTHING:
		fdbg_decoder_add_bytes(recorder->decoder, param->type, (const uint8_t *)"", to);
		return;
	case FDBG_SOURCE_MEMORY:
		if (!registers->valid[source->reg])
			reason = "the register of its frame is not known";
		else
			fdbg_decoder_add_memory(recorder->decoder, param->type,
						fdbg_registers_get(registers, source->reg) +
							(uint64_t)source->offset, to);
		break;
	case FDBG_SOURCE_INDIRECT:
		reason = add_indirect(recorder, hit, param, to);
		break;
	case FDBG_SOURCE_REGISTERS:
		bytes = assemble(hit, registers, param->type, source->pieces, source->n_pieces);
		if (bytes)
			fdbg_decoder_add_bytes(recorder->decoder, param->type, bytes, to);
		else
			reason = "its registers are not known";
		break;
	case FDBG_SOURCE_STATIC:
		fdbg_decoder_add_memory(recorder->decoder, param->type,
					(uint64_t)source->offset + recorder->engine->bias, to);
		break;
	case FDBG_SOURCE_LOCATION:
		reason = add_location(recorder, hit, probe,
				      hit->site->address == probe->function->function->entry &&
						      !probe->function->function->inlined_in ? hit->registers : entry,
				      param, to);
		break;
	case FDBG_SOURCE_OPTIMIZED_OUT:
		*to = fdbg_value_optimized_out();
		return;
	case FDBG_SOURCE_UNKNOWN:
		reason = source->reason;
		break;
	}
	if (reason)
		*to = fdbg_value_opaque(reason);
}

void fdbg_recorder_explain(const struct recorder *recorder, const struct fdbg_traced_function *function,
		    struct fdbg_text name, const struct fdbg_value *value)
{
	if (value->kind != FDBG_VALUE_OPAQUE || value->opaque.optimized_out)
		return;
	fdbg_log(recorder->options->log, FDBG_LOG_INFO, "%.*s: `%.*s` was not read: %s",
		 (int)function->name.len, function->name.data, (int)name.len, name.data,
		 value->opaque.reason ? value->opaque.reason : "no reason known");
}

struct fdbg_error *fdbg_recorder_arguments(struct recorder *recorder, const struct fdbg_hit *hit,
					   const struct fdbg_probe *probe, const struct fdbg_registers *entry,
					   struct fdbg_named_value **ret)
{
	const struct fdbg_traced_function *function = probe->function;
	struct fdbg_named_value *values = fdbg_arena_array(hit->view->arena, function->n_params, sizeof(*values));
	struct fdbg_error *err;

	if (!values)
		return &fdbg_error_nomem;
	fdbg_decoder_begin(recorder->decoder, hit->view->arena, hit->view);
	for (size_t i = 0; i < function->n_params; i++) {
		values[i].name = function->params[i].name;
		add_argument(recorder, hit, probe, entry, &function->params[i], &values[i].value);
	}
	err = fdbg_decoder_run(recorder->decoder);
	for (size_t i = 0; i < function->n_params; i++)
		fdbg_recorder_explain(recorder, function, values[i].name, &values[i].value);
	*ret = values;
	return err;
}

void fdbg_recorder_return_value(struct recorder *recorder, const struct fdbg_hit *hit, const struct fdbg_shadow_frame *frame,
			     struct fdbg_value *to)
{
	const struct fdbg_traced_function *function = frame->function;
	uint32_t reg = recorder->plan->arch->hidden_pointer_ret;
	const uint8_t *bytes;

	switch (function->return_kind) {
	case FDBG_RETURN_NOTHING:
		if (function->return_ref.die)
			fdbg_decoder_add_bytes(recorder->decoder, function->return_type, (const uint8_t *)"", to);
		else
			to->kind = FDBG_VALUE_UNIT;
		return;
	case FDBG_RETURN_REGISTERS:
		bytes = assemble(hit, hit->registers, function->return_type, function->return_pieces, function->n_return_pieces);
		if (bytes)
			fdbg_decoder_add_bytes(recorder->decoder, function->return_type, bytes, to);
		else
			*to = fdbg_value_opaque("a register of the return value is not known");
		return;
	case FDBG_RETURN_MEMORY:
		/* Who was given it gives it back, or follows another convention. */
		if (frame->has_hidden_pointer && !function->hidden_pointer_proven && reg != FDBG_ARCH_NO_REG && hit->registers->valid[reg] &&
		    fdbg_registers_get(hit->registers, reg) != frame->hidden_pointer)
			*to = fdbg_value_opaque("the function did not give back the pointer to it, as its calling convention would have it");
		else if (frame->has_hidden_pointer)
			fdbg_decoder_add_memory(recorder->decoder, function->return_type, frame->hidden_pointer, to);
		else if (function->hidden_pointer_at_return && hit->registers->valid[reg])
			fdbg_decoder_add_memory(recorder->decoder, function->return_type,
						fdbg_registers_get(hit->registers, reg), to);
		else
			*to = fdbg_value_opaque("the address of the return value is not known");
		return;
	case FDBG_RETURN_UNKNOWN:
		*to = fdbg_value_opaque(function->return_reason);
		return;
	}
}
