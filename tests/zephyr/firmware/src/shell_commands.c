/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's commands as text in and text out. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zephyr/ztest.h>

#include "shell.h"
#include "shell_text.h"
#include "shim.h"

static void *setup(void)
{
	shell_text_setup();
	return NULL;
}

ZTEST(shell_commands, test_status_names_state_and_units)
{
	shell_text_expect("levitas status", 0, "standby, bearing off");
	shell_text_expect("levitas status", 0, " um ");
	shell_text_expect("levitas status", 0, " rpm, set-point 0 rpm");
	shell_text_expect("levitas status", 0, "since boot    0 touchdowns, ");
	shell_text_expect("levitas status", 0,
			  IS_ENABLED(CONFIG_LEVITAS_RETAINED)
				  ? "start         unknown cause, which cannot be cleared: waits for an operator"
				  : "start         nothing is kept over a reset: there is no memory for it");
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
		shell_text_expect("levitas status", 0, "emergency drive: standby");
	}
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		shell_text_expect("levitas status", 0, "host: standby");
	}
}

ZTEST(shell_commands, test_no_command_goes_past_the_supervisor)
{
	static const char *const lines[] = {"kernel reboot cold", "kernel reboot warm", "devmem 0"};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		shell_text_expect(lines[i], -ENOEXEC, "command not found");
	}
}

ZTEST(shell_commands, test_every_fault_has_its_name_and_a_cut_list_says_so)
{
	/* Last of the table in src/core/src/mail.rs, for which there is a bit, and all of them. */
	const uint32_t last = 1U << 31;
	const char *const end = ", self_test, winding, settings, alarm_silent";
	char all[LEVITAS_FAULT_NAMES_BYTES], some[24], other[24];

	levitas_fault_names(UINT32_MAX, all, sizeof(all));
	zassert_equal(strncmp(all, "displacement, angle, current, ", 30), 0, "%s", all);
	zassert_str_equal(all + strlen(all) - strlen(end), end, "%s", all);
	levitas_fault_names(last, some, sizeof(some));
	zassert_str_equal(some, "alarm_silent");
	levitas_fault_names(UINT32_MAX, some, sizeof(some));
	zassert_str_equal(some, "displacement, angle,...", "%s", some);
	levitas_fault_names(3, other, sizeof(other));
	zassert_str_equal(other, "displacement, angle", "what fits has no mark");
}

ZTEST(shell_commands, test_thread_shows_every_task)
{
	static const char *const tasks[] = {".levitation", ".link", ".speed", ".circulation", ".supervisor", ".alarm", "stack free"};

	for (size_t i = 0; i < ARRAY_SIZE(tasks); i++) {
		shell_text_expect("levitas thread", 0, tasks[i]);
	}
}

/* Index of an alarm in the list of the shell, -1: it does not stand. */
static int alarm_index(const char *name)
{
	char text[LEVITAS_ALARM_BYTES];

	for (int i = 0; levitas_alarm_text(OPERATED_UNIT, i, text, sizeof(text)); i++) {
		if (strstr(text, name) != NULL) {
			return i;
		}
	}
	return -1;
}

ZTEST(shell_commands, test_a_held_rotor_without_backup_is_an_alarm)
{
	shell_text_expect("levitas lift", 0, "lifting off");
	k_sleep(K_MSEC(1500));
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_BOTH)) {
		zassert_equal(alarm_index("no_backup"), -1, "the other unit is ready");
		shell_text_land();
		return;
	}
	zassert_true(alarm_index("NO BACKUP (no_backup)") >= 0);
	shell_text_expect("levitas alarm", 0, "medium: NO BACKUP (no_backup)");
	shell_text_expect("levitas alarm", 0, "PUMP STANDS");
	shell_text_expect("levitas alarm acknowledge", 0, "acknowledged: what stands is silent");
	k_sleep(K_MSEC(50));
	shell_text_expect("levitas alarm", 0, "no_backup, acknowledged");
	shell_text_expect("levitas alarm pause", 0, "audio paused for 120 s");
	k_sleep(K_MSEC(50));
	zassert_between_inclusive(levitas_alarm_pause_ms(OPERATED_UNIT), 119000, 120000);
	shell_text_expect("levitas alarm sound", 0, "audio on");
	k_sleep(K_MSEC(50));
	zassert_equal(levitas_alarm_pause_ms(OPERATED_UNIT), 0);
	shell_text_land();
	zassert_true(WAIT_FOR(alarm_index("no_backup") == -1, 2500000, k_sleep(K_MSEC(20))), "it stands while no rotor is held");
}

ZTEST(shell_commands, test_speed_that_is_not_a_number)
{
	shell_text_expect("levitas speed fast", -EINVAL, "speed \"fast\": give a whole number of rpm");
	shell_text_expect("levitas speed 3000rpm", -EINVAL, "give a whole number of rpm");
}

ZTEST(shell_commands, test_therapy_words_that_make_no_command)
{
	shell_text_expect("levitas mode warp 9", -EINVAL, "mode \"warp\": allowed is speed, flow, pressure");
	shell_text_expect("levitas mode flow", -EINVAL, "flow_setpoint_lpm: give a number from 0 to 8");
	shell_text_expect("levitas mode flow four", -EINVAL, "flow_setpoint_lpm: give a number from 0 to 8");
	shell_text_expect("levitas mode zero_flow 1", -EINVAL, "mode zero_flow takes no value");
	shell_text_expect("levitas set warp 9", -EINVAL, "setting \"warp\": see levitas settings");
	shell_text_expect("levitas set return_pressure_mmhg_max 900", -EPERM,
			  "refused: return_pressure_mmhg_max 900: allowed is 50 to 400");
	shell_text_expect("levitas mode flow 4.0", -EPERM, "refused: the rotor is not levitated: lift it first");
}

ZTEST(shell_commands, test_a_setting_is_set_and_shown)
{
	shell_text_expect("levitas set return_pressure_mmhg_max 280.5", 0, "return_pressure_mmhg_max 280.5");
	k_sleep(K_MSEC(30));
	shell_text_expect("levitas settings", 0, "return_pressure_mmhg_max 280.5, 50 to 400");
	shell_text_expect("levitas set return_pressure_mmhg_max 300", 0, "");
}

ZTEST(shell_commands, test_speed_needs_a_levitated_rotor)
{
	shell_text_expect("levitas speed 3000", -EPERM, "refused: the rotor is not levitated: lift it first");
}

ZTEST(shell_commands, test_lift_speed_and_land)
{
	shell_text_expect("levitas lift", 0, "lifting off");
	k_sleep(K_MSEC(500));
	shell_text_expect("levitas status", 0, "operating, bearing levitated");
	shell_text_expect("levitas speed 99999", -EPERM, "refused: speed_setpoint_rpm 99999: allowed is 0 to ");
	shell_text_expect("levitas mode", 0, "flow: flow_setpoint_lpm 0 to 8");
	/* Other ranges follow from limits that other suites may have set. */
	shell_text_expect("levitas mode", 0, "retrograde_trial: trial_flow_lpm -1 to -0.1");
	shell_text_expect("levitas mode pressure 301", -EPERM,
			  "refused: pressure_setpoint_mmhg 301: allowed is -");
	shell_text_expect("levitas speed -1", -EPERM, "refused: speed_setpoint_rpm -1: allowed is 0 to ");
	shell_text_expect("levitas speed 500", 0, "speed set-point 500 rpm");
	shell_text_expect("levitas disturb force 5 90 20", 0, "5 N on the simulated rotor for 20 ms");
	shell_text_expect("levitas disturb force 101 90 20", -EINVAL, "allowed is 0 to 100 N");
	shell_text_expect("levitas disturb force 5 x 20", -EINVAL, "allowed is -360 to 360 degrees");
	shell_text_expect("levitas disturb force 5 90 0", -EINVAL, "allowed is 1 to 10000 ms");
	shell_text_land();
	shell_text_expect("levitas status", 0, "since boot    0 touchdowns, ");
}

ZTEST(shell_commands, test_poweroff_is_a_state_and_bars_no_lift_off)
{
	shell_text_expect("levitas poweroff", 0, "shutting down: switch it off when");
	k_sleep(K_MSEC(30));
	shell_text_expect("levitas state", 0, "shutdown: The rotor lies, and the unit may be switched off.");
	shell_text_expect("levitas speed 3000", -EPERM, "refused: this unit is shut down: switch it off, or lift");
	shell_text_expect("levitas lift", 0, "lifting off");
	k_sleep(K_MSEC(500));
	shell_text_land();
	shell_text_expect("levitas state", 0, ": standby");
}

/* Where it succeeds the unit must not have had the head: at_power_up.c. */
ZTEST(shell_commands, test_a_bridge_is_tried_within_bounds_and_in_standby_alone)
{
	shell_text_expect("levitas bridge coil_z 50 300", -EINVAL, "bridge \"coil_z\": there are coil_x, coil_y, phase_a");
	shell_text_expect("levitas bridge coil_x 101 300", -EINVAL, "duty \"101\": allowed is -100 to 100");
	shell_text_expect("levitas bridge coil_x -101 300", -EINVAL, "duty \"-101\": allowed is -100 to 100");
	shell_text_expect("levitas bridge phase_a -1 300", -EINVAL, "duty \"-1\": allowed is 0 to 100");
	shell_text_expect("levitas bridge coil_x 5% 300", -EINVAL, "duty \"5%\": allowed is");
	shell_text_expect("levitas bridge coil_x 50 5001", -EINVAL, "time \"5001\": allowed is 1 to 5000");
	shell_text_expect("levitas bridge coil_x 50", -EINVAL, "give bridge, duty and time");

	shell_text_expect("levitas lift", 0, "lifting off");
	shell_text_expect("levitas bridge coil_x 20 300", -EPERM, "refused: the unit is not in standby");
	k_sleep(K_MSEC(500));
	shell_text_expect("levitas status", 0, "operating, bearing levitated");
	shell_text_expect("levitas bridge coil_x 20 300", -EPERM, "refused: the unit is not in standby");
	shell_text_land();
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_BOTH)) {
		/* It has the head still, for nobody is there to whom it could give it. */
		shell_text_expect("levitas bridge coil_x 20 300", -EPERM, "refused: the cable of the lines is plugged in");
	}
}

ZTEST(shell_commands, test_prime_says_what_it_waits_for)
{
	shell_text_expect("levitas prime", 0, "no priming guide since this start");
	shell_text_expect("levitas prime on", -EINVAL, "prime \"on\": allowed is begin, confirm, skip, end");
	shell_text_expect("levitas prime skip", -EPERM, "refused: no priming guide is under way: begin it");
	shell_text_expect("levitas prime begin", 0, "1 of 9, fill: Lead both lines to the bag, no patient");
	k_sleep(K_MSEC(30));
	shell_text_expect("levitas state", 0, ": priming");
	shell_text_expect("levitas prime confirm", 0, "2 of 9, zero_pressures, 0 %: Open the three pressure sensors");
	shell_text_expect("levitas prime confirm", -EPERM, "refused: the drive sees this step by itself: wait, or skip it");
	shell_text_expect("levitas prime skip", 0, "SKIPPED: zero_pressures");
	shell_text_expect("levitas prime end", 0, "ended by the operator; at step saline SKIPPED: zero_pressures");
	k_sleep(K_MSEC(30));
	shell_text_expect("levitas state", 0, ": standby");
}

ZTEST(shell_commands, test_what_needs_the_other_unit_is_refused_without_it)
{
	/* It does not drive, or drives alone: a unit alone goes on showing edges after it has landed. */
	shell_text_expect("levitas handback", -EPERM, "refused: ");
	shell_text_expect("levitas drill", -EPERM, "refused: ");
	shell_text_expect("levitas rejoin", -EPERM, "refused: this unit is in the pair already");
}

ZTEST(shell_commands, test_circuit_orders_that_are_none)
{
	shell_text_expect("levitas circuit warp", -EINVAL, "order \"warp\": allowed is clamped, flow, saline, zero_drainage, ");
	shell_text_expect("levitas circuit flow", -EINVAL, "flow: give a number from 1 to 8 L/min");
	shell_text_expect("levitas circuit flow 0.9", -EINVAL, "flow: give a number from 1 to 8 L/min");
	shell_text_expect("levitas circuit saline hot", -EINVAL, "saline: give a number from 15 to 42 C");
	shell_text_expect("levitas circuit new_lung 1", -EINVAL, "new_lung takes no value");
}

/* The simulated clamp opens with the first pumping, which another suite may have done, and stays open. */
static bool is_clamped(void)
{
	struct levitas_unit_status status;

	/* The meter has been heard by then. */
	k_sleep(K_MSEC(200));
	levitas_status_read(IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE) ? LEVITAS_UNIT_EMERGENCY_DRIVE
									    : LEVITAS_UNIT_HOST,
			    &status);
	zassert_true(status.flow_valid);
	return status.flow_lpm > -0.25f && status.flow_lpm < 0.25f;
}

ZTEST(shell_commands, test_circuit_orders_have_the_answer_of_the_circulation_task)
{
	const bool clamped = is_clamped();

	shell_text_expect("levitas circuit zero_return", 0, "under way");
	shell_text_expect("levitas circuit new_lung", -EPERM, "refused: the order before it is under way");
	k_sleep(K_MSEC(1200));
	shell_text_expect("levitas circuit zero_return", 0, "under way");
	k_sleep(K_MSEC(1200));
	/* Behind a closed clamp, with nobody pumping, the return sensor reads next to nothing, as if it were open to air. */
	shell_text_expect("levitas circuit", clamped ? 0 : -EPERM, clamped ? "done" : "refused: too far off");
	shell_text_expect("levitas circuit new_lung", 0, "done");
}

ZTEST(shell_commands, test_a_clamped_line_and_no_other_gives_the_zero)
{
	if (is_clamped()) {
		shell_text_expect("levitas circuit clamped", 0, "under way");
		k_sleep(K_MSEC(5200));
		shell_text_expect("levitas circuit", 0, "done");
	} else {
		shell_text_expect("levitas circuit clamped", -EPERM, "refused: too far off");
	}
	/* Nothing flows, or backward: it is not 4 L/min. */
	shell_text_expect("levitas circuit flow 4.0", 0, "under way");
	k_sleep(K_MSEC(10200));
	shell_text_expect("levitas circuit", -EPERM, "refused: too far off");
}

ZTEST(shell_commands, test_kits_are_entered_listed_and_refused)
{
	const char *const good = "levitas kit add circulation (01)09501101530003(17)271119(10)AB-123(21)7 2026-11-27";
	const char *const old = "levitas kit add puncture (01)09501101530003(17)261126(10)AB-123 2026-11-27";
	char line[LEVITAS_KIT_BYTES];
	uint32_t index = 0;

	shell_text_expect("levitas kit add lung (01)09501101530003 2026-11-27", -EINVAL, "kind: allowed is circulation, drainage_cannula, ");
	shell_text_expect("levitas kit add warming (01)09501101530003 27.11.26", -EINVAL, "date: allowed is a day as YYYY-MM-DD");
	shell_text_expect("levitas kit add warming (01)09501101530002 2026-11-27", -EINVAL,
			  "UDI: character 18: check digit 2 of (01); allowed is 3");
	shell_text_expect("levitas kit add warming ]d2010950110153000310AB-123217 2026-11-27", -EINVAL,
			  "UDI: allowed is the printed form, or a scan in which ^ ends lot and serial number");
	shell_text_expect(good, 0, "circulation 09501101530003, lot AB-123, serial 7, since 2026-11-27, in use for 0 h 0 min; tell the sensors");
	shell_text_expect(good, -EPERM, "refused: Its serial number has been in use before. Allowed is another kit, or");
	shell_text_expect(old, -EPERM, "refused: Its expiration date is over. ");
	snprintf(line, sizeof(line), "%s haste", old);
	shell_text_expect(line, -EINVAL, "reason: allowed is emergency, no_other, inspected");
	snprintf(line, sizeof(line), "%s emergency", old);
	shell_text_expect(line, 0, "puncture 09501101530003, lot AB-123, serial unknown, since 2026-11-27, in use for 0 h 0 min, expired, taken for reason emergency");
	shell_text_expect("levitas kit add circulation (01)09501101530003(17)271119(21)8 2026-11-27", 0, "serial 8");
	shell_text_expect("levitas kit", 0, "serial 7, since 2026-11-27, ended after 0 h 0 min");
	shell_text_expect("levitas kit", 0, "serial unknown, since 2026-11-27, in use for 0 h 0 min, expired");
	if (IS_ENABLED(CONFIG_LEVITAS_RECORDS)) {
		/* Written at once: expired is the first objection, emergency the first reason. */
		shell_text_expect("levitas log 5", 0, " kit 3, value 0, cause 257");
	}
	/* Two hours and five minutes later. */
	while (levitas_kit_text(OPERATED_UNIT, index, k_uptime_seconds() + 7500, line, sizeof(line)) && strstr(line, "serial 8,") == NULL) {
		index++;
	}
	zassert_not_null(strstr(line, "serial 8, since 2026-11-27, in use for 2 h 5 min"), "%s", line);
	zassert_false(levitas_kit_text(OPERATED_UNIT, LEVITAS_KITS_MAX, 0, line, sizeof(line)));
	shell_text_expect("levitas kit end", 0, " kits are in use no more");
	shell_text_expect("levitas kit end", 0, "0 kits are in use no more");
	shell_text_expect("levitas kit", 0, "serial 8, since 2026-11-27, ended after 0 h 0 min");
}

ZTEST_SUITE(shell_commands, NULL, setup, NULL, NULL, NULL);
