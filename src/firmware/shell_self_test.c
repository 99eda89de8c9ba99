/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the units are doing, by name, what their self-tests have found, and the guide for priming.
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

/* Where the guide stands after `order`, or without one. */
static int prime(const struct shell *sh, enum levitas_command_kind order)
{
	char text[LEVITAS_PRIMING_BYTES];
	int error = order != LEVITAS_COMMAND_NONE ? levitas_shell_operate(sh, order, 0.0f) : 0;

	if (error == 0) {
		levitas_priming_text(OPERATED_UNIT, text, sizeof(text));
		shell_print(sh, "%s", text);
	}
	return error;
}

int levitas_shell_prime(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return prime(sh, LEVITAS_COMMAND_NONE);
}

int levitas_shell_prime_begin(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return prime(sh, LEVITAS_COMMAND_PRIME_BEGIN);
}

int levitas_shell_prime_confirm(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return prime(sh, LEVITAS_COMMAND_PRIME_CONFIRM);
}

int levitas_shell_prime_skip(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return prime(sh, LEVITAS_COMMAND_PRIME_SKIP);
}

int levitas_shell_prime_end(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return prime(sh, LEVITAS_COMMAND_PRIME_END);
}
