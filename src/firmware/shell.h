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

/** Posts a command, waits for the answer, prints a refusal. */
int levitas_shell_operate(const struct shell *sh, enum levitas_command_kind kind, float value);

/** One line of a table of calibration values: name and unit, one or two values, range. */
void levitas_shell_value(const struct shell *sh, uint32_t index, const float *first, const float *second);

/** `levitas commission`, `levitas commission stop`, `levitas calibration`. */
int levitas_shell_commission(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_commission_stop(const struct shell *sh, size_t argc, char **argv);
int levitas_shell_calibration(const struct shell *sh, size_t argc, char **argv);

#endif /* LEVITAS_SHELL_H_ */
