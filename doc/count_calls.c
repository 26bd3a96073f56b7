/* Counts the calls of each function of a recording: count_calls FILE.firedbg.ss */
#include <stdio.h>
#include <string.h>

#include <fdbg/stream.h>

static struct { char name[200]; unsigned long calls; } counts[1000];

int main(int argc, char **argv)
{
	struct fdbg_reader *reader = NULL;
	const struct fdbg_message *message;
	struct fdbg_error *err = fdbg_reader_open(argc > 1 ? argv[1] : "", &reader);
	size_t i, n = 0;
	int whole;

	while (!err && !(err = fdbg_reader_next(reader, &message))) {
		struct fdbg_text function = fdbg_event_get_function(message);
		char name[200];

		if (fdbg_message_get_stream(message) != FDBG_STREAM_EVENT ||
		    fdbg_event_get_kind(message) != FDBG_EVENT_CALL)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)function.len, function.data);
		for (i = 0; i < n && strcmp(counts[i].name, name); i++)
			;
		if (i == n && n < 1000)
			strcpy(counts[n++].name, name);
		if (i < n)
			counts[i].calls++;
	}
	whole = reader && fdbg_reader_at_end(reader) == FDBG_READER_EOS;
	if (!whole)
		fprintf(stderr, "count_calls: %s\n", fdbg_error_get_message(err));
	for (i = 0; i < n; i++)
		printf("%8lu  %s\n", counts[i].calls, counts[i].name);
	fdbg_error_destroy(err);
	fdbg_reader_close(reader);
	return whole ? 0 : 1;
}
