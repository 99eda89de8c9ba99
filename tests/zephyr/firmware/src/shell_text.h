/* SPDX-License-Identifier: Apache-2.0 */
/** @file Shell commands as text in and text out. */
#ifndef SHELL_TEXT_H_
#define SHELL_TEXT_H_

#include <stdint.h>

/** Waits until the shell is there; to be called before the others. */
void shell_text_setup(void);

/** Runs a line and returns what it printed. */
const char *shell_text_run(const char *line, int *result);

/** What was printed since the last line was run. */
const char *shell_text_output(void);

/** Shows what was printed since the last line was run, line by line: an assertion cannot print as much. */
void shell_text_show(void);

/** Runs a line that must have this result and print this text. */
void shell_text_expect(const char *line, int expected_result, const char *expected_text);

/** Runs a line until it prints this text; the milliseconds it took. A test fails that waits for longer. */
uint32_t shell_text_wait_for(const char *line, const char *text, uint32_t ms_max);

/** Waits until what the last line has begun prints this text; the seconds it took. A test fails that waits for longer. */
uint32_t shell_text_await(const char *text, uint32_t s_max);

/** Waits until the unit that the shell operates stands by, its bearing off; a test fails after 15 s. */
void shell_text_wait_for_standby(void);

/** Lands, and waits likewise. */
void shell_text_land(void);

#endif /* SHELL_TEXT_H_ */
