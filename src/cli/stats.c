/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "cli/stats.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/resource.h>

static json_int_t peak_rss(void)
{
	struct rusage usage;

	/* ru_maxrss is in kilobytes on Linux. */
	return getrusage(RUSAGE_SELF, &usage) ? 0 : (json_int_t)usage.ru_maxrss * 1024;
}

static struct fdbg_error *write_json(const struct fdbg_run_stats *stats, const char *path)
{
	json_t *json = json_pack("{sI sI sI sI sI sI sI sI sI sI sI sI sI sI sI sI sI s{sf sf sf sf}}",
				 "events", (json_int_t)stats->n_events,
				 "hits", (json_int_t)stats->engine.hits,
				 "stops", (json_int_t)stats->engine.stops,
				 "stepped", (json_int_t)stats->engine.stepped,
				 "packets_sent", (json_int_t)stats->session.packets_sent,
				 "packets_received", (json_int_t)stats->session.packets_received,
				 "round_trips", (json_int_t)stats->session.round_trips,
				 "bytes_sent", (json_int_t)stats->session.bytes_sent,
				 "bytes_received", (json_int_t)stats->session.bytes_received,
				 "on_demand_reads", (json_int_t)stats->engine.on_demand_reads,
				 "probes", (json_int_t)stats->n_probes,
				 "allocation_probes", (json_int_t)stats->n_heap_probes,
				 "allocation_hits", (json_int_t)stats->heap.hits,
				 "allocations", (json_int_t)stats->heap.allocations,
				 "releases", (json_int_t)stats->heap.releases,
				 "unseen_allocations", (json_int_t)stats->heap.unseen,
				 "peak_rss_bytes", peak_rss(),
				 "seconds",
				 "debuginfo", stats->debuginfo_seconds, "insert", stats->insert_seconds,
				 "run", stats->run_seconds, "total", stats->total_seconds);
	FILE *file;
	int failed;

	if (!json)
		return &fdbg_error_nomem;
	file = fopen(path, "we");
	if (!file) {
		json_decref(json);
		return fdbg_error_errno(errno, "cannot write %s", path);
	}
	failed = json_dumpf(json, file, JSON_REAL_PRECISION(6)) || fputc('\n', file) == EOF;
	json_decref(json);
	failed |= fclose(file) != 0;
	return failed ? fdbg_error_errno(errno, "cannot write %s", path) : NULL;
}

static void print_text(const struct fdbg_run_stats *stats)
{
	const double hits = stats->engine.hits ? (double)stats->engine.hits : 1;

	fprintf(stderr,
		"fdbg: %llu events from %llu hits of %llu probes (%llu stepped, %llu reads on demand), %llu bytes written\n"
		"fdbg: %llu packets sent, %llu received; %llu round trips, %.2f a hit; %llu bytes sent, %llu received\n"
		"fdbg: seconds: %.3f debug information, %.3f insert, %.3f run, %.3f total; %lld bytes peak memory\n",
		(unsigned long long)stats->n_events, (unsigned long long)stats->engine.hits,
		(unsigned long long)stats->n_probes, (unsigned long long)stats->engine.stepped,
		(unsigned long long)stats->engine.on_demand_reads, (unsigned long long)stats->file_size,
		(unsigned long long)stats->session.packets_sent, (unsigned long long)stats->session.packets_received,
		(unsigned long long)stats->session.round_trips, (double)stats->session.round_trips / hits,
		(unsigned long long)stats->session.bytes_sent, (unsigned long long)stats->session.bytes_received,
		stats->debuginfo_seconds, stats->insert_seconds, stats->run_seconds, stats->total_seconds,
		(long long)peak_rss());
	if (stats->n_heap_probes)
		fprintf(stderr, "fdbg: heap: %llu allocations, %llu releases from %llu hits of %llu probes, %.0f %% of all hits\n",
			(unsigned long long)stats->heap.allocations, (unsigned long long)stats->heap.releases,
			(unsigned long long)stats->heap.hits, (unsigned long long)stats->n_heap_probes,
			100 * (double)stats->heap.hits / hits);
}

struct fdbg_error *fdbg_stats_write(const struct fdbg_run_stats *stats, const char *file)
{
	if (file)
		return write_json(stats, file);
	print_text(stats);
	return NULL;
}
