/* SPDX-License-Identifier: Apache-2.0 */
/** @file What a unit does whose software has failed, and what it remembers of that: docs/restart.md. */
#ifndef LEVITAS_CRASH_H_
#define LEVITAS_CRASH_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zephyr/kernel.h>

/** Beside enum k_fatal_error_reason: the watchdog of a task was not fed. */
#define LEVITAS_CRASH_STALLED 5U
/** Likewise: the oscillator has stopped, and the processor goes on by its own, slower one. */
#define LEVITAS_CRASH_CLOCK   6U

/** A failure of the software. */
struct levitas_crash {
	/** enum k_fatal_error_reason of Zephyr, or one of those above. */
	uint32_t reason;
	/** Where the thread was, and where it would have returned to; 0 where the processor does not say. */
	uint32_t pc;
	uint32_t lr;
	/** Since the start of that time. */
	uint32_t uptime_ms;
	/** 1: the unit has reset itself. 0: the drive could do without the thread, which was stopped. */
	uint32_t reset;
	char thread[28];
};

/** Room for it as one line. */
#define LEVITAS_CRASH_TEXT_BYTES 160

/** This thread stands: it is stopped if the drive can do without it, else the unit resets itself. In interrupt context. */
void levitas_crash_stalled(k_tid_t thread);

/** The last failure, in this start or by which the one before has ended; false: there was none. */
bool levitas_crash_last(struct levitas_crash *crash);

/** The same as one line. */
bool levitas_crash_text(char *text, size_t size);

#endif /* LEVITAS_CRASH_H_ */
