/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logs at the shell: the last events and trends, and whether the log of events is whole.
 */

#include <errno.h>
#include <stdlib.h>

#include "records.h"
#include "shell.h"

#define SHOWN     20
#define SHOWN_MAX 10000

/* Prints the last records of a log. */
static int print_last(const struct shell *sh, enum levitas_log log, const char *wanted, void (*say)(const uint8_t *, char *, size_t))
{
	char *end = NULL;
	const long shown = wanted != NULL ? strtol(wanted, &end, 10) : SHOWN;
	struct levitas_record_cursor cursor = {0};
	uint8_t record[LEVITAS_RECORD_BYTES_MAX];
	char text[LEVITAS_RECORD_TEXT_BYTES];
	uint32_t count = 0;

	if (shown < 1 || shown > SHOWN_MAX || (end != NULL && *end != '\0')) {
		shell_error(sh, "number \"%s\": allowed is 1 to %d records", wanted, SHOWN_MAX);
		return -EINVAL;
	}
	while (levitas_records_next(log, &cursor, record)) {
		count++;
	}
	cursor = (struct levitas_record_cursor){0};
	for (; levitas_records_next(log, &cursor, record); count--) {
		if (count <= (uint32_t)shown) {
			say(record, text, sizeof(text));
			shell_print(sh, "%s", text);
		}
	}
	return 0;
}

int levitas_shell_log(const struct shell *sh, size_t argc, char **argv)
{
	return print_last(sh, LEVITAS_LOG_EVENTS, argc > 1 ? argv[1] : NULL, levitas_event_text);
}

int levitas_shell_trend(const struct shell *sh, size_t argc, char **argv)
{
	return print_last(sh, LEVITAS_LOG_TRENDS, argc > 1 ? argv[1] : NULL, levitas_trend_text);
}

int levitas_shell_log_verify(const struct shell *sh, size_t argc, char **argv)
{
	struct levitas_records_check check;
	char link[2 * LEVITAS_LINK_BYTES + 1];

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	levitas_records_check(&check);
	bin2hex(check.link, sizeof(check.link), link, sizeof(link));
	shell_print(sh, "%u events, numbers %u to %u; %u missing, %u not linked to the one before, %u damaged places", check.count,
		    check.first, check.last, check.missing, check.unlinked, check.damaged);
	shell_print(sh, "link of the last one: %s", link);
	return check.missing + check.unlinked == 0 ? 0 : -EILSEQ;
}
