/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Who calls whom, as a graph: for graphviz, or as a mermaid flowchart. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "report/export_internal.h"
#include "value/escape.h"
#include "value/render.h"

struct node {
	const struct fdbg_counted_function *function; /* NULL: not shown */
	uint32_t breakpoint_id;
	uint64_t n_calls, n_errors, n_panics;
};

struct edge {
	size_t from, to; /* indices of functions */
	uint64_t n_calls;
};

struct graph {
	struct fdbg_export *export;
	struct node *nodes;       /* by index of function */
	size_t n_nodes;
	struct edge *edges;       /* in order of their first call */
	size_t n_edges, cap_edges;
	struct fdbg_map by_ends;  /* both functions to the edge */
};

static struct node *find_node(struct graph *graph, const struct fdbg_flow_call *call)
{
	size_t index = call->function->index;

	if (index >= graph->n_nodes) {
		size_t n = (index + 1) * 2;
		struct node *nodes = reallocarray(graph->nodes, n, sizeof(*nodes));

		if (!nodes)
			return NULL;
		memset(nodes + graph->n_nodes, 0, (n - graph->n_nodes) * sizeof(*nodes));
		graph->nodes = nodes;
		graph->n_nodes = n;
	}
	if (!graph->nodes[index].function) {
		graph->nodes[index].function = call->function;
		graph->nodes[index].breakpoint_id = call->breakpoint_id;
	}
	return &graph->nodes[index];
}

static struct fdbg_error *count_edge(struct graph *graph, size_t from, size_t to)
{
	uint64_t key = (uint64_t)from << 32 | (uint32_t)to, found;

	if (fdbg_map_get(&graph->by_ends, key, &found)) {
		graph->edges[found].n_calls++;
		return NULL;
	}
	if (graph->n_edges == graph->cap_edges) {
		size_t cap = graph->cap_edges ? graph->cap_edges * 2 : 64;
		struct edge *edges = reallocarray(graph->edges, cap, sizeof(*edges));

		if (!edges)
			return &fdbg_error_nomem;
		graph->edges = edges;
		graph->cap_edges = cap;
	}
	if (!fdbg_map_set(&graph->by_ends, key, graph->n_edges))
		return &fdbg_error_nomem;
	graph->edges[graph->n_edges++] = (struct edge){ from, to, 1 };
	return NULL;
}

static struct fdbg_error *begin(void *context, const struct fdbg_flow_event *event)
{
	struct graph *graph = context;
	struct node *node = find_node(graph, event->call);

	if (!node)
		return &fdbg_error_nomem;
	node->n_calls++;
	if (!event->parent)
		return NULL;
	return count_edge(graph, event->parent->function->index, event->call->function->index);
}

static struct fdbg_error *end(void *context, const struct fdbg_flow_event *event, enum fdbg_flow_end how)
{
	struct graph *graph = context;

	if (how == FDBG_FLOW_RETURNED && event->n_values && fdbg_value_is_err(&event->values[0].value))
		graph->nodes[event->call->function->index].n_errors++;
	return NULL;
}

static struct fdbg_error *note(void *context, const struct fdbg_flow_event *event, enum fdbg_event_kind kind)
{
	struct graph *graph = context;

	if (kind == FDBG_EVENT_PANIC && event->call)
		graph->nodes[event->call->function->index].n_panics++;
	return NULL;
}

static void count_text(struct fdbg_buf *text, uint64_t n, const char *one, const char *more)
{
	fdbg_buf_printf(text, "%" PRIu64 " %s", n, n == 1 ? one : more);
}

/* `2 calls, 1 Err` */
static void put_counts(struct fdbg_buf *out, const struct node *node)
{
	count_text(out, node->n_calls, "call", "calls");
	if (node->n_errors) {
		fdbg_buf_string(out, ", ");
		count_text(out, node->n_errors, "Err", "Err");
	}
	if (node->n_panics) {
		fdbg_buf_string(out, ", ");
		count_text(out, node->n_panics, "panic", "panics");
	}
}

/*
 * Text of a quoted string of the dot language: there a backslash begins an escape, a quote ends the string.
 */
static void put_dot(struct graph *graph, struct fdbg_text text)
{
	struct fdbg_buf *plain = &graph->export->text, *out = &graph->export->out;

	fdbg_buf_clear(plain);
	fdbg_escape_terminal(plain, text.data, text.len, false);
	for (size_t i = 0; i < plain->len; i++) {
		if (plain->data[i] == '"' || plain->data[i] == '\\')
			fdbg_buf_byte(out, '\\');
		fdbg_buf_byte(out, plain->data[i]);
	}
	out->failed |= plain->failed;
}

static struct fdbg_error *put_dot_node(struct graph *graph, size_t index)
{
	const struct node *node = &graph->nodes[index];
	struct fdbg_buf *out = &graph->export->out;
	struct fdbg_text path;
	uint32_t line;

	fdbg_buf_printf(out, "\tn%zu [label=\"", index);
	put_dot(graph, node->function->name);
	fdbg_buf_string(out, "\\n");
	put_counts(out, node);
	fdbg_buf_byte(out, '"');
	if (fdbg_recording_location(graph->export->recording, node->breakpoint_id, &path, &line)) {
		fdbg_buf_string(out, ", tooltip=\"");
		put_dot(graph, path);
		fdbg_buf_printf(out, ":%" PRIu32 "\"", line);
	}
	if (node->n_errors || node->n_panics)
		fdbg_buf_string(out, ", color=\"#c62828\", fillcolor=\"#fdecea\"");
	fdbg_buf_string(out, "];\n");
	return fdbg_export_settle(graph->export);
}

static struct fdbg_error *put_dot_graph(struct graph *graph)
{
	struct fdbg_buf *out = &graph->export->out;
	struct fdbg_error *err = NULL;

	fdbg_buf_string(out, "digraph \"");
	put_dot(graph, fdbg_export_title(graph->export));
	fdbg_buf_string(out, "\" {\n\trankdir=LR;\n"
			"\tnode [shape=box, style=\"rounded,filled\", fillcolor=\"#f5f7fa\", color=\"#90a4ae\", "
			"fontname=\"monospace\", fontsize=10];\n"
			"\tedge [color=\"#607d8b\", fontname=\"monospace\", fontsize=9];\n");
	for (size_t i = 0; i < graph->n_nodes && !err; i++) {
		if (graph->nodes[i].function)
			err = put_dot_node(graph, i);
	}
	for (size_t i = 0; i < graph->n_edges && !err; i++) {
		const struct edge *edge = &graph->edges[i];

		/* Ten times the calls are one more line width. */
		fdbg_buf_printf(out, "\tn%zu -> n%zu [label=\"%" PRIu64 "\", penwidth=%.1f];\n", edge->from,
				edge->to, edge->n_calls, 1 + log10((double)edge->n_calls));
		err = fdbg_export_settle(graph->export);
	}
	fdbg_buf_string(out, "}\n");
	return err;
}

/* Text in a quoted label of mermaid, where `#NAME;` is a character and the text else is HTML and markdown. */
static void put_mermaid(struct graph *graph, struct fdbg_text text)
{
	struct fdbg_buf *plain = &graph->export->text, *out = &graph->export->out;

	fdbg_buf_clear(plain);
	fdbg_escape_terminal(plain, text.data, text.len, false);
	for (size_t i = 0; i < plain->len; i++) {
		if (strchr("\"#&;<>`\\", plain->data[i]) && plain->data[i])
			fdbg_buf_printf(out, "#%u;", (unsigned int)plain->data[i]);
		else
			fdbg_buf_byte(out, plain->data[i]);
	}
	out->failed |= plain->failed;
}

static struct fdbg_error *put_mermaid_graph(struct graph *graph)
{
	struct fdbg_buf *out = &graph->export->out;
	struct fdbg_error *err = NULL;
	bool any_bad = false;

	fdbg_buf_string(out, "flowchart LR\n");
	for (size_t i = 0; i < graph->n_nodes && !err; i++) {
		const struct node *node = &graph->nodes[i];

		if (!node->function)
			continue;
		fdbg_buf_printf(out, "    n%zu[\"", i);
		put_mermaid(graph, node->function->name);
		fdbg_buf_string(out, "<br>");
		put_counts(out, node);
		fdbg_buf_string(out, node->n_errors || node->n_panics ? "\"]:::bad\n" : "\"]\n");
		any_bad |= node->n_errors || node->n_panics;
		err = fdbg_export_settle(graph->export);
	}
	for (size_t i = 0; i < graph->n_edges && !err; i++) {
		fdbg_buf_printf(out, "    n%zu -->|%" PRIu64 "| n%zu\n", graph->edges[i].from,
				graph->edges[i].n_calls, graph->edges[i].to);
		err = fdbg_export_settle(graph->export);
	}
	if (any_bad)
		fdbg_buf_string(out, "    classDef bad fill:#fdecea,stroke:#c62828,color:#5f1414\n");
	return err;
}

static struct fdbg_error *export_graph(struct fdbg_export *export,
				       struct fdbg_error *(*put)(struct graph *graph))
{
	struct graph graph = { .export = export };
	struct fdbg_flow_visitor visitor = { .context = &graph, .begin = begin, .end = end, .note = note };
	struct fdbg_error *err = fdbg_export_run(export, &visitor, false), *last = NULL;

	if (fdbg_export_is_whole(err))
		last = put(&graph);
	free(graph.nodes);
	free(graph.edges);
	fdbg_map_deinit(&graph.by_ends);
	if (!err)
		return last;
	fdbg_error_destroy(last);
	return err;
}

struct fdbg_error *fdbg_export_dot(struct fdbg_export *export)
{
	return export_graph(export, put_dot_graph);
}

struct fdbg_error *fdbg_export_mermaid(struct fdbg_export *export)
{
	return export_graph(export, put_mermaid_graph);
}
