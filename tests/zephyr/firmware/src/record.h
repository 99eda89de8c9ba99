/* SPDX-License-Identifier: Apache-2.0 */
/** @file Calibration records as the tests want them, encoded by the tests' own code. */
#ifndef RECORD_H_
#define RECORD_H_

#include <stdint.h>

#include "shim.h"

/** What is in a record besides its values. */
struct record_head {
	uint16_t version;
	uint16_t set;
	uint32_t serial_number;
	uint32_t sequence;
};

/** The unit that the operator's commands go to; its number is that of its winding set. */
#if defined(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)
#define TEST_UNIT LEVITAS_UNIT_EMERGENCY_DRIVE
#else
#define TEST_UNIT LEVITAS_UNIT_HOST
#endif

/** Values of a drive as it was drawn. */
extern const float record_designed[LEVITAS_CALIBRATION_VALUES];

/** The bytes of a record, check sum included. */
void record_encode(uint8_t bytes[LEVITAS_RECORD_BYTES], const struct record_head *head, const float *values);

/** A good record of the test's unit. */
void record_good(uint8_t bytes[LEVITAS_RECORD_BYTES], uint32_t sequence, const float *values);

/** The command key of the tests, that of RFC 4493, and its check value. */
extern const uint8_t record_key[LEVITAS_KEY_BYTES];
#define RECORD_KEY_CHECK_VALUE "7AD386"

/** Bytes of the record of a command key. */
#define RECORD_KEY_BYTES 28

/** The record of the tests' key. */
void record_encode_key(uint8_t bytes[RECORD_KEY_BYTES]);

/** Erases the storage, mounts it, and puts there what this image is to start with. Before the application starts. */
void record_prepare_storage(void);

/** Makes the storage one that cannot be mounted. */
void record_break_storage(void);

/** Erases the storage and mounts it. */
void record_erase_storage(void);

#endif /* RECORD_H_ */
