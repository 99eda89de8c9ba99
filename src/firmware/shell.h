/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the files of the shell share. */
#ifndef LEVITAS_SHELL_H_
#define LEVITAS_SHELL_H_

#include <zephyr/shell/shell.h>

#include "shim.h"

/** The unit that the operator's commands go to. */
#if defined(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)
#define OPERATED_UNIT LEVITAS_UNIT_EMERGENCY_DRIVE
#else
#define OPERATED_UNIT LEVITAS_UNIT_HOST
#endif

/** Name of a unit for the operator. */
const char *levitas_shell_unit_name(uint32_t unit);

/** Calls `print` for each unit of this image. */
void levitas_shell_each_unit(const struct shell *sh, void (*print)(const struct shell *sh, uint32_t unit));

/**
 * Posts a command, waits for the answer, prints a refusal. One command at a time, whichever shell it comes from. A command that
 * is not answered in time is withdrawn: -ETIMEDOUT; see levitas_shell_answered().
 */
int levitas_shell_operate(const struct shell *sh, uint32_t kind, float value);

/** Whether the supervisor has looked at the last command, or at its withdrawal: an earlier one is carried out or never. */
bool levitas_shell_answered(void);

/** What a unit does, once the command that is under way is answered: enum levitas_unit_state. */
uint32_t levitas_shell_settled_state(uint32_t unit);

/** Long work of field service, one at a time. No rotor is lifted by the shell meanwhile: flash may be written. */
enum levitas_work {
	LEVITAS_WORK_NONE,
	LEVITAS_WORK_COMMISSIONING,
	LEVITAS_WORK_STORING,
	LEVITAS_WORK_FORMATTING,
	LEVITAS_WORK_KEY,
};

/** Begins it; NULL, or one line that says what else is under way. */
const char *levitas_work_begin(enum levitas_work work);

/** Goes on to other work, or ends it with LEVITAS_WORK_NONE. */
void levitas_work_go_on(enum levitas_work work);

/** One line that says what is under way; NULL while there is nothing. */
const char *levitas_work_text(void);

/** One line of a table of calibration values: name and unit, one or two values, range. */
void levitas_shell_value(const struct shell *sh, uint32_t index, const float *first, const float *second);

/** `levitas commission`, `levitas commission stop`, `levitas calibration`, `levitas storage format`. */
int levitas_shell_commission(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_commission_stop(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_calibration(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_storage_format(const struct shell *sh, size_t argc, char **argv);

/** `levitas key`, `levitas key set`, `levitas key erase`, `levitas link`. */
int levitas_shell_key(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_key_set(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_key_erase(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_link(const struct shell *sh, size_t argc, char **argv);

/** `levitas state`, `levitas selftest`. */
int levitas_shell_state(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_self_test(const struct shell *sh, size_t argc, char **argv);

/** `levitas prime`. */
int levitas_shell_prime(const struct shell *sh, size_t argc, char **argv);

/** `levitas kit`, `levitas kit add`, `levitas kit end`. */
int levitas_shell_kit(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_kit_add(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_kit_end(const struct shell *sh, size_t argc, char **argv);

/** `levitas heater`; in simulation `levitas disturb heater`, `levitas disturb button`. */
int levitas_shell_heater(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_disturb_heater(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_disturb_button(const struct shell *sh, size_t argc, char **argv);

/** Whether the power task of a unit runs; takes three of its periods. */
bool levitas_shell_power_is_alive(uint32_t unit);

/** `levitas power`, `levitas power test`; in simulation `levitas disturb mains`. */
int levitas_shell_power(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_disturb_mains(const struct shell *sh, size_t argc, char **argv);

/** `levitas log`, `levitas log verify`, `levitas trend`. */
int levitas_shell_log(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_log_verify(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_trend(const struct shell *sh, size_t argc, char **argv);

/** `levitas bridge`. */
int levitas_shell_bridge(const struct shell *sh, size_t argc, char **argv);

/** `levitas samples`, on a board. */
int levitas_shell_samples(const struct shell *sh, size_t argc, char **argv);

#endif /* LEVITAS_SHELL_H_ */
