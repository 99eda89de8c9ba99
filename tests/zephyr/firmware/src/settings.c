/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits and settings over a power-off: what lay in the storage before the start is in force, what is set now lies there a second later. The
 * record is made here anew, by the format that src/core/src/circulation/settings_record.rs says.
 */

#include <string.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/sys/crc.h>
#include <zephyr/ztest.h>

#include "record.h"
#include "settings.h"
#include "shell.h"
#include "shell_text.h"
#include "storage_faults.h"

/*
 * What lies in the storage before the start, in the order of the settings and without the set-points and the vessel of the return cannula.
 * The units of these images are on a bench: no suite but this one feels what differs from a new one.
 */
static const struct {
	const char *name;
	float value;
} kept[] = {
	{"drainage_pressure_mmhg_min", -90.0f},
	{"return_pressure_mmhg_max", 1000.0f},
	{"flow_lpm_min", 0.75f},
	{"pulse_amplitude_rpm", 1000.0f},
	{"pulse_rate_bpm", 71.5f},
	{"pulse_duty_pct", 35.0f},
	{"pulse_by_ecg", 0.0f},
	{"pulse_delay_ms", 300.0f},
	{"weaning_step_s", 600.0f},
	{"weaning_step_lpm", 0.5f},
	{"trial_s_max", 600.0f},
	{"suction_answer", 2.0f},
};
BUILD_ASSERT(ARRAY_SIZE(kept) * 8 == LEVITAS_SETTINGS_BYTES);

/* What has decayed before the start. */
#define DAMAGED 0

static uint32_t sum_of(const char *name, const uint8_t value[4])
{
	uint32_t sum = crc32_ieee((const uint8_t *)name, strlen(name));

	sum = crc32_ieee_update(sum, (const uint8_t *)"\n", 1);
	return crc32_ieee_update(sum, value, 4);
}

static float value_of(const uint8_t *record, size_t index)
{
	const uint32_t bits = sys_get_le32(record + 8 * index);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void make_record(uint8_t record[LEVITAS_SETTINGS_BYTES])
{
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		uint32_t bits;

		memcpy(&bits, &kept[i].value, sizeof(bits));
		sys_put_le32(bits, record + 8 * i);
		sys_put_le32(sum_of(kept[i].name, record + 8 * i), record + 8 * i + 4);
	}
}

void settings_prepare_storage(void)
{
	uint8_t record[LEVITAS_SETTINGS_BYTES];

	make_record(record);
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_BOTH)) {
		zassert_ok(levitas_storage_entry_write(LEVITAS_ENTRY_SETTINGS, LEVITAS_UNIT_EMERGENCY_DRIVE, record, sizeof(record)));
		storage_faults_read_entry(LEVITAS_ENTRY_SETTINGS, LEVITAS_UNIT_EMERGENCY_DRIVE, START_READS);
	} else {
		/* It is read again. */
		storage_faults_read_entry(LEVITAS_ENTRY_SETTINGS, OPERATED_UNIT, START_READS - 1);
	}
	record[8 * DAMAGED] ^= 1;
	zassert_ok(levitas_storage_entry_write(LEVITAS_ENTRY_SETTINGS, OPERATED_UNIT, record, sizeof(record)));
}

/* That of limits that are not known. */
static bool has_alarm(uint32_t unit)
{
	char text[LEVITAS_ALARM_BYTES];

	for (uint32_t i = 0; levitas_alarm_text(unit, i, text, sizeof(text)); i++) {
		if (strstr(text, "LIMITS OF BEFORE NOT KNOWN (settings") != NULL) {
			return true;
		}
	}
	return false;
}

static bool at_start_kept_the_limits, has_alarm_at_start;

/* What could not be read at the start is not written over, and the unit says so. */
static bool left_unread_alone, says_unread;

/* The other suites set limits of their own; this is seen before them. */
void settings_watch_start(void)
{
	char text[LEVITAS_THERAPY_BYTES];
	bool has_rate = false, has_flow = false, has_default = false;

	for (uint32_t i = 0; levitas_setting_text(OPERATED_UNIT, i, text, sizeof(text)); i++) {
		has_rate = has_rate || strstr(text, "pulse_rate_bpm 71.5, ") == text;
		has_flow = has_flow || strstr(text, "flow_lpm_min 0.75, ") == text;
		has_default = has_default || strstr(text, "drainage_pressure_mmhg_min -1000, ") == text;
	}
	at_start_kept_the_limits = has_rate && has_flow && has_default;
	has_alarm_at_start = has_alarm(OPERATED_UNIT);
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_BOTH)) {
		uint8_t before[LEVITAS_SETTINGS_BYTES], after[LEVITAS_SETTINGS_BYTES] = {0};

		make_record(before);
		/* What is in force is written every second. */
		k_sleep(K_MSEC(2500));
		(void)levitas_storage_entry_read(LEVITAS_ENTRY_SETTINGS, LEVITAS_UNIT_EMERGENCY_DRIVE, after, sizeof(after));
		left_unread_alone = memcmp(before, after, sizeof(before)) == 0;
		says_unread = !levitas_settings_are_known(LEVITAS_UNIT_EMERGENCY_DRIVE) && has_alarm(LEVITAS_UNIT_EMERGENCY_DRIVE) &&
			      levitas_settings_are_known(LEVITAS_UNIT_HOST);
	}
}

static void *setup(void)
{
	shell_text_setup();
	return NULL;
}

ZTEST(settings, test_a_limits_of_before_the_start_are_in_force_but_for_a_damaged_one)
{
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		/* Its storage cannot be mounted at the start. */
		ztest_test_skip();
	}
	zassert_true(at_start_kept_the_limits);
	zassert_false(has_alarm_at_start);
}

ZTEST(settings, test_b_what_is_set_lies_in_the_storage_a_second_later)
{
	uint8_t record[LEVITAS_SETTINGS_BYTES];

	if (levitas_storage_mount() != 0) {
		/* That of the emergency drive, unless another suite has mended it. */
		record_erase_storage();
	}
	shell_text_expect("levitas set return_pressure_mmhg_max 244.5", 0, "return_pressure_mmhg_max 244.5");
	shell_text_expect("levitas set flow_lpm_min 1.75", 0, "flow_lpm_min 1.75");
	k_sleep(K_MSEC(2000));
	zassert_equal(levitas_settings_write_error(OPERATED_UNIT), 0);
	/* As after a power-off: all that is known of the flash is read from it. */
	zassert_ok(levitas_storage_mount());
	zassert_equal(levitas_storage_entry_read(LEVITAS_ENTRY_SETTINGS, OPERATED_UNIT, record, sizeof(record)), sizeof(record));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		zassert_equal(sys_get_le32(record + 8 * i + 4), sum_of(kept[i].name, record + 8 * i), "%s", kept[i].name);
	}
	zassert_equal(value_of(record, 1), 244.5f);
	zassert_equal(value_of(record, 2), 1.75f);
}

ZTEST(settings, test_c_what_is_refused_is_not_kept)
{
	uint8_t before[LEVITAS_SETTINGS_BYTES], after[LEVITAS_SETTINGS_BYTES];

	k_sleep(K_MSEC(2000));
	zassert_equal(levitas_storage_entry_read(LEVITAS_ENTRY_SETTINGS, OPERATED_UNIT, before, sizeof(before)), sizeof(before));
	shell_text_expect("levitas set return_pressure_mmhg_max 401", -EPERM, "return_pressure_mmhg_max 401: allowed is 50 to 400");
	shell_text_expect("levitas set flow_lpm_min nan", -EINVAL, "flow_lpm_min: give a number from 0 to 8");
	k_sleep(K_MSEC(2000));
	zassert_equal(levitas_storage_entry_read(LEVITAS_ENTRY_SETTINGS, OPERATED_UNIT, after, sizeof(after)), sizeof(after));
	zassert_mem_equal(before, after, sizeof(before));
}

ZTEST(settings, test_d_what_could_not_be_read_at_the_start_is_not_written_over_until_it_is_erased)
{
	uint8_t record[LEVITAS_SETTINGS_BYTES];

	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_BOTH)) {
		ztest_test_skip();
	}
	zassert_true(left_unread_alone);
	zassert_true(says_unread);
	zassert_ok(levitas_storage_entry_delete(LEVITAS_ENTRY_SETTINGS, LEVITAS_UNIT_EMERGENCY_DRIVE));
	k_sleep(K_MSEC(2500));
	zassert_true(levitas_settings_are_known(LEVITAS_UNIT_EMERGENCY_DRIVE));
	zassert_false(has_alarm(LEVITAS_UNIT_EMERGENCY_DRIVE));
	zassert_equal(levitas_storage_entry_read(LEVITAS_ENTRY_SETTINGS, LEVITAS_UNIT_EMERGENCY_DRIVE, record, sizeof(record)),
		      sizeof(record));
}

static void teardown(void *fixture)
{
	ARG_UNUSED(fixture);
	shell_text_expect("levitas set return_pressure_mmhg_max 300", 0, "");
	shell_text_expect("levitas set flow_lpm_min 1", 0, "");
}

ZTEST_SUITE(settings, NULL, setup, NULL, NULL, teardown);
