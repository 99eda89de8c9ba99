/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the units are doing, by name, and what their self-tests have found.
 */

#include "shell.h"

static void print_state(const struct shell *sh, uint32_t unit)
{
	char text[LEVITAS_STATE_BYTES];

	levitas_state_text(unit, text, sizeof(text));
	shell_print(sh, "%s: %s", levitas_shell_unit_name(unit), text);
}

static void print_self_test(const struct shell *sh, uint32_t unit)
{
	char text[LEVITAS_SELF_TEST_BYTES];

	for (uint32_t line = 0; levitas_self_test_text(unit, line, text, sizeof(text)); line++) {
		shell_print(sh, "%s%s%s", line == 0 ? levitas_shell_unit_name(unit) : "", line == 0 ? ": " : "  ", text);
	}
}

int levitas_shell_state(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	levitas_shell_each_unit(sh, print_state);
	return 0;
}

int levitas_shell_self_test(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	levitas_shell_each_unit(sh, print_self_test);
	return 0;
}
