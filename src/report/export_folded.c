/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A line a stack with its weight: what flame graph tools read. */
#include <stdlib.h>

#include "report/export_internal.h"
#include "report/spread.h"
#include "value/escape.h"

/*
 * A line names the whole stack, so a deep recursion would give lines without end, as many as it is deep. What
 * is deeper than this is one frame `…`.
 */
enum { MAX_LEVEL = 1000, ROOT = 0, DEEP = UINT32_MAX };

/* A function in its stack, once for all calls that have the same stack. */
struct stack {
	uint32_t parent;
	uint32_t function;  /* index; DEEP: everything deeper */
	uint32_t level;
	uint64_t weight;
};

struct folded {
	struct fdbg_export *export;
	struct stack *stacks;  /* 0 is the empty one */
	size_t n_stacks, cap_stacks;
	struct fdbg_map by_place; /* parent and function to stack */
	struct thread {
		uint32_t stack;
		bool begun;
		uint64_t at_ns; /* of its last event */
	} *threads;             /* by index */
	size_t n_threads;
	const struct fdbg_counted_function **functions; /* by index */
	size_t n_functions;
	struct fdbg_spread spread;
	struct {
		size_t thread;
		uint32_t stack; /* from there on */
	} group[FDBG_SPREAD_MAX];
};

static struct fdbg_error *find_stack(struct folded *folded, uint32_t parent, uint32_t function, uint32_t *ret)
{
	uint64_t key = (uint64_t)parent << 32 | function, found;
	struct stack *stack;

	if (fdbg_map_get(&folded->by_place, key, &found)) {
		*ret = (uint32_t)found;
		return NULL;
	}
	if (folded->n_stacks == folded->cap_stacks) {
		size_t cap = folded->cap_stacks ? folded->cap_stacks * 2 : 256;
		struct stack *stacks = reallocarray(folded->stacks, cap, sizeof(*stacks));

		if (!stacks)
			return &fdbg_error_nomem;
		folded->stacks = stacks;
		folded->cap_stacks = cap;
	}
	if (folded->n_stacks >= UINT32_MAX || !fdbg_map_set(&folded->by_place, key, folded->n_stacks))
		return &fdbg_error_nomem;
	stack = &folded->stacks[folded->n_stacks];
	*stack = (struct stack){ .parent = parent, .function = function };
	stack->level = folded->n_stacks ? folded->stacks[parent].level + 1 : 0;
	*ret = (uint32_t)folded->n_stacks++;
	return NULL;
}

static void place_group(struct folded *folded, uint64_t next_ms)
{
	size_t n = folded->spread.n;
	uint64_t at, step;

	fdbg_spread_place(&folded->spread, next_ms, &at, &step);
	for (size_t i = 0; i < n; i++, at += step) {
		struct thread *thread = &folded->threads[folded->group[i].thread];

		if (thread->begun && folded->export->options->weight == FDBG_EXPORT_TIME)
			folded->stacks[thread->stack].weight += at - thread->at_ns;
		thread->begun = true;
		thread->at_ns = at;
		thread->stack = folded->group[i].stack;
	}
}

static void enter(struct folded *folded, const struct fdbg_flow_event *event, uint32_t stack)
{
	if (fdbg_spread_is_full(&folded->spread, event->time_ms))
		place_group(folded, event->time_ms);
	folded->group[folded->spread.n].thread = event->thread->index;
	folded->group[folded->spread.n].stack = stack;
	fdbg_spread_add(&folded->spread, event->time_ms);
}

static struct fdbg_error *begin(void *context, const struct fdbg_flow_event *event)
{
	struct folded *folded = context;
	const struct fdbg_counted_function *function = event->call->function;
	uint32_t parent = event->parent ? (uint32_t)event->parent->tag : ROOT, stack = parent;
	struct fdbg_error *err;

	if (!fdbg_export_reach(&folded->threads, &folded->n_threads, event->thread->index, sizeof(*folded->threads)) ||
	    !fdbg_export_reach(&folded->functions, &folded->n_functions, function->index, sizeof(*folded->functions)))
		return &fdbg_error_nomem;
	folded->functions[function->index] = function;
	if (folded->stacks[parent].function != DEEP || parent == ROOT) {
		bool deep = folded->stacks[parent].level >= MAX_LEVEL;

		err = find_stack(folded, parent, deep ? DEEP : (uint32_t)function->index, &stack);
		if (err)
			return err;
	}
	event->call->tag = stack;
	if (folded->export->options->weight == FDBG_EXPORT_CALLS)
		folded->stacks[stack].weight++;
	enter(folded, event, stack);
	return NULL;
}

static struct fdbg_error *end(void *context, const struct fdbg_flow_event *event, enum fdbg_flow_end how)
{
	(void)how;
	enter(context, event, event->parent ? (uint32_t)event->parent->tag : ROOT);
	return NULL;
}

/* Semicolons part the frames of a line; `<[u8; 4] as Trait>::f` has one of its own. */
static void put_name(struct fdbg_buf *out, struct fdbg_text name)
{
	size_t from = out->len;

	fdbg_escape_terminal(out, name.data, name.len, false);
	for (size_t i = from; i < out->len && !out->failed; i++) {
		if (out->data[i] == ';')
			out->data[i] = ':';
	}
}

static struct fdbg_error *put_stack(struct folded *folded, size_t index)
{
	struct fdbg_buf *out = &folded->export->out;
	uint32_t path[MAX_LEVEL + 1], n = 0;

	for (size_t i = index; i != ROOT && n <= MAX_LEVEL; i = folded->stacks[i].parent)
		path[n++] = folded->stacks[i].function;
	while (n--) {
		if (path[n] == DEEP)
			fdbg_buf_string(out, "…");
		else
			put_name(out, folded->functions[path[n]]->name);
		fdbg_buf_byte(out, n ? ';' : ' ');
	}
	fdbg_buf_decimal(out, folded->stacks[index].weight);
	fdbg_buf_byte(out, '\n');
	return fdbg_export_settle(folded->export);
}

struct fdbg_error *fdbg_export_folded(struct fdbg_export *export)
{
	struct folded *folded = calloc(1, sizeof(*folded));
	struct fdbg_flow_visitor visitor = { .context = folded, .begin = begin, .end = end };
	struct fdbg_error *err, *last = NULL;
	uint32_t root;

	if (!folded)
		return &fdbg_error_nomem;
	folded->export = export;
	err = find_stack(folded, ROOT, DEEP, &root);
	if (!err)
		err = fdbg_export_run(export, &visitor, false);
	if (fdbg_export_is_whole(err)) {
		place_group(folded, UINT64_MAX);
		for (size_t i = ROOT + 1; i < folded->n_stacks && !last; i++) {
			if (folded->stacks[i].weight)
				last = put_stack(folded, i);
		}
	}
	free(folded->stacks);
	fdbg_map_deinit(&folded->by_place);
	free(folded->threads);
	free(folded->functions);
	free(folded);
	if (!err)
		return last;
	fdbg_error_destroy(last);
	return err;
}
