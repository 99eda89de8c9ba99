/* SPDX-License-Identifier: Apache-2.0 */
/* The command key at the shell: put in once, typed twice, kept, never shown, erased on purpose. */

#include <errno.h>
#include <string.h>
#include <zephyr/shell/shell.h>
#include <zephyr/shell/shell_dummy.h>
#include <zephyr/shell/shell_history.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/ztest.h>

#include "record.h"
#include "shell_text.h"
#include "shim.h"

/* The key of record_key as digits. */
#define KEY "2b7e151628aed2a6abf7158809cf4f3c"
#define SET "levitas key set "

static void *setup(void)
{
	shell_text_setup();
	/* The supervisor has spoken by then: until it does nobody is in standby. */
	k_sleep(K_MSEC(100));
	return NULL;
}

static void begin(void *fixture)
{
	ARG_UNUSED(fixture);
	record_erase_storage();
}

/* As shell_text_expect(), and the key is nowhere in what was printed. */
static void expect(const char *line, int result, const char *text)
{
	shell_text_expect(line, result, text);
	zassert_is_null(strstr(shell_text_output(), "2b7e15"), "%s shows the key", line);
	zassert_is_null(strstr(shell_text_output(), "2B7E15"), "%s shows the key", line);
}

ZTEST(command_key, test_a_key_is_put_in_once_and_kept)
{
	expect("levitas key", 0, "command key not set");
	expect(SET KEY " " KEY, 0, "command key set, check value " RECORD_KEY_CHECK_VALUE);
	expect(SET KEY " " KEY, -EEXIST, "not stored: there is one already: erase it first");
	expect(SET "000102030405060708090a0b0c0d0e0f 000102030405060708090a0b0c0d0e0f", -EEXIST, "there is one already");
	/* As after a reset: nothing of it is in RAM. */
	zassert_ok(levitas_storage_mount());
	expect("levitas key", 0, "set, check value " RECORD_KEY_CHECK_VALUE);
}

ZTEST(command_key, test_what_is_no_key_is_refused)
{
	expect(SET "2b7e151628aed2a6abf7158809cf4f3 " KEY, -EINVAL, "give 32 hexadecimal digits, twice");
	expect(SET KEY "0 " KEY "0", -EINVAL, "give 32 hexadecimal digits, twice");
	expect(SET "gb7e151628aed2a6abf7158809cf4f3c gb7e151628aed2a6abf7158809cf4f3c", -EINVAL, "give 32 hexadecimal digits");
	expect(SET KEY " 2b7e151628aed2a6abf7158809cf4f3d", -EINVAL, "the second time it is another one");
	expect(SET "00000000000000000000000000000000 00000000000000000000000000000000", -EINVAL, "16 equal bytes are no key");
	expect("levitas key", 0, "not set");
}

/* In the memory of the shell's lines and of its history, also where neither looks any more. */
static bool is_remembered(const char *digits)
{
	const struct shell *sh = shell_backend_dummy_get_ptr();
	const struct ring_buf *history = sh->history->ring_buf;
	const struct {
		const void *bytes;
		size_t size;
	} memories[] = {
		{history->buffer, history->size},
		{sh->ctx->cmd_buff, sizeof(sh->ctx->cmd_buff)},
		{sh->ctx->temp_buff, sizeof(sh->ctx->temp_buff)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(memories); i++) {
		const char *bytes = memories[i].bytes;

		for (size_t at = 0; at + strlen(digits) <= memories[i].size; at++) {
			if (memcmp(bytes + at, digits, strlen(digits)) == 0) {
				return true;
			}
		}
	}
	return false;
}

ZTEST(command_key, test_the_shell_forgets_the_digits_also_of_a_line_that_is_refused)
{
	static const char *const refused[] = {SET KEY, SET KEY " " KEY " " KEY, SET KEY " 1", SET KEY "0 " KEY "0"};
	int result;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		expect(refused[i], -EINVAL, "key: ");
		zassert_false(is_remembered("2b7e15"), "%s is remembered", refused[i]);
	}
	expect(SET "2b7e 1516 28ae d2a6 abf7 1588 09cf 4f3c", -EINVAL, "digits, twice, not 8 words");
	zassert_false(is_remembered("2b7e 1516"));
	(void)shell_text_run("levitas kye " KEY, &result);
	zassert_true(is_remembered("2b7e15"), "a line that is none of this command's");
	expect("levitas key set", -EINVAL, "not 0 words");
	zassert_false(is_remembered("2b7e15"));
	expect(SET KEY " " KEY, 0, "set, check value");
	zassert_false(is_remembered("2b7e15"));
	expect("levitas key", 0, "set, check value");
}

ZTEST(command_key, test_a_key_is_erased_on_purpose_alone)
{
	expect(SET KEY " " KEY, 0, "in force from the next start on");
	expect("levitas key erase", -EINVAL, "if that is wanted: levitas key erase erase-key");
	expect("levitas key erase yes", -EINVAL, "levitas key erase erase-key");
	expect("levitas key", 0, "set, check value");
	expect("levitas key erase erase-key", 0, "command key erased");
	expect("levitas key", 0, "not set");
	expect(SET KEY " " KEY, 0, "set, check value");
}

ZTEST(command_key, test_a_damaged_record_is_no_key_and_says_so)
{
	uint8_t bytes[RECORD_KEY_BYTES + 1] = {0};

	record_encode_key(bytes);
	bytes[10] ^= 0x04;
	zassert_ok(levitas_storage_entry_write(LEVITAS_ENTRY_KEY, TEST_UNIT, bytes, RECORD_KEY_BYTES));
	expect("levitas key", 0, "refused: crc: the record is damaged");
	bytes[10] ^= 0x04;
	zassert_ok(levitas_storage_entry_write(LEVITAS_ENTRY_KEY, TEST_UNIT, bytes, RECORD_KEY_BYTES + 1));
	expect("levitas key", 0, "refused: length: ");
	zassert_ok(levitas_storage_entry_write(LEVITAS_ENTRY_KEY, TEST_UNIT, bytes, RECORD_KEY_BYTES));
	expect("levitas key", 0, "set, check value " RECORD_KEY_CHECK_VALUE);
}

ZTEST(command_key, test_formatting_takes_the_key_and_leaves_the_count_of_starts)
{
	uint8_t starts[LEVITAS_STARTS_BYTES];

	sys_put_le32(77, starts);
	zassert_ok(levitas_storage_entry_write(LEVITAS_ENTRY_STARTS, TEST_UNIT, starts, sizeof(starts)));
	expect(SET KEY " " KEY, 0, "set, check value");
	expect("levitas storage format", -EINVAL, "command key: set, check value");
	expect("levitas storage format erase-calibration", 0, "to get another command key");
	expect("levitas key", 0, "not set");
	memset(starts, 0, sizeof(starts));
	zassert_equal(levitas_storage_entry_read(LEVITAS_ENTRY_STARTS, TEST_UNIT, starts, sizeof(starts)), sizeof(starts));
	zassert_equal(sys_get_le32(starts), 77);
}

ZTEST(command_key, test_nothing_is_written_while_the_rotor_is_held)
{
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
	expect(SET KEY " " KEY, 0, "set, check value");
	expect("levitas lift", 0, "lifting off");
	k_sleep(K_MSEC(200));
	expect("levitas key erase erase-key", -EPERM, "refused: the unit is not in standby");
	expect("levitas key", 0, "set, check value");
	shell_text_land();
	expect("levitas key erase erase-key", 0, "command key erased");
}

ZTEST_SUITE(command_key, NULL, setup, begin, NULL, NULL);
