/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The one table of what lies in the storage partition: NVS identifiers.
 *
 * An identifier is never used again for something else: an old image may have left its data there.
 */
#ifndef LEVITAS_STORAGE_H_
#define LEVITAS_STORAGE_H_

#include <stdint.h>

/** Calibration records: one identifier per unit (enum levitas_unit) and place (0 A, 1 B). */
#define LEVITAS_STORAGE_CALIBRATION 0x0100

/** The command key, and the number of starts, from which the sessions of the link follow: one identifier per unit. */
#define LEVITAS_STORAGE_KEY    0x0200
#define LEVITAS_STORAGE_STARTS 0x0210

/** Limits and settings: one identifier per unit. */
#define LEVITAS_STORAGE_SETTINGS 0x0300

/** Kits: one identifier per place of the list. */
#define LEVITAS_STORAGE_KITS 0x0400

/** Identifier of a unit's copy of the calibration record. */
static inline uint16_t levitas_storage_calibration_id(uint32_t unit, uint32_t place)
{
	return LEVITAS_STORAGE_CALIBRATION + 2 * unit + place;
}

#endif /* LEVITAS_STORAGE_H_ */
