/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mains and battery in the whole application: what the shell shows of this unit and of the other one, a loss of the mains, the load test.
 */

#include <errno.h>
#include <string.h>
#include <zephyr/ztest.h>

#include "shell.h"
#include "shell_text.h"
#include "threads.h"

static const bool is_both = IS_ENABLED(CONFIG_LEVITAS_ROLE_BOTH);

static void *setup(void)
{
	shell_text_setup();
	return NULL;
}

static void expect_line(uint32_t unit, uint32_t line, const char *begins)
{
	char text[LEVITAS_POWER_BYTES];

	zassert_true(levitas_power_text(unit, line, true, text, sizeof(text)), "unit %u: no line %u", unit, line);
	zassert_equal(strncmp(text, begins, strlen(begins)), 0, "unit %u: \"%s\" expected: %s", unit, begins, text);
	zassert_is_null(strstr(text, "..."), "cut off: %s", text);
}

static bool stands(const char *name)
{
	char text[LEVITAS_ALARM_BYTES];

	for (uint32_t i = 0; levitas_alarm_text(OPERATED_UNIT, i, text, sizeof(text)); i++) {
		if (strstr(text, name) != NULL) {
			return true;
		}
	}
	return false;
}

ZTEST(power, test_a_the_shell_shows_both_units)
{
	expect_line(OPERATED_UNIT, 0, "fed by mains; battery ");
	expect_line(OPERATED_UNIT, 2, "none since the start");
	shell_text_expect("levitas power", 0, "own        fed by mains; battery ");
	shell_text_expect("levitas status", 0, "power         fed by mains; battery ");
	if (is_both) {
		expect_line(LEVITAS_UNIT_HOST, 1, "fed by mains; battery ");
		expect_line(LEVITAS_UNIT_EMERGENCY_DRIVE, 1, "fed by mains; battery ");
	} else {
		expect_line(OPERATED_UNIT, 1, "not heard of since the start");
	}
}

ZTEST(power, test_b_a_loss_of_the_mains_is_an_alarm_and_the_other_unit_hears_of_it)
{
	char text[LEVITAS_POWER_BYTES];

	zassert_false(stands("ON BATTERY"));
	shell_text_expect("levitas disturb mains lost", 0, "gone");
	k_sleep(K_MSEC(500));
	expect_line(OPERATED_UNIT, 0, "fed by battery; battery ");
	expect_line(OPERATED_UNIT, 3, "mains_lost: ");
	zassert_false(levitas_power_text(OPERATED_UNIT, 4, true, text, sizeof(text)), "%s", text);
	zassert_true(stands("ON BATTERY"));
	shell_text_expect("levitas power", 0, "TROUBLE    mains_lost: ");
	if (is_both) {
		expect_line(LEVITAS_UNIT_EMERGENCY_DRIVE, 0, "fed by mains; battery ");
		expect_line(LEVITAS_UNIT_EMERGENCY_DRIVE, 1, "fed by battery; battery ");
	}
	shell_text_expect("levitas power test", -EPERM, "refused: the unit runs on its battery");
	shell_text_expect("levitas disturb mains back", 0, "there");
	k_sleep(K_MSEC(2000));
	expect_line(OPERATED_UNIT, 0, "fed by mains; battery ");
	zassert_false(stands("ON BATTERY"));
}

ZTEST(power, test_c_a_load_test_is_begun_once)
{
	shell_text_expect("levitas power tests", -EINVAL, "power \"tests\": allowed is test");
	shell_text_expect("levitas power test", 0, "the load test has begun");
	shell_text_expect("levitas power test", -EPERM, "refused: one is running");
	(void)shell_text_wait_for("levitas power", "the load draws", 5000);
	/* It ends with the mains. */
	shell_text_expect("levitas disturb mains lost", 0, "gone");
	(void)shell_text_wait_for("levitas power", "stopped before its end", 1000);
	shell_text_expect("levitas disturb mains back", 0, "there");
	k_sleep(K_MSEC(2000));
}

ZTEST(power, test_d_the_last_value_of_a_task_that_stands_is_not_shown)
{
	size_t count;
	const struct levitas_thread *threads = levitas_threads(&count);
	k_tid_t supervisor = NULL;

	for (size_t i = 0; i < count; i++) {
		if (threads[i].unit == OPERATED_UNIT && threads[i].task == LEVITAS_TASK_SUPERVISOR) {
			supervisor = threads[i].id;
		}
	}
	zassert_not_null(supervisor);
	/* In its thread; shorter than the watchdog waits. */
	k_thread_suspend(supervisor);
	shell_text_expect("levitas power", 0, "own        unknown: the power task does not run");
	k_thread_resume(supervisor);
	k_sleep(K_MSEC(50));
	k_thread_suspend(supervisor);
	shell_text_expect("levitas status", 0, "power         unknown: the power task does not run");
	k_thread_resume(supervisor);
	k_sleep(K_MSEC(50));
	shell_text_expect("levitas power", 0, "own        fed by mains; battery ");
}

ZTEST_SUITE(power, NULL, setup, NULL, NULL, NULL);
