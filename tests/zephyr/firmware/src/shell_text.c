/* SPDX-License-Identifier: Apache-2.0 */
/* See shell_text.h. */

#include <string.h>
#include <zephyr/shell/shell.h>
#include <zephyr/shell/shell_dummy.h>
#include <zephyr/ztest.h>

#include "shell_text.h"

static const struct shell *sh;
/* What was printed since the last line was run; the backend forgets what it has given. */
static char printed[CONFIG_SHELL_BACKEND_DUMMY_BUF_SIZE];
static size_t printed_length;

void shell_text_setup(void)
{
	sh = shell_backend_dummy_get_ptr();
	/* The shell thread must have set itself up before it can be used. */
	WAIT_FOR(shell_ready(sh), 100000, k_sleep(K_MSEC(1)));
}

const char *shell_text_output(void)
{
	size_t size;
	const char *news = shell_backend_dummy_get_output(sh, &size);

	size = MIN(size, sizeof(printed) - 1 - printed_length);
	memcpy(printed + printed_length, news, size);
	printed_length += size;
	printed[printed_length] = '\0';
	return printed;
}

const char *shell_text_run(const char *line, int *result)
{
	shell_backend_dummy_clear_output(sh);
	printed_length = 0;
	*result = shell_execute_cmd(sh, line);
	return shell_text_output();
}

void shell_text_show(void)
{
	const char *line = shell_text_output();

	while (*line != '\0') {
		const size_t length = strcspn(line, "\n");
		char text[120];

		/* Not by a precision: the whole rest would count as the string. */
		memcpy(text, line, MIN(length, sizeof(text) - 1));
		text[MIN(length, sizeof(text) - 1)] = '\0';
		TC_PRINT("%s\n", text);
		line += length + (line[length] != '\0');
	}
}

void shell_text_expect(const char *line, int expected_result, const char *expected_text)
{
	int result;
	const char *text = shell_text_run(line, &result);

	if (result != expected_result || strstr(text, expected_text) == NULL) {
		shell_text_show();
	}
	zassert_equal(result, expected_result, "%s: result %d", line, result);
	zassert_not_null(strstr(text, expected_text), "%s: no \"%s\"", line, expected_text);
}

uint32_t shell_text_wait_for(const char *line, const char *text, uint32_t ms_max)
{
	const uint32_t start_ms = k_uptime_get_32();
	uint32_t passed_ms;
	int result;

	while (strstr(shell_text_run(line, &result), text) == NULL) {
		passed_ms = k_uptime_get_32() - start_ms;
		if (passed_ms >= ms_max) {
			shell_text_show();
			zassert_unreachable("%s: no \"%s\" in %u ms", line, text, passed_ms);
		}
		k_sleep(K_MSEC(20));
	}
	return k_uptime_get_32() - start_ms;
}

uint32_t shell_text_await(const char *text, uint32_t s_max)
{
	for (uint32_t ms = 0; ms < 1000 * s_max; ms += 100) {
		if (strstr(shell_text_output(), text) != NULL) {
			return ms / 1000;
		}
		k_sleep(K_MSEC(100));
	}
	shell_text_show();
	zassert_unreachable("no \"%s\" after %u s", text, s_max);
	return s_max;
}

void shell_text_wait_for_standby(void)
{
	/* With both units the other one stands by meanwhile. */
	(void)shell_text_wait_for("levitas status",
				  IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE) ? "emergency drive: standby, bearing off"
										  : "host: standby, bearing off",
				  15000);
}

void shell_text_land(void)
{
	shell_text_expect("levitas land", 0, "landing");
	shell_text_wait_for_standby();
}
