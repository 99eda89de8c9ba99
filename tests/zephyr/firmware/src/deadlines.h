/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the tests count of all tasks. */
#ifndef DEADLINES_H_
#define DEADLINES_H_

#include <stdint.h>

/** Missed deadlines of all threads since boot. */
uint32_t deadline_misses(void);

#endif /* DEADLINES_H_ */
