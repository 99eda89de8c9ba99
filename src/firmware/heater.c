/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The warming device at the shell: what it does, and what is wanted of it.
 */

#include <errno.h>
#include <string.h>
#include <zephyr/kernel.h>

#include "shell.h"
#include "threads.h"

/* Control and cut-out run every 100 ms; three times that means they do not run. */
#define ANSWER_MS_MAX 300
#define PRESSED_MS    300

/* Held from the post of an order to its answer. */
static K_MUTEX_DEFINE(ordering);

/* Steps of a task of the warming device since boot. */
static uint32_t steps_of(uint32_t task)
{
	size_t count;
	const struct levitas_thread *threads = levitas_threads(&count);

	for (size_t i = 0; i < count; i++) {
		if (threads[i].task == task) {
			return threads[i].steps;
		}
	}
	return 0;
}

static int show(const struct shell *sh)
{
	const uint32_t control_steps = steps_of(LEVITAS_TASK_WARMING);
	const uint32_t cut_out_steps = steps_of(LEVITAS_TASK_CUT_OUT);
	char text[LEVITAS_HEATER_BYTES];
	int error = 0;

	k_msleep(ANSWER_MS_MAX);
	if (levitas_heater_text(text, sizeof(text))) {
		shell_print(sh, "%s", text);
	}
	if (steps_of(LEVITAS_TASK_WARMING) == control_steps) {
		shell_error(sh, "the control of the warming device does not run: what it says is old, nothing is heated");
		error = -ETIMEDOUT;
	}
	if (steps_of(LEVITAS_TASK_CUT_OUT) == cut_out_steps) {
		shell_error(sh, "the cut-out does not run: what it says is old, nothing is heated");
		error = -ETIMEDOUT;
	}
	return error;
}

int levitas_shell_heater(const struct shell *sh, size_t argc, char **argv)
{
	char text[LEVITAS_HEATER_BYTES];
	uint32_t answer = LEVITAS_ORDER_NONE;
	uint32_t number;

	if (argc < 2) {
		return show(sh);
	}
	k_mutex_lock(&ordering, K_FOREVER);
	number = levitas_heater_order(argv[1], argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL, text, sizeof(text));
	for (int waited_ms = 0; number != 0 && answer == LEVITAS_ORDER_NONE && waited_ms < ANSWER_MS_MAX; waited_ms++) {
		k_sleep(K_MSEC(1));
		answer = levitas_heater_answer(number, text, sizeof(text));
	}
	if (number != 0 && answer == LEVITAS_ORDER_NONE) {
		char unused[1];

		/* Or it would heat whenever the control comes back, long after the operator has turned away. */
		(void)levitas_heater_order(NULL, NULL, NULL, unused, sizeof(unused));
	}
	k_mutex_unlock(&ordering);
	if (number == 0) {
		shell_error(sh, "%s", text);
		return -EINVAL;
	}
	if (answer == LEVITAS_ORDER_NONE) {
		shell_error(sh, "no answer: the control of the warming device does not run; it is off when it runs again");
		return -ETIMEDOUT;
	}
	if (answer == LEVITAS_ORDER_REFUSED) {
		shell_error(sh, "refused by the control: %s", text);
		return -EPERM;
	}
	shell_print(sh, "%s", text);
	return 0;
}

#if defined(CONFIG_LEVITAS_WORLD)

int levitas_shell_disturb_heater(const struct shell *sh, size_t argc, char **argv)
{
	const bool stuck = strcmp(argv[1], "stuck") == 0;

	ARG_UNUSED(argc);
	if (!stuck && strcmp(argv[1], "mended") != 0) {
		shell_error(sh, "heater \"%s\": allowed is stuck, mended", argv[1]);
		return -EINVAL;
	}
	levitas_world_heater_stuck(stuck);
	shell_print(sh, "%s", stuck ? "heater and relay conduct, whatever they are told" : "the warming device is whole");
	return 0;
}

int levitas_shell_disturb_button(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	levitas_world_cut_out_press(true);
	k_msleep(PRESSED_MS);
	levitas_world_cut_out_press(false);
	shell_print(sh, "pressed");
	return 0;
}

#endif /* CONFIG_LEVITAS_WORLD */
