/* SPDX-License-Identifier: Apache-2.0 */
/** @file The half of lockstep that lives outside the image, with the C library of the machine. */
#ifndef LEVITAS_LOCKSTEP_BOTTOM_H_
#define LEVITAS_LOCKSTEP_BOTTOM_H_

#include <stddef.h>
#include <stdint.h>

/** Interrupt of a message; native_sim's own lines end at 3. */
#define LEVITAS_LOCKSTEP_IRQ 20

/** What the bottom half works with; the image's memory. */
struct levitas_lockstep_port {
	/** Where a message of the world is put, and its length. */
	uint8_t *message;
	size_t message_size;
	size_t message_length;
	/** Writes the answer; its length. Called while the processor sleeps. */
	size_t (*reply)(uint8_t *bytes);
	uint8_t *answer;
};

/**
 * Connects, says hello, and from `first_us` on takes a message every `period_us`, answering the one before. Does not
 * return when it cannot connect.
 */
void levitas_lockstep_bottom_start(struct levitas_lockstep_port *port, const uint8_t *hello, size_t hello_length,
				   uint64_t first_us, uint64_t period_us);

/** Ends the program; a text is an error and goes to standard error. */
void levitas_lockstep_bottom_end(const char *error);

#endif /* LEVITAS_LOCKSTEP_BOTTOM_H_ */
