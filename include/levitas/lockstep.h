/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Lockstep with a world in another process: the trigger comes with its messages, not from a timer.
 *
 * The messages are Rust's (src/firmware/lockstep.rs over levitas-lockstep); C only carries their bytes.
 */
#ifndef LEVITAS_LOCKSTEP_H_
#define LEVITAS_LOCKSTEP_H_

#include <stddef.h>
#include <stdint.h>

#include <levitas/hall_displacement.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Room for a message; as SIZE_MAX of levitas-lockstep. */
#define LEVITAS_LOCKSTEP_BYTES 1024

/** What a message of the world says. */
enum levitas_lockstep_order {
	/** A period begins. */
	LEVITAS_LOCKSTEP_TRIGGER,
	/** A period begins, without a trigger. */
	LEVITAS_LOCKSTEP_NO_TRIGGER,
	/** The run is over. */
	LEVITAS_LOCKSTEP_END,
	/** The world wants nothing of this image, or says what it does not understand. */
	LEVITAS_LOCKSTEP_REFUSED,
};

/** Connects to the world and calls the handler at every trigger. An image that cannot connect says why and ends. */
int levitas_lockstep_start(uint32_t set, levitas_hall_displacement_handler handler, void *user_data);

/* Rust functions. */

/** Writes the first message, by which the world knows this unit; its length. */
size_t levitas_lockstep_hello(uint32_t set, uint8_t bytes[LEVITAS_LOCKSTEP_BYTES]);

/** Writes what the unit does in this period; its length. While the processor sleeps. */
size_t levitas_lockstep_reply(uint8_t bytes[LEVITAS_LOCKSTEP_BYTES]);

/** Takes a message of the world, in interrupt context: enum levitas_lockstep_order. One line says why it is refused. */
uint32_t levitas_lockstep_take(const uint8_t *bytes, size_t length, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* LEVITAS_LOCKSTEP_H_ */
