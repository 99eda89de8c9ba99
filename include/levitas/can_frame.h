/* SPDX-License-Identifier: Apache-2.0 */
/** @file A CAN frame as it crosses the border between C and Rust. Mirrors RawFrame of src/firmware/can.rs. */
#ifndef LEVITAS_CAN_FRAME_H_
#define LEVITAS_CAN_FRAME_H_

#include <stdint.h>

/** Bits of a frame's flags. */
enum levitas_can_flag {
	/** Identifier of 29 bits. */
	LEVITAS_CAN_EXTENDED = 1 << 0,
	/** CAN FD format. */
	LEVITAS_CAN_FD = 1 << 1,
	/** Switched bit rate. */
	LEVITAS_CAN_BRS = 1 << 2,
	/** Remote frame; it has a length and no data. */
	LEVITAS_CAN_REMOTE = 1 << 3,
};

/** A frame. */
struct levitas_can_frame {
	uint32_t id;
	/** Bits of enum levitas_can_flag. */
	uint8_t flags;
	/** Bytes, not the data length code. */
	uint8_t length;
	uint8_t reserved[2];
	uint8_t data[64];
};

#endif /* LEVITAS_CAN_FRAME_H_ */
