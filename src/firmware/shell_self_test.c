/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the units are doing, by name, what their self-tests have found, and the guide for priming.
 */

#include <errno.h>
#include <string.h>

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

/* Orders to the guide, as `levitas prime` spells them. */
static const struct {
	const char *word;
	enum levitas_command_kind kind;
} prime_orders[] = {
	{"begin", LEVITAS_COMMAND_PRIME_BEGIN},
	{"confirm", LEVITAS_COMMAND_PRIME_CONFIRM},
	{"skip", LEVITAS_COMMAND_PRIME_SKIP},
	{"end", LEVITAS_COMMAND_PRIME_END},
};

int levitas_shell_prime(const struct shell *sh, size_t argc, char **argv)
{
	char text[LEVITAS_PRIMING_BYTES];
	size_t order = 0;
	int error;

	if (argc > 1) {
		while (order < ARRAY_SIZE(prime_orders) && strcmp(argv[1], prime_orders[order].word) != 0) {
			order++;
		}
		if (order == ARRAY_SIZE(prime_orders)) {
			shell_error(sh, "prime \"%s\": allowed is begin, confirm, skip, end", argv[1]);
			return -EINVAL;
		}
		error = levitas_shell_operate(sh, prime_orders[order].kind, 0.0f);
		if (error != 0) {
			return error;
		}
	}
	levitas_priming_text(OPERATED_UNIT, text, sizeof(text));
	shell_print(sh, "%s", text);
	return 0;
}
