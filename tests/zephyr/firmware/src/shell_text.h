/* SPDX-License-Identifier: Apache-2.0 */
/** @file Shell commands as text in and text out. */
#ifndef SHELL_TEXT_H_
#define SHELL_TEXT_H_

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

#endif /* SHELL_TEXT_H_ */
