/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "report/heap.h"

#include <stdlib.h>
#include <string.h>

/* Points of the timeline are halved when there are so many. */
#define MAX_POINTS 2048
/* Calls deeper than this count as their caller. */
#define MAX_PATH 256

struct block {
	struct fdbg_heap_group *type, *function;
	struct fdbg_heap_place_group *place;
	size_t node;
	uint64_t size;
	struct block *next_free;
};

struct builder {
	struct fdbg_heap_report *report;
	struct fdbg_recording *recording;
	struct fdbg_map live;          /* address -> struct block * */
	struct block *free_blocks;
	struct fdbg_strmap names;      /* name -> its one copy */
	struct fdbg_strmap types, functions; /* name -> group */
	size_t cap_types, cap_functions, cap_places, cap_nodes;
	struct fdbg_map places;        /* hash -> struct fdbg_heap_place_group *; chained by trying on */
	struct fdbg_map children;      /* hash of parent and name -> node */
	uint64_t epoch;                /* peaks so far */
	uint64_t operations, per_point, in_point;
};

/* The amount changes: what it was at the last peak is kept. */
static void change(const struct builder *builder, struct fdbg_heap_held *held, uint64_t size, bool more)
{
	if (held->epoch != builder->epoch) {
		held->epoch = builder->epoch;
		held->peak_bytes = held->bytes;
		held->peak_blocks = held->blocks;
	}
	held->bytes = more ? held->bytes + size : held->bytes - size;
	held->blocks = more ? held->blocks + 1 : held->blocks - 1;
}

/* The pass is over: what did not change since the peak is as it was then. */
static void settle(const struct builder *builder, struct fdbg_heap_held *held)
{
	if (held->epoch == builder->epoch)
		return;
	held->peak_bytes = held->bytes;
	held->peak_blocks = held->blocks;
}

static struct fdbg_heap_group *group_of(struct builder *builder, struct fdbg_strmap *map, struct fdbg_text name,
					struct fdbg_heap_group ***list, size_t *n, size_t *cap)
{
	struct fdbg_heap_group *group;
	uint64_t value;

	if (fdbg_strmap_get(map, name, &value))
		return (struct fdbg_heap_group *)(uintptr_t)value;
	if (*n == *cap) {
		size_t more = *cap ? *cap * 2 : 64;
		struct fdbg_heap_group **grown = reallocarray(*list, more, sizeof(*grown));

		if (!grown)
			return NULL;
		*list = grown;
		*cap = more;
	}
	group = fdbg_arena_new(&builder->report->arena, struct fdbg_heap_group);
	if (!group)
		return NULL;
	group->name = fdbg_arena_text(&builder->report->arena, name);
	if (!group->name.data || !fdbg_strmap_set(map, group->name, (uintptr_t)group))
		return NULL;
	(*list)[(*n)++] = group;
	return group;
}

/* ---- names ---- */

/* "Rc<T>" for the counted block of an Rc, "Box<T>" for a T in a Box. */
static struct fdbg_text shown_type(struct builder *builder, const struct fdbg_message_allocation *allocation)
{
	struct fdbg_text name = allocation->type_name;
	const char *open = memchr(name.data, '<', name.len);
	bool counted = allocation->kind == FDBG_ALLOCATION_RC || allocation->kind == FDBG_ALLOCATION_ARC;
	char *text = NULL;

	if (allocation->kind == FDBG_ALLOCATION_BOX)
		text = fdbg_arena_printf(&builder->report->arena, "Box<%.*s>", (int)name.len, name.data);
	else if (counted && open)
		text = fdbg_arena_printf(&builder->report->arena, "%s%.*s", fdbg_allocation_kind_name(allocation->kind),
					 (int)(name.len - (size_t)(open - name.data)), open);
	return text ? fdbg_text_from(text) : name;
}

static struct fdbg_thread *thread_of(const struct builder *builder, uint64_t id)
{
	uint64_t value;

	return fdbg_map_get(&builder->recording->frames.by_id, id, &value) ? (struct fdbg_thread *)(uintptr_t)value : NULL;
}

/* ---- the tree ---- */

static bool child_of(struct builder *builder, size_t parent, struct fdbg_text name, bool type, size_t *ret)
{
	struct fdbg_heap_report *report = builder->report;
	/* The name's text is unique for each name: its address stands for it. */
	uint64_t key = (uint64_t)(uintptr_t)name.data * 0x9e3779b97f4a7c15u + parent * 0xc2b2ae3d27d4eb4fu + type, value;

	for (;; key++) {
		const struct fdbg_heap_node *node;

		if (!fdbg_map_get(&builder->children, key, &value))
			break;
		node = &report->nodes[value];
		if (node->parent == parent && node->name.data == name.data && node->type == type) {
			*ret = (size_t)value;
			return true;
		}
	}
	if (report->n_nodes == builder->cap_nodes) {
		size_t cap = builder->cap_nodes ? builder->cap_nodes * 2 : 256;
		struct fdbg_heap_node *grown = reallocarray(report->nodes, cap, sizeof(*grown));

		if (!grown)
			return false;
		report->nodes = grown;
		builder->cap_nodes = cap;
	}
	report->nodes[report->n_nodes] = (struct fdbg_heap_node){ .parent = parent, .name = name, .type = type };
	if (!fdbg_map_set(&builder->children, key, report->n_nodes))
		return false;
	*ret = report->n_nodes++;
	return true;
}

/* One text for each name, so that nodes can be told by its address; data NULL: no memory. */
static struct fdbg_text intern(struct builder *builder, struct fdbg_text name)
{
	struct fdbg_text copy;
	uint64_t value;

	if (fdbg_strmap_get(&builder->names, name, &value))
		return (struct fdbg_text){ (const char *)(uintptr_t)value, name.len };
	copy = fdbg_arena_text(&builder->report->arena, name);
	if (copy.data && !fdbg_strmap_set(&builder->names, copy, (uintptr_t)copy.data))
		copy.data = NULL;
	return copy;
}

static bool descend(struct builder *builder, struct fdbg_text name, bool type, size_t *node)
{
	struct fdbg_text text = intern(builder, name);

	return text.data && child_of(builder, *node, text, type, node);
}

/* The node of an allocation: the thread's calls, the function that allocates where it is none of them, the type. */
static bool node_of(struct builder *builder, const struct fdbg_message_allocation *allocation,
		    const struct fdbg_heap_group *type, const struct fdbg_heap_group *function, size_t *ret)
{
	struct fdbg_thread *thread = thread_of(builder, allocation->thread_id);
	size_t n = thread ? thread->n_stack : 0, known = n;
	const struct fdbg_counted_function *top = n ? thread->stack[n - 1].function : NULL;

	*ret = 0;
	/* A frame keeps its node. */
	while (known && !thread->stack[known - 1].node)
		known--;
	if (known)
		*ret = thread->stack[known - 1].node;
	for (; known < n; known++) {
		if (known < MAX_PATH && !descend(builder, thread->stack[known].function->name, false, ret))
			return false;
		thread->stack[known].node = *ret;
	}
	if (function->name.len && !(top && fdbg_text_equal(top->name, function->name)) &&
	    !descend(builder, function->name, false, ret))
		return false;
	return descend(builder, type->name, true, ret);
}

/* ---- places ---- */

static struct fdbg_heap_place_group *place_of(struct builder *builder, const struct fdbg_heap_group *type,
					      const struct fdbg_heap_group *function, struct fdbg_text file, uint32_t line)
{
	struct fdbg_heap_report *report = builder->report;
	uint64_t key = (uint64_t)(uintptr_t)type * 0x9e3779b97f4a7c15u + (uint64_t)(uintptr_t)function * 0xc2b2ae3d27d4eb4fu + line;
	struct fdbg_heap_place_group *place;
	uint64_t value;

	for (;; key++) {
		if (!fdbg_map_get(&builder->places, key, &value))
			break;
		place = (struct fdbg_heap_place_group *)(uintptr_t)value;
		if (place->type == type && place->function == function && place->line == line &&
		    fdbg_text_equal(place->file, file))
			return place;
	}
	if (report->n_places == builder->cap_places) {
		size_t cap = builder->cap_places ? builder->cap_places * 2 : 64;
		struct fdbg_heap_place_group **grown = reallocarray(report->places, cap, sizeof(*grown));

		if (!grown)
			return NULL;
		report->places = grown;
		builder->cap_places = cap;
	}
	place = fdbg_arena_new(&report->arena, struct fdbg_heap_place_group);
	if (!place)
		return NULL;
	*place = (struct fdbg_heap_place_group){
		.type = type, .function = function, .file = fdbg_arena_text(&report->arena, file), .line = line,
	};
	if (!place->file.data || !fdbg_map_set(&builder->places, key, (uintptr_t)place))
		return NULL;
	report->places[report->n_places++] = place;
	return place;
}

/* ---- allocations and releases ---- */

static void change_all(struct builder *builder, struct block *block, bool more)
{
	struct fdbg_heap_report *report = builder->report;

	change(builder, &report->live, block->size, more);
	change(builder, &block->type->held, block->size, more);
	change(builder, &block->function->held, block->size, more);
	change(builder, &block->place->held, block->size, more);
	change(builder, &report->nodes[block->node].held, block->size, more);
}

static void take_out(struct builder *builder, uint64_t address, struct block *block)
{
	change_all(builder, block, false);
	fdbg_map_remove(&builder->live, address);
	block->next_free = builder->free_blocks;
	builder->free_blocks = block;
}

static struct block *block_at(const struct builder *builder, uint64_t address)
{
	uint64_t value;

	return fdbg_map_get(&builder->live, address, &value) ? (struct block *)(uintptr_t)value : NULL;
}

static struct fdbg_error *on_allocation(struct builder *builder, const struct fdbg_message *message)
{
	const struct fdbg_message_allocation *allocation = &message->allocation;
	struct fdbg_heap_report *report = builder->report;
	const struct fdbg_thread *thread = thread_of(builder, allocation->thread_id);
	struct fdbg_text function = allocation->function;
	struct block *block = block_at(builder, allocation->address);

	if (block) {
		report->unseen++;
		take_out(builder, allocation->address, block);
	}
	block = builder->free_blocks;
	if (block)
		builder->free_blocks = block->next_free;
	else
		block = fdbg_arena_new(&report->arena, struct block);
	if (!block)
		return &fdbg_error_nomem;
	*block = (struct block){ .size = allocation->size };
	/* Not told where: at least in the innermost call. */
	if (!function.len && thread && thread->n_stack)
		function = thread->stack[thread->n_stack - 1].function->name;
	block->type = group_of(builder, &builder->types, shown_type(builder, allocation), &report->types, &report->n_types,
			       &builder->cap_types);
	block->function = group_of(builder, &builder->functions, function, &report->functions, &report->n_functions,
				   &builder->cap_functions);
	if (!block->type || !block->function)
		return &fdbg_error_nomem;
	block->place = place_of(builder, block->type, block->function, allocation->file, allocation->line);
	if (!block->place || !node_of(builder, allocation, block->type, block->function, &block->node) ||
	    !fdbg_map_set(&builder->live, allocation->address, (uintptr_t)block))
		return &fdbg_error_nomem;
	report->without_size += !allocation->has_size;
	if (allocation->moved) {
		report->moves++;
		/* Its release went before, and was none. */
		report->releases -= report->releases > 0;
	} else {
		report->allocations++;
		block->type->allocations++;
		block->function->allocations++;
		block->place->allocations++;
	}
	report->allocated_bytes += block->size;
	block->type->bytes += block->size;
	block->function->bytes += block->size;
	change_all(builder, block, true);
	return NULL;
}

static void on_release(struct builder *builder, const struct fdbg_message *message)
{
	const struct fdbg_message_allocation *allocation = &message->allocation;
	struct fdbg_heap_report *report = builder->report;
	struct block *block = block_at(builder, allocation->address);

	if (allocation->unseen)
		report->unseen++;
	else
		report->releases++;
	if (block)
		take_out(builder, allocation->address, block);
	else
		report->unknown++;
}

/* Keeps the timeline: of neighbours the higher one stays when there are too many. */
static struct fdbg_error *add_point(struct builder *builder, uint64_t time_ms)
{
	struct fdbg_heap_report *report = builder->report;
	struct fdbg_heap_point point = { time_ms, builder->operations, report->live.bytes, report->live.blocks };

	if (!report->points) {
		report->points = malloc(MAX_POINTS * sizeof(*report->points));
		if (!report->points)
			return &fdbg_error_nomem;
	}
	if (builder->in_point && report->n_points) {
		struct fdbg_heap_point *last = &report->points[report->n_points - 1];

		if (point.bytes > last->bytes)
			*last = point;
	} else {
		if (report->n_points == MAX_POINTS) {
			for (size_t i = 0; i < MAX_POINTS / 2; i++) {
				const struct fdbg_heap_point *pair = &report->points[2 * i];

				report->points[i] = pair[pair[1].bytes > pair[0].bytes];
			}
			report->n_points = MAX_POINTS / 2;
			builder->per_point *= 2;
		}
		report->points[report->n_points++] = point;
	}
	builder->in_point = (builder->in_point + 1) % builder->per_point;
	return NULL;
}

static struct fdbg_error *on_message(struct builder *builder, const struct fdbg_message *message)
{
	struct fdbg_heap_report *report = builder->report;
	struct fdbg_error *err;

	if (!report->begin_ms)
		report->begin_ms = message->timestamp_ms;
	if (message->timestamp_ms > report->end_ms)
		report->end_ms = message->timestamp_ms;
	if (message->stream != FDBG_STREAM_ALLOCATION)
		return NULL;
	builder->operations++;
	report->cut |= message->allocation.last;
	/* That is all it says. */
	if (!message->allocation.address)
		return NULL;
	if (message->allocation.action == FDBG_ALLOCATION_ALLOC) {
		err = on_allocation(builder, message);
		if (err)
			return err;
		if (report->live.bytes > report->live.peak_bytes || !builder->epoch) {
			builder->epoch++;
			report->live.epoch = builder->epoch;
			report->live.peak_bytes = report->live.bytes;
			report->live.peak_blocks = report->live.blocks;
			report->peak_time_ms = message->timestamp_ms;
		}
	} else {
		on_release(builder, message);
	}
	return add_point(builder, message->timestamp_ms < report->begin_ms ? 0 : message->timestamp_ms - report->begin_ms);
}

/* ---- the end ---- */

static int compare_groups(const void *a, const void *b)
{
	const struct fdbg_heap_group *x = *(struct fdbg_heap_group *const *)a, *y = *(struct fdbg_heap_group *const *)b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	if (x->allocations != y->allocations)
		return x->allocations < y->allocations ? 1 : -1;
	return strcmp(x->name.data, y->name.data);
}

static int compare_places(const void *a, const void *b)
{
	const struct fdbg_heap_place_group *x = *(struct fdbg_heap_place_group *const *)a;
	const struct fdbg_heap_place_group *y = *(struct fdbg_heap_place_group *const *)b;

	if (x->held.bytes != y->held.bytes)
		return x->held.bytes < y->held.bytes ? 1 : -1;
	if (x->held.blocks != y->held.blocks)
		return x->held.blocks < y->held.blocks ? 1 : -1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static void sort(void *items, size_t n, int (*compare)(const void *a, const void *b))
{
	if (n)
		qsort(items, n, sizeof(void *), compare);
}

static int compare_nodes(const void *a, const void *b, void *context)
{
	const struct fdbg_heap_report *report = context;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	const struct fdbg_heap_node *x = &report->nodes[i], *y = &report->nodes[k];

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->total_bytes != y->total_bytes)
		return x->total_bytes < y->total_bytes ? 1 : -1;
	if (x->total_blocks != y->total_blocks)
		return x->total_blocks < y->total_blocks ? 1 : -1;
	return i < k ? -1 : i > k;
}

/* Lists the children of each node. */
static struct fdbg_error *list_children(struct fdbg_heap_report *report)
{
	size_t n = 0, at = 0;

	report->children = calloc(report->n_nodes, sizeof(*report->children));
	report->first_child = calloc(report->n_nodes + 1, sizeof(*report->first_child));
	if (!report->children || !report->first_child)
		return &fdbg_error_nomem;
	for (size_t i = 1; i < report->n_nodes; i++)
		if (report->nodes[i].total_blocks)
			report->children[n++] = i;
	if (n)
		qsort_r(report->children, n, sizeof(*report->children), compare_nodes, report);
	for (size_t i = 0; i < report->n_nodes; i++) {
		report->first_child[i] = at;
		while (at < n && report->nodes[report->children[at]].parent == i)
			at++;
	}
	report->first_child[report->n_nodes] = at;
	return NULL;
}

static struct fdbg_error *finish(struct builder *builder)
{
	struct fdbg_heap_report *report = builder->report;

	for (size_t i = 0; i < report->n_types; i++)
		settle(builder, &report->types[i]->held);
	for (size_t i = 0; i < report->n_functions; i++)
		settle(builder, &report->functions[i]->held);
	for (size_t i = 0; i < report->n_places; i++)
		settle(builder, &report->places[i]->held);
	for (size_t i = 0; i < report->n_nodes; i++)
		settle(builder, &report->nodes[i].held);
	/* Children come behind their parents. */
	for (size_t i = report->n_nodes; i-- > 0;) {
		struct fdbg_heap_node *node = &report->nodes[i];

		node->total_bytes += node->held.peak_bytes;
		node->total_blocks += node->held.peak_blocks;
		if (i) {
			report->nodes[node->parent].total_bytes += node->total_bytes;
			report->nodes[node->parent].total_blocks += node->total_blocks;
		}
	}
	sort(report->types, report->n_types, compare_groups);
	sort(report->functions, report->n_functions, compare_groups);
	sort(report->places, report->n_places, compare_places);
	return list_children(report);
}

static struct fdbg_error *read_all(struct builder *builder)
{
	size_t root;

	if (!child_of(builder, 0, FDBG_TEXT(""), false, &root))
		return &fdbg_error_nomem;
	for (;;) {
		const struct fdbg_message *message;
		struct fdbg_error *err = fdbg_recording_next(builder->recording, &message);

		if (err || !message)
			return err;
		err = on_message(builder, message);
		if (err)
			return err;
	}
}

struct fdbg_error *fdbg_heap_report_create(struct fdbg_recording *recording, struct fdbg_heap_report **ret)
{
	struct builder builder = { .recording = recording, .per_point = 1 };
	struct fdbg_error *err;

	builder.report = calloc(1, sizeof(*builder.report));
	if (!builder.report)
		return &fdbg_error_nomem;
	err = read_all(&builder);
	if (!err)
		err = finish(&builder);
	fdbg_map_deinit(&builder.live);
	fdbg_map_deinit(&builder.places);
	fdbg_map_deinit(&builder.children);
	fdbg_strmap_deinit(&builder.names);
	fdbg_strmap_deinit(&builder.types);
	fdbg_strmap_deinit(&builder.functions);
	if (err) {
		fdbg_heap_report_destroy(builder.report);
		return err;
	}
	*ret = builder.report;
	return NULL;
}

void fdbg_heap_report_destroy(struct fdbg_heap_report *report)
{
	if (!report)
		return;
	free(report->types);
	free(report->functions);
	free(report->places);
	free(report->nodes);
	free(report->children);
	free(report->first_child);
	free(report->points);
	fdbg_arena_deinit(&report->arena);
	free(report);
}
