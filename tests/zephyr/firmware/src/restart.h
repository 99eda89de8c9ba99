/* SPDX-License-Identifier: Apache-2.0 */
/** @file Resets of the whole image, before the suites. */
#ifndef RESTART_H_
#define RESTART_H_

/** Starts the application as often as the tests want, and resets the processor; returns at the start that is for the suites. */
void restart_starts(void);

#endif /* RESTART_H_ */
