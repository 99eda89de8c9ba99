/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resets of the whole image on QEMU: a therapy goes on by itself, and only where it should.
 *
 * The starts that are reset come before the suites. Each notes what it sees in a memory of the tests that a reset leaves alone, and resets the
 * processor by SYSRESETREQ; the last one runs the suites, of which this one judges what was noted. The board has no driver of hwinfo: the cause
 * is what the start before has said. The simulated pump is not kept: at each start the rotor lies at the wall and stands still.
 *
 * Times are those from the reset to main() by a counter of the board that a reset clears (FPGAIO, 20 MHz on QEMU), and from there on by the
 * kernel's clock, that of the plant: where the processor sleeps, QEMU's counter runs ahead of it. One instruction takes 1 ns of both.
 */

#include <string.h>
#include <zephyr/drivers/hwinfo.h>
#include <zephyr/drivers/retained_mem.h>
#include <zephyr/sys/reboot.h>
#include <zephyr/ztest.h>

#include "restart.h"
#include "shell_text.h"
#include "shim.h"

#define SPEED_RPM     1000.0f
/* 10 % of the touchdown clearance of plant ecmo-50. */
#define HELD_M        50.0e-6f
#define HELD_MS       20
/* How long a unit is looked at that must do nothing. */
#define LOOKED_MS     100
#define COUNTER       (DT_REG_ADDR(DT_NODELABEL(gpio_led0)) + 0x18)
#define COUNTS_PER_US 20
#define MAGIC         0x74735274U

/* main() of the application; renamed in firmware/CMakeLists.txt. */
int levitas_application_main(void);

/* What the starts are for, in their order. */
enum {
	DRIVES,
	GOES_ON,
	DAMAGED,
	POWERED_UP,
	RESET_AFTER_POWER_UP,
	UNKNOWN_CAUSE,
	SUITES,
};

/* Times from the reset. */
struct note {
	uint32_t main_us;
	uint32_t tasks_us;
	/* 0: never. */
	uint32_t held_us;
	uint32_t speed_us;
	struct levitas_unit_status unit;
	struct levitas_truth plant;
	char line[160];
	/* What the shell shows: the alarm of a restart, and the setting of before. */
	bool alarm;
	bool setting;
	/* Records in the memory of the unit. */
	uint32_t records;
};

struct kept {
	uint32_t magic;
	uint32_t start;
	/* What the test's hwinfo says. */
	uint32_t cause;
	uint32_t counts_per_ms;
	struct note notes[SUITES];
};

BUILD_ASSERT(sizeof(struct kept) <= DT_REG_SIZE(DT_NODELABEL(test_memory)));
static struct kept *const kept = (struct kept *)DT_REG_ADDR(DT_NODELABEL(test_memory));
static const struct device *const unit_memory = DEVICE_DT_GET(DT_CHOSEN(levitas_retained_memory));

int z_impl_hwinfo_get_supported_reset_cause(uint32_t *supported)
{
	*supported = RESET_POR | RESET_PIN | RESET_SOFTWARE | RESET_WATCHDOG;
	return 0;
}

int z_impl_hwinfo_get_reset_cause(uint32_t *cause)
{
	*cause = kept->cause;
	return 0;
}

int z_impl_hwinfo_clear_reset_cause(void)
{
	kept->cause = 0;
	return 0;
}

static uint32_t main_us, main_cycles;

static uint32_t since_reset_us(void)
{
	return main_us + k_cyc_to_us_floor32(k_cycle_get_32() - main_cycles);
}

static void reset(uint32_t cause)
{
	/* What was not cleared stands beside it, as in a reset controller. */
	kept->cause |= cause;
	kept->start++;
	sys_reboot(SYS_REBOOT_COLD);
}

/* The records in the memory of the unit, and one bit of each turned. */
static uint32_t records(bool turn)
{
	uint8_t bytes[DT_REG_SIZE(DT_PARENT(DT_CHOSEN(levitas_retained_memory)))];
	uint32_t count = 0;

	(void)retained_mem_read(unit_memory, 0, bytes, sizeof(bytes));
	for (size_t at = 0; at + 24 < sizeof(bytes); at++) {
		if (memcmp(bytes + at, "LKP1", 4) == 0) {
			bytes[at + 20] ^= turn ? 0x08 : 0;
			count++;
		}
	}
	(void)retained_mem_write(unit_memory, 0, bytes, sizeof(bytes));
	return count;
}

/* A command, and time for it; what became of it shows in what is noted. */
static void command(enum levitas_command_kind kind, float value)
{
	const struct levitas_command of = {.kind = kind, .value = value};

	(void)levitas_command_post(LEVITAS_UNIT_HOST, &of);
	k_sleep(K_MSEC(60));
}

static bool shows(const char *line, const char *text)
{
	int result;

	return strstr(shell_text_run(line, &result), text) != NULL && result == 0;
}

static void look(struct note *note)
{
	const char *line;
	int result;

	levitas_status_read(LEVITAS_UNIT_HOST, &note->unit);
	levitas_world_truth(&note->plant);
	note->records = records(false);
	note->alarm = shows("levitas alarm", "RESTARTED: ROTOR MAY HAVE RUBBED");
	note->setting = shows("levitas settings", "return_pressure_mmhg_max 280.5");
	line = strstr(shell_text_run("levitas status", &result), "  start ");
	if (line != NULL) {
		strncpy(note->line, line, MIN(strcspn(line, "\r\n"), sizeof(note->line) - 1));
	}
}

static bool is_held(const struct levitas_truth *plant)
{
	const float x_m = plant->displacement_m[0];
	const float y_m = plant->displacement_m[1];

	return x_m * x_m + y_m * y_m < HELD_M * HELD_M;
}

/* Until the rotor turns as it should, for two seconds at most. */
static void watch(struct note *note)
{
	uint32_t held_ms = 0;
	uint32_t first_us = 0;

	for (uint32_t ms = 0; ms < 2000 && note->speed_us == 0; ms++) {
		struct levitas_truth plant;

		levitas_world_truth(&plant);
		if (!is_held(&plant)) {
			held_ms = 0;
		} else if (held_ms++ == 0) {
			first_us = since_reset_us();
		}
		if (held_ms == HELD_MS && note->held_us == 0) {
			note->held_us = first_us;
		}
		if (plant.speed_rpm > 0.99f * SPEED_RPM) {
			note->speed_us = since_reset_us();
		}
		k_sleep(K_MSEC(1));
	}
}

static void drive(void)
{
	command(LEVITAS_COMMAND_LIFT, 0.0f);
	command(LEVITAS_COMMAND_SPEED, SPEED_RPM);
}

/* One start that is not for the suites. */
static void run(uint32_t start, struct note *note)
{
	uint32_t counts;
	int result;

	main_us = sys_read32(COUNTER) / COUNTS_PER_US;
	main_cycles = k_cycle_get_32();
	note->main_us = main_us;
	(void)levitas_application_main();
	note->tasks_us = since_reset_us();
	if (start == GOES_ON) {
		watch(note);
	} else {
		k_sleep(K_MSEC(LOOKED_MS));
	}
	shell_text_setup();
	look(note);
	switch (start) {
	case DRIVES:
		counts = sys_read32(COUNTER);
		k_busy_wait(10000);
		kept->counts_per_ms = (sys_read32(COUNTER) - counts) / 10;
		(void)shell_text_run("levitas set return_pressure_mmhg_max 280.5", &result);
		drive();
		watch(note);
		look(note);
		reset(RESET_SOFTWARE | RESET_PIN);
		break;
	case GOES_ON:
		/* Behind this the supervisor writes nothing any more. */
		(void)irq_lock();
		note->records = records(true);
		reset(RESET_SOFTWARE | RESET_PIN);
		break;
	case DAMAGED:
		drive();
		reset(RESET_POR | RESET_PIN);
		break;
	case POWERED_UP:
		reset(RESET_WATCHDOG | RESET_PIN);
		break;
	case RESET_AFTER_POWER_UP:
		drive();
		reset(0);
		break;
	default:
		reset(RESET_POR | RESET_PIN);
		break;
	}
}

void restart_starts(void)
{
	if (kept->magic != MAGIC) {
		memset(kept, 0, sizeof(*kept));
		kept->magic = MAGIC;
		kept->cause = RESET_POR | RESET_PIN;
	}
	if (kept->start < SUITES) {
		run(kept->start, &kept->notes[kept->start]);
	}
}

/* Nothing was held, and nobody says that it was. */
static void expect_waiting(uint32_t start, const char *line)
{
	const struct note *note = &kept->notes[start];

	zassert_str_equal(note->line, line, "%s", note->line);
	zassert_equal(note->unit.state, LEVITAS_STATE_STANDBY, "state %u", note->unit.state);
	zassert_equal(note->unit.bearing_state, 0, "bearing %u", note->unit.bearing_state);
	zassert_true(note->plant.touching, "the rotor was lifted off");
	zassert_false(note->alarm);
	zassert_false(note->setting);
}

ZTEST(restart, test_a_therapy_goes_on_by_itself)
{
	const struct note *before = &kept->notes[DRIVES];
	const struct note *after = &kept->notes[GOES_ON];

	zassert_within(kept->counts_per_ms, 1000 * COUNTS_PER_US, 50, "%u counts per millisecond", kept->counts_per_ms);
	zassert_equal(before->unit.state, LEVITAS_STATE_OPERATING, "state %u", before->unit.state);
	zassert_true(before->setting && !before->alarm);
	zassert_within((int)before->plant.speed_rpm, (int)SPEED_RPM, 30, "%d rpm before", (int)before->plant.speed_rpm);
	TC_PRINT("from the reset: main() %u us, tasks %u us, held %u us, speed back %u us\n", after->main_us, after->tasks_us,
		 after->held_us, after->speed_us);
	TC_PRINT("%s\n", after->line);
	zassert_equal(after->unit.state, LEVITAS_STATE_OPERATING, "state %u", after->unit.state);
	zassert_true(after->held_us > after->tasks_us && after->held_us < 300000, "held after %u us", after->held_us);
	zassert_true(after->speed_us > 0, "the speed did not come back: %d rpm", (int)after->plant.speed_rpm);
	zassert_equal((int)after->unit.speed_setpoint_rpm, (int)SPEED_RPM, "set-point %d rpm", (int)after->unit.speed_setpoint_rpm);
	zassert_false(after->plant.touching);
	zassert_true(after->setting, "a setting of before is lost");
	zassert_true(after->alarm, "nobody says that the rotor was not held");
	zassert_str_equal(after->line, "  start         software; record whole, drove: takes the head by itself, unless the other unit has it");
	zassert_equal(after->records, 2);
}

ZTEST(restart, test_a_damaged_record_is_none)
{
	zassert_str_equal(kept->notes[DRIVES].line, "  start         power-up; no whole record: waits for an operator");
	expect_waiting(DAMAGED, "  start         software; no whole record: waits for an operator");
}

ZTEST(restart, test_nothing_lifts_off_after_a_power_up)
{
	expect_waiting(POWERED_UP, "  start         power-up; record whole, drove: waits for an operator");
	/* And not by a reset that follows before an operator does anything. */
	expect_waiting(RESET_AFTER_POWER_UP, "  start         watchdog; record whole, did not drive: waits for an operator");
}

ZTEST(restart, test_nothing_lifts_off_where_the_cause_is_unknown)
{
	expect_waiting(UNKNOWN_CAUSE, "  start         unknown cause; record whole, drove: waits for an operator");
}

ZTEST_SUITE(restart, NULL, NULL, NULL, NULL, NULL);
