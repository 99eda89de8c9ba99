/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The self-test of this start, and the names of the states from then on.
 *
 * What the start has found is in record_prepare_storage() and below: the emergency drive alone has no bus voltage until its test is over.
 * The suite is the first one that an image of it runs, so that the others have a unit that lifts off.
 */

#include <levitas/coil_driver.h>
#include <string.h>
#include <zephyr/sys/crc.h>
#include <zephyr/ztest.h>

#include "at_power_up.h"
#include "memory.h"
#include "ram_march.h"
#include "shell.h"
#include "shell_text.h"
#include "shim.h"

/* Refusal::SelfTest of the supervisor. */
#define REFUSED_SELF_TEST 23
#define SELF_TEST_MS_MAX  13000

static const bool is_alone = !IS_ENABLED(CONFIG_LEVITAS_ROLE_BOTH);
static const bool is_drive = IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE);

/* Of each unit, soon after the start. */
static char first_state[LEVITAS_UNIT_COUNT][LEVITAS_STATE_BYTES];
static uint32_t first_command_result;
static uint32_t tested_ms;

/* The measured bus voltage fails. */
static bool bus_voltage_is_lost = IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE);

bool __real_levitas_world_bus_voltage(uint32_t set, float *voltage_v);
bool __wrap_levitas_world_bus_voltage(uint32_t set, float *voltage_v);

bool __wrap_levitas_world_bus_voltage(uint32_t set, float *voltage_v)
{
	return !bus_voltage_is_lost && __real_levitas_world_bus_voltage(set, voltage_v);
}

/* What the coil driver reads wrongly, for so many reads: pair and currents, by the task and by a trial, are four in a period. */
#define SPOOFED 4
static struct spoof {
	uint32_t calls;
	float more_a;
	uint32_t pair;
} spoof;

/* The cable of the lines, as far as its current goes. */
static bool is_unplugged;

static bool is_spoofed(void)
{
	const bool is = spoof.calls > 0;

	spoof.calls -= is;
	return is;
}

bool __real_levitas_world_coil_current(uint32_t set, float current_a[2]);
bool __wrap_levitas_world_coil_current(uint32_t set, float current_a[2]);
uint32_t __real_levitas_world_pair(uint32_t set);
uint32_t __wrap_levitas_world_pair(uint32_t set);

bool __wrap_levitas_world_coil_current(uint32_t set, float current_a[2])
{
	const bool valid = __real_levitas_world_coil_current(set, current_a);

	current_a[0] += is_spoofed() ? spoof.more_a : 0.0f;
	return valid;
}

uint32_t __wrap_levitas_world_pair(uint32_t set)
{
	const uint32_t read = __real_levitas_world_pair(set);

	return (is_unplugged ? read & ~LEVITAS_PAIR_LINE_CURRENT : read) | (is_spoofed() ? spoof.pair : 0);
}

static bool is_of_this_image(uint32_t unit)
{
	return !is_alone || unit == OPERATED_UNIT;
}

static bool tests_itself(uint32_t unit)
{
	char text[LEVITAS_STATE_BYTES];

	levitas_state_text(unit, text, sizeof(text));
	return is_of_this_image(unit) && strncmp(text, "self_test", 9) == 0;
}

void at_power_up_watch(void)
{
	const struct levitas_command mode = {.kind = LEVITAS_COMMAND_SPEED, .value = 100.0f};
	const uint32_t start_ms = k_uptime_get_32();
	struct levitas_unit_status status;

	k_sleep(K_MSEC(100));
	for (uint32_t unit = 0; unit < LEVITAS_UNIT_COUNT; unit++) {
		levitas_state_text(unit, first_state[unit], sizeof(first_state[unit]));
	}
	(void)levitas_command_post(OPERATED_UNIT, &mode);
	k_sleep(K_MSEC(30));
	levitas_status_read(OPERATED_UNIT, &status);
	first_command_result = status.command_result;
	while (tested_ms < SELF_TEST_MS_MAX &&
	       (tests_itself(LEVITAS_UNIT_HOST) || tests_itself(LEVITAS_UNIT_EMERGENCY_DRIVE))) {
		k_sleep(K_MSEC(10));
		tested_ms = k_uptime_get_32() - start_ms;
	}
	/* A unit that is blocked has left the pair by then. */
	k_sleep(K_MSEC(100));
	bus_voltage_is_lost = false;
}

static void *setup(void)
{
	shell_text_setup();
	return NULL;
}

ZTEST(a_power_up, test_a_the_unit_tests_itself_and_takes_no_command_meanwhile)
{
	TC_PRINT("over %u ms after the start\n", tested_ms);
	for (uint32_t unit = 0; unit < LEVITAS_UNIT_COUNT; unit++) {
		if (is_of_this_image(unit)) {
			zassert_str_equal(first_state[unit], "self_test", "unit %u: %s", unit, first_state[unit]);
		}
	}
	zassert_equal(first_command_result, REFUSED_SELF_TEST, "result %u", first_command_result);
	zassert_true(tested_ms < SELF_TEST_MS_MAX, "not over");
}

/* What each item must show; the line begins so. */
static void expect_item(uint32_t unit, uint32_t line, const char *begins)
{
	char text[LEVITAS_SELF_TEST_BYTES];

	zassert_true(levitas_self_test_text(unit, line, text, sizeof(text)), "unit %u: no line %u", unit, line);
	zassert_equal(strncmp(text, begins, strlen(begins)), 0, "unit %u: \"%s\" expected: %s", unit, begins, text);
	zassert_not_null(strstr(text, "; limit: "), "%s", text);
	zassert_is_null(strstr(text, "..."), "cut off: %s", text);
}

/* A unit that is alone does not ask for the head, and has nobody to hear. */
static void expect_report(uint32_t unit, const char *calibration, const char *supply)
{
	static const char *const memory[] = {"ram: ", "flash: "};
	static const char *const with_current[] = {"gate: ",
						   "coil_x_resistance: ",
						   "coil_y_resistance: ",
						   "coil_x_inductance: ",
						   "coil_y_inductance: ",
						   "phase_short: ",
						   "phase_open: "};
	const char *const of_memory[] = {IS_ENABLED(CONFIG_LEVITAS_RAM_CHECK) ? "passed" : "not run",
					 IS_ENABLED(CONFIG_LEVITAS_FLASH_CHECK) ? "passed" : "not run"};
	char begins[64];
	char text[LEVITAS_SELF_TEST_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(memory); i++) {
		snprintk(begins, sizeof(begins), "%s%s;", memory[i], of_memory[i]);
		expect_item(unit, 1 + i, begins);
	}
	expect_item(unit, 3, calibration);
	expect_item(unit, 4, "displacement: passed;");
	expect_item(unit, 5, "hall_elements: passed;");
	expect_item(unit, 6, "rotor_place: passed, ");
	expect_item(unit, 7, "angle_halls: passed, ");
	expect_item(unit, 8, "current_sensors: passed, ");
	expect_item(unit, 9, supply);
	/* The plant has both lines, whoever is there to drive them. */
	expect_item(unit, 10, "drive_line: passed;");
	expect_item(unit, 11, is_alone ? "link: not fitted;" : "link: passed;");
	for (size_t i = 0; i < ARRAY_SIZE(with_current); i++) {
		snprintk(begins, sizeof(begins), "%s%s", with_current[i], is_alone ? "not run;" : "passed");
		expect_item(unit, 12 + i, begins);
	}
	expect_item(unit, 19, IS_ENABLED(CONFIG_LEVITAS_POWER) ? "battery: passed, " : "battery: not fitted;");
	expect_item(unit, 20,
		    IS_ENABLED(CONFIG_LEVITAS_WARMING) && unit == LEVITAS_UNIT_HOST ? "cut_out: passed;" : "cut_out: not fitted;");
	expect_item(unit, 21, is_alone ? "hall_answer: not run;" : "hall_answer: passed, ");
	expect_item(unit, 22, "windings: passed;");
	zassert_false(levitas_self_test_text(unit, 23, text, sizeof(text)), "one more item: count it in here: %s", text);
}

ZTEST(a_power_up, test_b_the_report_is_complete)
{
	/* As the storage was at the start. */
	const bool host_is_calibrated = IS_ENABLED(CONFIG_LEVITAS_ROLE_BOTH) && IS_ENABLED(CONFIG_ARCH_POSIX);

	if (is_drive) {
		expect_report(LEVITAS_UNIT_EMERGENCY_DRIVE, "calibration: FAILED, warns;", "supply: FAILED, blocks;");
		return;
	}
	expect_report(LEVITAS_UNIT_HOST, host_is_calibrated ? "calibration: passed;" : "calibration: FAILED, warns;",
		      "supply: passed, ");
	if (!is_alone) {
		expect_report(LEVITAS_UNIT_EMERGENCY_DRIVE, "calibration: passed;", "supply: passed, ");
	}
}

ZTEST(a_power_up, test_c_the_shell_shows_it)
{
	shell_text_expect("levitas selftest", 0, is_drive ? "emergency drive: self-test over after " : "host: self-test over after ");
	shell_text_expect("levitas selftest", 0, IS_ENABLED(CONFIG_LEVITAS_RAM_CHECK) ? "\n  ram: passed; " : "\n  ram: not run; ");
	shell_text_expect("levitas selftest", 0, "\n  cut_out: ");
	shell_text_show();
	shell_text_expect("levitas state", 0, is_drive ? "emergency drive: standby" : "host: standby");
	if (!is_alone) {
		shell_text_expect("levitas selftest", 0, "\nemergency drive: self-test over after ");
		shell_text_expect("levitas state", 0, "\nemergency drive: standby");
	}
}

/* Current of a coil of the unit that the shell operates [A]. */
static float coil_a(size_t axis)
{
	struct levitas_unit_status status;

	levitas_status_read(OPERATED_UNIT, &status);
	return status.coil_current_a[axis];
}

ZTEST(a_power_up, test_d_a_bridge_is_tried_for_a_while_and_lets_go)
{
	static const struct {
		struct spoof spoof;
		const char *verdict;
	} ends[] = {
		{{.calls = SPOOFED, .more_a = 7.0f}, "a current is beyond 6 A of a coil, 8 A of a phase"},
		{{.calls = SPOOFED, .more_a = 1000.0f}, "a current is not measured, or out of range"},
		{{.calls = SPOOFED, .pair = LEVITAS_PAIR_LINE_EDGES}, "the other unit drives: edges on its line"},
		{{.calls = SPOOFED, .pair = LEVITAS_PAIR_FOREIGN_RIPPLE}, "the other unit drives: edges on its line"},
		{{.calls = SPOOFED, .pair = LEVITAS_PAIR_LINE_CURRENT}, "the cable of the lines is plugged in"},
		{{.calls = SPOOFED, .pair = LEVITAS_PAIR_GATE_FAULT}, "a gate driver is at fault"},
	};

	if (!is_alone) {
		/* The other unit would see the line. */
		ztest_test_skip();
	}
	shell_text_expect("levitas bridge coil_x 50 300", -EPERM, "refused: the cable of the lines is plugged in");
	is_unplugged = true;
	shell_text_expect("levitas bridge coil_x 50 300", 0, "coil_x: 50 thousandths of the bus voltage for 300 ms");
	k_sleep(K_MSEC(150));
	shell_text_expect("levitas bridge", 0, "the last trial of a bridge: it runs");
	zassert_true(coil_a(0) > 0.5f, "%d mA", (int)(1e3f * coil_a(0)));
	zassert_within(coil_a(1), 0.0f, 0.1f, "%d mA", (int)(1e3f * coil_a(1)));
	k_sleep(K_MSEC(250));
	shell_text_expect("levitas bridge", 0, "its time is over");
	zassert_within(coil_a(0), 0.0f, 0.1f, "%d mA", (int)(1e3f * coil_a(0)));

	shell_text_expect("levitas bridge coil_y -50 300", 0, "coil_y: -50 thousandths");
	k_sleep(K_MSEC(150));
	zassert_true(coil_a(1) < -0.5f, "%d mA", (int)(1e3f * coil_a(1)));
	k_sleep(K_MSEC(250));
	shell_text_expect("levitas bridge phase_b 20 300", 0, "phase_b: 20 thousandths");
	k_sleep(K_MSEC(400));
	shell_text_expect("levitas bridge", 0, "its time is over");

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		shell_text_expect("levitas bridge coil_x 20 5000", 0, "coil_x: 20 thousandths");
		k_sleep(K_MSEC(20));
		spoof = ends[i].spoof;
		k_sleep(K_MSEC(20));
		shell_text_expect("levitas bridge", 0, ends[i].verdict);
		zassert_within(coil_a(0), 0.0f, 0.2f, "%d mA", (int)(1e3f * coil_a(0)));
		k_sleep(K_MSEC(200));
	}
	is_unplugged = false;
}

ZTEST(a_power_up, test_d_a_supply_that_is_not_measured_blocks_until_the_operator_wants_it)
{
	if (!is_drive) {
		ztest_test_skip();
	}
	shell_text_expect("levitas state", 0,
			  "emergency drive: standby: lift-off is refused, the self-test has failed: supply\r");
	shell_text_expect("levitas selftest", 0, " failed; lift-off is refused\r");
	shell_text_expect("levitas lift alone", -EPERM,
			  "refused: this unit has failed its self-test: use the other one; if there is none, rejoin, then lift");
	shell_text_expect("levitas rejoin", 0, "in the pair again");
	k_sleep(K_MSEC(100));
	shell_text_expect("levitas state", 0, "emergency drive: standby\r");
	shell_text_expect("levitas selftest", 0, "; wanted all the same by the operator\r");
	shell_text_expect("levitas status", 0, "self_test");
	/* Its storage cannot be mounted. */
	shell_text_expect("levitas status", 0, "  SETTINGS      those in the storage could not be read: see levitas settings");
	shell_text_expect("levitas lift alone", 0, "lifting off");
	(void)shell_text_wait_for("levitas state", "emergency drive: taken_over\r", 500);
	shell_text_land();
}

ZTEST(a_power_up, test_e_the_state_follows_a_therapy)
{
	if (is_drive) {
		ztest_test_skip();
	}
	if (is_alone) {
		is_unplugged = true;
		shell_text_expect("levitas bridge coil_x 20 5000", 0, "coil_x: 20 thousandths");
	}
	/* Without the cable nobody says that there is no other unit. */
	shell_text_expect(is_alone ? "levitas lift alone" : "levitas lift", 0, "lifting off");
	shell_text_expect("levitas state", 0, "host: lift_off\r");
	(void)shell_text_wait_for("levitas state", "host: levitation\r", 500);
	if (is_alone) {
		/* A unit that is wanted comes first. */
		shell_text_expect("levitas bridge", 0, "the unit itself drives its bridges");
		is_unplugged = false;
	}
	shell_text_expect("levitas speed 1000", 0, "speed set-point 1000 rpm");
	if (is_alone) {
		/* The alarm stands some seconds after its condition has begun. */
		(void)shell_text_wait_for("levitas state", "host: degraded_therapy: ", 500);
		(void)shell_text_wait_for("levitas state", "no_backup", 3000);
	} else {
		(void)shell_text_wait_for("levitas state", "host: therapy\r", 3000);
		shell_text_expect("levitas state", 0, "emergency drive: backup\r");
		bus_voltage_is_lost = true;
		(void)shell_text_wait_for("levitas state", "host: degraded_therapy: ", 500);
		(void)shell_text_wait_for("levitas state", "bus_voltage", 3000);
		bus_voltage_is_lost = false;
		(void)shell_text_wait_for("levitas state", "host: therapy\r", 15000);
	}
	shell_text_expect("levitas land", 0, "landing");
	k_sleep(K_MSEC(20));
	shell_text_expect("levitas state", 0, "host: landing\r");
	(void)shell_text_wait_for("levitas state", "host: standby\r", 15000);
}

/* How the RAM under test is broken. */
static enum { WHOLE, STUCK, COUPLED, ONE_WORD } breakage;
static uint32_t ram[80];

void __real_levitas_ram_settle(volatile uint32_t *words, size_t count);
void __wrap_levitas_ram_settle(volatile uint32_t *words, size_t count);

/* What stands in a broken RAM, after a write and before the read. */
void __wrap_levitas_ram_settle(volatile uint32_t *words, size_t count)
{
	static uint32_t before;

	__real_levitas_ram_settle(words, count);
	switch (breakage) {
	case STUCK:
		ram[77] |= 1U << 19;
		break;
	case COUPLED:
		/* A cell follows each change of another one of its block. */
		ram[40] ^= ((ram[50] ^ before) & 1U) << 3;
		before = ram[50];
		break;
	case ONE_WORD:
		/* An address line that is not there: the later write counts for both. */
		if (words == &ram[64] && count == 1) {
			ram[0] = ram[64];
		}
		break;
	default:
		break;
	}
}

static bool march(int how)
{
	bool keeps;

	for (size_t i = 0; i < ARRAY_SIZE(ram); i++) {
		ram[i] = 0xfff7ffffU & (uint32_t)(i * 0x9e3779b9U);
	}
	breakage = how;
	keeps = levitas_ram_march(ram, ARRAY_SIZE(ram));
	breakage = WHOLE;
	return keeps;
}

ZTEST(a_power_up, test_f_a_broken_ram_is_found_and_a_whole_one_gets_back_what_it_held)
{
	zassert_true(march(WHOLE));
	for (size_t i = 0; i < ARRAY_SIZE(ram); i++) {
		zassert_equal(ram[i], 0xfff7ffffU & (uint32_t)(i * 0x9e3779b9U), "word %zu: 0x%x", i, ram[i]);
	}
	zassert_false(march(STUCK), "a bit that is stuck");
	zassert_false(march(COUPLED), "a bit that follows another one");
	zassert_false(march(ONE_WORD), "two addresses of one word");
	zassert_true(march(WHOLE));
}

ZTEST(a_power_up, test_g_a_changed_bit_of_the_program_is_found)
{
#if defined(CONFIG_LEVITAS_FLASH_CHECK)
	static uint8_t program[100];
	struct levitas_image image = {.piece_count = 2};

	for (size_t i = 0; i < sizeof(program); i++) {
		program[i] = (uint8_t)(7 * i);
	}
	/* Ten bytes between the pieces are not looked at. */
	image.pieces[0].address = (uint32_t)(uintptr_t)program;
	image.pieces[0].size = 50;
	image.pieces[1].address = (uint32_t)(uintptr_t)(program + 60);
	image.pieces[1].size = 40;
	image.crc = crc32_ieee_update(crc32_ieee(program, 50), program + 60, 40);
	program[55] ^= 1;
	zassert_equal(levitas_memory_check_image(&image), LEVITAS_CHECK_PASSED);
	program[99] ^= 0x10;
	zassert_equal(levitas_memory_check_image(&image), LEVITAS_CHECK_FAILED);
	image.piece_count = 0;
	zassert_equal(levitas_memory_check_image(&image), LEVITAS_CHECK_NOT_RUN, "a build that has said nothing");
#else
	ztest_test_skip();
#endif
}

/* Suites run in the order of their names: the first one, before anything else lifts the rotor. */
ZTEST_SUITE(a_power_up, NULL, setup, NULL, NULL, NULL);
