/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command key at the shell: put in once, typed twice, never shown again; only its check value is.
 */

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <zephyr/kernel.h>
#include <zephyr/shell/shell_history.h>
#include <zephyr/sys/util.h>

#include "shell.h"

/* What must be typed behind "levitas key erase". */
#define ERASE_WORD "erase-key"
#define DIGITS     (2 * LEVITAS_KEY_BYTES)

/* Of the key that is being put in; whoever has begun the work, see levitas_work_begin(), uses them, and nobody else. */
static uint8_t key[LEVITAS_KEY_BYTES];
static int result;

/* Not by memset(): it may be left out where nobody reads the bytes afterwards. */
static void forget_key(void)
{
	volatile uint8_t *byte = key;

	for (size_t i = 0; i < sizeof(key); i++) {
		byte[i] = 0;
	}
}

static void print_key(const struct shell *sh, uint32_t unit)
{
	char text[80];

	(void)levitas_key_read(unit, text, sizeof(text));
	shell_print(sh, "%s: command key %s", levitas_shell_unit_name(unit), text);
}

int levitas_shell_key(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	levitas_shell_each_unit(sh, print_key);
	return 0;
}

static bool is_hex(const char *text)
{
	for (; *text != '\0'; text++) {
		if (!isxdigit((unsigned char)*text)) {
			return false;
		}
	}
	return true;
}

static void store_key(const struct shell *sh, uint32_t unit)
{
	char text[80];
	int error = levitas_key_store(unit, key, text, sizeof(text));

	if (error != 0) {
		result = error;
		shell_error(sh, "%s: not stored: %s", levitas_shell_unit_name(unit), text);
		return;
	}
	if (IS_ENABLED(CONFIG_LEVITAS_RECORDS)) {
		levitas_record_storage(LEVITAS_STORAGE_KEY_SET, unit);
	}
	print_key(sh, unit);
}

static void delete_key(const struct shell *sh, uint32_t unit)
{
	int error = levitas_key_delete(unit);

	if (error != 0) {
		result = error;
		shell_error(sh, "%s: not erased: storage error %d; commands are refused until the next start",
			    levitas_shell_unit_name(unit), error);
		return;
	}
	if (IS_ENABLED(CONFIG_LEVITAS_RECORDS)) {
		levitas_record_storage(LEVITAS_STORAGE_KEY_ERASED, unit);
	}
	shell_print(sh, "%s: command key erased: every command of the link is refused from now on",
		    levitas_shell_unit_name(unit));
}

/* Writes flash, so only where nothing is held; 0 when `change` has done it for every unit. `digits` of the new key, or none. */
static int in_standby(const struct shell *sh, void (*change)(const struct shell *sh, uint32_t unit), const char *digits)
{
	const char *other = levitas_work_begin(LEVITAS_WORK_KEY);
	int error;

	if (other != NULL) {
		shell_error(sh, "refused: %s", other);
		return -EBUSY;
	}
	result = 0;
	if (levitas_shell_settled_state(OPERATED_UNIT) != LEVITAS_STATE_STANDBY) {
		shell_error(sh, "refused: the unit is not in standby: land first");
		result = -EPERM;
	} else {
		(void)hex2bin(digits, strlen(digits), key, sizeof(key));
		levitas_shell_each_unit(sh, change);
		forget_key();
	}
	error = result;
	levitas_work_go_on(LEVITAS_WORK_NONE);
	return error;
}

static int set_key(const struct shell *sh, const char *first, const char *second)
{
	if (strlen(first) != DIGITS || !is_hex(first)) {
		shell_error(sh, "key: give %d hexadecimal digits, twice", DIGITS);
		return -EINVAL;
	}
	if (strcmp(first, second) != 0) {
		shell_error(sh, "key: the second time it is another one; nothing is stored");
		return -EINVAL;
	}
	return in_standby(sh, store_key, first);
}

/* The line holds digits of a key, and so does the history, which the shell fills before it calls: `argv` is gone with them. */
static void forget_lines(const struct shell *sh)
{
	memset(sh->ctx->cmd_buff, 0, sizeof(sh->ctx->cmd_buff));
	memset(sh->ctx->temp_buff, 0, sizeof(sh->ctx->temp_buff));
	if (IS_ENABLED(CONFIG_SHELL_HISTORY)) {
		/* Purging alone leaves the bytes. */
		z_shell_history_mode_exit(sh->history);
		z_shell_history_purge(sh->history);
		ring_buf_reset(sh->history->ring_buf);
		memset(sh->history->ring_buf->buffer, 0, ring_buf_capacity_get(sh->history->ring_buf));
	}
}

int levitas_shell_key_set(const struct shell *sh, size_t argc, char **argv)
{
	int error = -EINVAL;

	/* Counted here: what the shell itself refuses stays in its history. */
	if (argc == 3) {
		error = set_key(sh, argv[1], argv[2]);
	} else {
		shell_error(sh, "key: give %d hexadecimal digits, twice, not %u words", DIGITS, (unsigned int)argc - 1);
	}
	forget_lines(sh);
	if (error == 0) {
		shell_print(sh, "in force from the next start on; compare the check value with that of the tool");
	}
	return error;
}

int levitas_shell_key_erase(const struct shell *sh, size_t argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], ERASE_WORD) != 0) {
		shell_error(sh, "every command of the link would be refused; if that is wanted: levitas key erase " ERASE_WORD);
		return -EINVAL;
	}
	return in_standby(sh, delete_key, "");
}

static void print_link(const struct shell *sh, uint32_t unit)
{
	struct levitas_link link;
	char text[80];

	levitas_link_read(unit, &link);
	levitas_fault_names(link.alarms, text, sizeof(text));
	shell_print(sh, "%s: %u commands of the link taken, alarms 0x%x%s%s", levitas_shell_unit_name(unit),
		    link.commands_admitted, link.alarms, link.alarms != 0 ? ": " : "", text);
	for (uint32_t kind = 0; levitas_link_refusal_name(kind, text, sizeof(text)); kind++) {
		if (link.refused[kind] != 0) {
			shell_print(sh, "  %-34s %10u", text, link.refused[kind]);
		}
	}
}

int levitas_shell_link(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	levitas_shell_each_unit(sh, print_link);
	return 0;
}
