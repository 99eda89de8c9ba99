/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disposables at the shell: which are in use since when, and whether another one may be.
 */

#include <errno.h>
#include <zephyr/kernel.h>

#include "shell.h"

int levitas_shell_kit(const struct shell *sh, size_t argc, char **argv)
{
	const uint32_t now_s = k_uptime_seconds();
	char text[LEVITAS_KIT_BYTES];
	uint32_t count = 0;

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	while (levitas_kit_text(OPERATED_UNIT, count, now_s, text, sizeof(text))) {
		shell_print(sh, "%s", text);
		count++;
	}
	if (count == 0) {
		shell_print(sh, "no kit has been entered");
	}
	if (levitas_kits_write_error() != 0) {
		shell_print(sh, "NOT KEPT over a power-off: error %d", levitas_kits_write_error());
	}
	return 0;
}

int levitas_shell_kit_add(const struct shell *sh, size_t argc, char **argv)
{
	char text[LEVITAS_KIT_BYTES];
	enum levitas_kit_answer answer = levitas_kit_add(argv[1], argv[2], argv[3], argc > 4 ? argv[4] : NULL, k_uptime_seconds(),
							 text, sizeof(text));

	switch (answer) {
	case LEVITAS_KIT_TAKEN:
		shell_print(sh, "%s", text);
		return 0;
	case LEVITAS_KIT_REFUSED:
		shell_error(sh, "refused: %s", text);
		return -EPERM;
	default:
		shell_error(sh, "%s", text);
		return -EINVAL;
	}
}

int levitas_shell_kit_end(const struct shell *sh, size_t argc, char **argv)
{
	const int32_t count = levitas_kit_end(k_uptime_seconds());

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	if (count < 0) {
		shell_error(sh, "no answer: somebody holds the list of kits: error %d", count);
		return count;
	}
	shell_print(sh, "%d %s in use no more", count, count == 1 ? "kit is" : "kits are");
	return 0;
}
