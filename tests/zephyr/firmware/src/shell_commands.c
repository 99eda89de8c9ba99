/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's commands as text in and text out. */

#include <string.h>
#include <zephyr/shell/shell.h>
#include <zephyr/shell/shell_dummy.h>
#include <zephyr/ztest.h>

#include "shim.h"

static const struct shell *sh;

static void *setup(void)
{
	sh = shell_backend_dummy_get_ptr();
	/* The shell thread must have set itself up before it can be used. */
	WAIT_FOR(shell_ready(sh), 100000, k_sleep(K_MSEC(1)));
	return NULL;
}

/* Runs a line and returns what it printed. */
static const char *run(const char *line, int *result)
{
	size_t size;

	shell_backend_dummy_clear_output(sh);
	*result = shell_execute_cmd(sh, line);
	return shell_backend_dummy_get_output(sh, &size);
}

static void expect(const char *line, int expected_result, const char *expected_text)
{
	int result;
	const char *text = run(line, &result);

	zassert_equal(result, expected_result, "%s: result %d: %s", line, result, text);
	zassert_not_null(strstr(text, expected_text), "%s: no \"%s\" in: %s", line, expected_text, text);
}

ZTEST(shell_commands, test_status_names_state_and_units)
{
	expect("levitas status", 0, "standby, bearing off");
	expect("levitas status", 0, " um ");
	expect("levitas status", 0, " rpm, set-point 0 rpm");
	expect("levitas status", 0, "since boot    0 touchdowns, ");
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
		expect("levitas status", 0, "emergency drive: standby");
	}
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		expect("levitas status", 0, "host: standby");
	}
}

ZTEST(shell_commands, test_thread_shows_every_task)
{
	static const char *const tasks[] = {".levitation", ".speed", ".circulation", ".supervisor", "stack free"};

	for (size_t i = 0; i < ARRAY_SIZE(tasks); i++) {
		expect("levitas thread", 0, tasks[i]);
	}
}

ZTEST(shell_commands, test_speed_that_is_not_a_number)
{
	expect("levitas speed fast", -EINVAL, "speed \"fast\": give a whole number of rpm");
	expect("levitas speed 3000rpm", -EINVAL, "give a whole number of rpm");
}

ZTEST(shell_commands, test_speed_needs_a_levitated_rotor)
{
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
	expect("levitas speed 3000", -EPERM, "refused: the rotor is not levitated: lift it first");
}

ZTEST(shell_commands, test_lift_speed_and_land)
{
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
	expect("levitas lift", 0, "lifting off");
	k_sleep(K_MSEC(500));
	expect("levitas status", 0, "operating, bearing levitated");
	expect("levitas speed 99999", -EPERM, "refused: speed 99999 rpm: allowed is 0 to ");
	expect("levitas speed -1", -EPERM, "refused: speed -1 rpm: allowed is 0 to ");
	expect("levitas speed 500", 0, "speed set-point 500 rpm");
	expect("levitas disturb force 5 90 20", 0, "5 N on the simulated rotor for 20 ms");
	expect("levitas disturb force 101 90 20", -EINVAL, "allowed is 0 to 100 N");
	expect("levitas disturb force 5 x 20", -EINVAL, "allowed is -360 to 360 degrees");
	expect("levitas disturb force 5 90 0", -EINVAL, "allowed is 1 to 10000 ms");
	expect("levitas land", 0, "landing");
	k_sleep(K_SECONDS(3));
	expect("levitas status", 0, "standby, bearing off");
	expect("levitas status", 0, "since boot    0 touchdowns, ");
}

ZTEST(shell_commands, test_standby_unit_refuses_to_lift)
{
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
	expect("levitas lift", -EPERM, "refused: this unit stands by");
}

ZTEST_SUITE(shell_commands, NULL, setup, NULL, NULL, NULL);
