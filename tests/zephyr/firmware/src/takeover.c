/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both units of one image on an in-process link and simulated drive lines: the host stands, the emergency drive carries on.
 *
 * Judged by the plant itself, not by what the firmware believes.
 */

#include <zephyr/ztest.h>

#include "shim.h"
#include "threads.h"

#define SPEED_RPM 3000.0f

static uint32_t post(uint32_t unit, enum levitas_command_kind kind, float value)
{
	const struct levitas_command command = {.kind = kind, .value = value};

	return levitas_command_post(unit, &command);
}

static void wait_for_state(uint32_t unit, enum levitas_unit_state state, uint32_t ms_max)
{
	struct levitas_unit_status status;

	for (uint32_t ms = 0; ms < ms_max; ms++) {
		levitas_status_read(unit, &status);
		if (status.state == state) {
			return;
		}
		k_sleep(K_MSEC(1));
	}
	zassert_unreachable("unit %u: state %u not reached in %u ms, still %u", unit, state, ms_max, status.state);
}

static uint32_t result_of(uint32_t unit, uint32_t number)
{
	struct levitas_unit_status status;

	for (int ms = 0; ms < 200; ms++) {
		levitas_status_read(unit, &status);
		if (status.command_number == number) {
			return status.command_result;
		}
		k_sleep(K_MSEC(1));
	}
	zassert_unreachable("unit %u does not answer command %u", unit, number);
	return 0;
}

static k_tid_t levitation_of(uint32_t unit)
{
	size_t count;
	const struct levitas_thread *threads = levitas_threads(&count);

	for (size_t i = 0; i < count; i++) {
		if (threads[i].unit == unit && threads[i].task == LEVITAS_TASK_LEVITATION) {
			return threads[i].id;
		}
	}
	zassert_unreachable("no levitation thread");
	return NULL;
}

/* Largest speed error, and no touch, over so many milliseconds. */
static void expect_held(uint32_t ms_max, uint32_t touchdowns)
{
	struct levitas_truth truth;

	for (uint32_t ms = 0; ms < ms_max; ms++) {
		k_sleep(K_MSEC(1));
		levitas_world_truth(&truth);
		zassert_false(truth.touching, "the rotor touches after %u ms", ms);
		zassert_within((int)truth.speed_rpm, (int)SPEED_RPM, 40, "%d rpm after %u ms", (int)truth.speed_rpm, ms);
	}
	zassert_equal(truth.touchdown_count, touchdowns);
}

static void spin_up(void)
{
	struct levitas_truth truth = {0};

	(void)post(LEVITAS_UNIT_HOST, LEVITAS_COMMAND_LIFT, 0.0f);
	wait_for_state(LEVITAS_UNIT_HOST, LEVITAS_STATE_OPERATING, 500);
	(void)post(LEVITAS_UNIT_HOST, LEVITAS_COMMAND_SPEED, SPEED_RPM);
	for (uint32_t ms = 0; ms < 15000 && !(truth.speed_rpm > SPEED_RPM - 10.0f); ms += 10) {
		k_sleep(K_MSEC(10));
		levitas_world_truth(&truth);
	}
	k_sleep(K_MSEC(300));
}

ZTEST(takeover, test_the_host_stands_and_the_emergency_drive_carries_on)
{
	struct levitas_unit_status status;
	struct levitas_truth truth;
	uint32_t touchdowns;

	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_BOTH)) {
		ztest_test_skip();
	}
	spin_up();
	levitas_world_truth(&truth);
	touchdowns = truth.touchdown_count;
	/* Refusal::OtherDrives of the supervisor. */
	zassert_equal(result_of(LEVITAS_UNIT_EMERGENCY_DRIVE,
				post(LEVITAS_UNIT_EMERGENCY_DRIVE, LEVITAS_COMMAND_LIFT, 0.0f)),
		      8, "a unit lifts off while the other one drives");

	k_thread_suspend(levitation_of(LEVITAS_UNIT_HOST));
	expect_held(200, touchdowns);
	levitas_status_read(LEVITAS_UNIT_EMERGENCY_DRIVE, &status);
	zassert_equal(status.state, LEVITAS_STATE_OPERATING);
	zassert_equal((int)status.speed_setpoint_rpm, (int)SPEED_RPM, "the set-point carries over");

	/* The host comes back and finds that it does not drive any more. */
	k_thread_resume(levitation_of(LEVITAS_UNIT_HOST));
	expect_held(100, touchdowns);
	levitas_status_read(LEVITAS_UNIT_HOST, &status);
	zassert_equal(status.state, LEVITAS_STATE_STANDBY, "state %u", status.state);

	/* And gets the head back on command. */
	zassert_equal(result_of(LEVITAS_UNIT_EMERGENCY_DRIVE,
				post(LEVITAS_UNIT_EMERGENCY_DRIVE, LEVITAS_COMMAND_HAND_BACK, 0.0f)),
		      0);
	expect_held(100, touchdowns);
	wait_for_state(LEVITAS_UNIT_HOST, LEVITAS_STATE_OPERATING, 50);
	wait_for_state(LEVITAS_UNIT_EMERGENCY_DRIVE, LEVITAS_STATE_STANDBY, 50);

	/* A drill gives it away again. */
	zassert_equal(result_of(LEVITAS_UNIT_HOST, post(LEVITAS_UNIT_HOST, LEVITAS_COMMAND_DRILL, 0.0f)), 0);
	expect_held(100, touchdowns);
	wait_for_state(LEVITAS_UNIT_EMERGENCY_DRIVE, LEVITAS_STATE_OPERATING, 50);
	(void)post(LEVITAS_UNIT_EMERGENCY_DRIVE, LEVITAS_COMMAND_LAND, 0.0f);
	wait_for_state(LEVITAS_UNIT_EMERGENCY_DRIVE, LEVITAS_STATE_STANDBY, 15000);
}

ZTEST(takeover, test_the_emergency_drive_can_lift_off_alone)
{
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
	zassert_equal(result_of(LEVITAS_UNIT_EMERGENCY_DRIVE,
				post(LEVITAS_UNIT_EMERGENCY_DRIVE, LEVITAS_COMMAND_LIFT, 0.0f)),
		      0);
	wait_for_state(LEVITAS_UNIT_EMERGENCY_DRIVE, LEVITAS_STATE_OPERATING, 500);
	(void)post(LEVITAS_UNIT_EMERGENCY_DRIVE, LEVITAS_COMMAND_LAND, 0.0f);
	wait_for_state(LEVITAS_UNIT_EMERGENCY_DRIVE, LEVITAS_STATE_STANDBY, 15000);
}

ZTEST_SUITE(takeover, NULL, NULL, NULL, NULL, NULL);
