/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mains and battery at the shell: what is known of both units, and the load test of the battery.
 */

#include <errno.h>
#include <string.h>
#include <zephyr/kernel.h>

#include "shell.h"

/* The task runs with the supervisor, every 10 ms; ten times that means it does not run. */
#define ANSWER_MS_MAX 100

/* Held from the post of an order to its answer. */
static K_MUTEX_DEFINE(ordering);

/* Three periods of the task. */
#define ALIVE_MS 30

bool levitas_shell_power_is_alive(uint32_t unit)
{
	const uint32_t before = levitas_power_count(unit);

	k_msleep(ALIVE_MS);
	return levitas_power_count(unit) != before;
}

static void print_power(const struct shell *sh, uint32_t unit)
{
	static const char *const labels[] = {"own", "other", "load test"};
	const bool is_alive = levitas_shell_power_is_alive(unit);
	char text[LEVITAS_POWER_BYTES];

	shell_print(sh, "%s", levitas_shell_unit_name(unit));
	for (uint32_t line = 0; levitas_power_text(unit, line, is_alive, text, sizeof(text)); line++) {
		shell_print(sh, "  %-10s %s", line < ARRAY_SIZE(labels) ? labels[line] : "TROUBLE", text);
	}
}

static int test(const struct shell *sh)
{
	char reason[LEVITAS_POWER_BYTES];
	uint32_t answer = LEVITAS_ORDER_NONE;
	uint32_t number;

	k_mutex_lock(&ordering, K_FOREVER);
	number = levitas_power_order(OPERATED_UNIT, true);
	for (int waited_ms = 0; answer == LEVITAS_ORDER_NONE && waited_ms < ANSWER_MS_MAX; waited_ms++) {
		k_sleep(K_MSEC(1));
		answer = levitas_power_answer(OPERATED_UNIT, number, reason, sizeof(reason));
	}
	if (answer == LEVITAS_ORDER_NONE) {
		/* Or it would begin whenever the task comes back, long after the operator has turned away. */
		(void)levitas_power_order(OPERATED_UNIT, false);
	}
	k_mutex_unlock(&ordering);
	if (answer == LEVITAS_ORDER_NONE) {
		shell_error(sh, "no answer: the power task does not run; the order is withdrawn");
		return -ETIMEDOUT;
	}
	if (answer == LEVITAS_ORDER_REFUSED) {
		shell_error(sh, "refused: %s", reason);
		return -EPERM;
	}
	shell_print(sh, "the load test has begun: the load draws, then the battery rests; the pump does not feel it");
	return 0;
}

int levitas_shell_power(const struct shell *sh, size_t argc, char **argv)
{
	if (argc < 2) {
		levitas_shell_each_unit(sh, print_power);
		return 0;
	}
	if (strcmp(argv[1], "test") != 0) {
		shell_error(sh, "power \"%s\": allowed is test", argv[1]);
		return -EINVAL;
	}
	return test(sh);
}

#if defined(CONFIG_LEVITAS_WORLD)

int levitas_shell_disturb_mains(const struct shell *sh, size_t argc, char **argv)
{
	const bool lost = strcmp(argv[1], "lost") == 0;

	ARG_UNUSED(argc);
	if (!lost && strcmp(argv[1], "back") != 0) {
		shell_error(sh, "mains \"%s\": allowed is lost, back", argv[1]);
		return -EINVAL;
	}
	levitas_world_mains(OPERATED_UNIT, !lost);
	shell_print(sh, "%s", lost ? "the mains of this unit are gone" : "the mains of this unit are there");
	return 0;
}

#endif /* CONFIG_LEVITAS_WORLD */
