/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the CAN driver of the simulated bus knows of the world that has the bus.
 *
 * In an image that runs in lockstep it is implemented in Rust over the messages of a step; the driver's test supplies
 * a fake. Frames go and come once per levitation period. Every call with interrupts locked, or from the handler.
 */
#ifndef LEVITAS_WORLD_CAN_H_
#define LEVITAS_WORLD_CAN_H_

#include <stdbool.h>
#include <stdint.h>

#include <levitas/can_frame.h>

#ifdef __cplusplus
extern "C" {
#endif

/** States of the controller. */
enum levitas_world_can_state {
	LEVITAS_WORLD_CAN_ERROR_ACTIVE,
	LEVITAS_WORLD_CAN_ERROR_PASSIVE,
	LEVITAS_WORLD_CAN_BUS_OFF,
};

/** What the controller counts. */
struct levitas_world_can_status {
	/** enum levitas_world_can_state */
	uint32_t state;
	uint32_t transmit_errors;
	uint32_t receive_errors;
};

/** Called in interrupt context in every period, after frames have come. */
typedef void (*levitas_world_can_handler)(void *user_data);

/** Whom to call; once per boot. */
void levitas_world_can_attach(levitas_world_can_handler handler, void *user_data);

/** The controller takes part in the bus, or does not. */
void levitas_world_can_enable(bool enable);

/** Asks, once, to come back from bus-off. */
void levitas_world_can_recover(void);

/** Hands a frame over in this period. False: there is no room before the next one. */
bool levitas_world_can_send(const struct levitas_can_frame *frame);

/** Identifier of the next frame that was sent since the last period; false when there is none. */
bool levitas_world_can_sent(uint32_t *id);

/** The next frame that has come since the last period; false when there is none. */
bool levitas_world_can_receive(struct levitas_can_frame *frame);

/** What the controller has counted by the beginning of this period. */
void levitas_world_can_status(struct levitas_world_can_status *status);

#ifdef __cplusplus
}
#endif

#endif /* LEVITAS_WORLD_CAN_H_ */
