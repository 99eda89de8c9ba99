/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Power cuts in the simulated flash: the linker puts these functions in front of those of the flash map, so every write and
 * erase of FCB and of our own code comes by here.
 *
 * A write that is torn has programmed some of its bits, one that is torn in a sector's erase has set some; both models go from nothing to
 * everything. What comes after the cut does nothing and says that all is well: nobody is there any more who could hear it.
 */
#ifndef FLASH_CUTS_H_
#define FLASH_CUTS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Writes and erases, or erases alone, until the power is cut; the last of them is torn. */
void flash_cuts_arm(uint32_t operations, bool erases_alone);

/** The power is back; whether it was cut. */
bool flash_cuts_end(void);

/** Whether it is cut. */
bool flash_cuts_is_cut(void);

/** Bits of a byte of the memory that no write can program; NULL: none. */
void flash_cuts_stick(uint8_t *byte);

/** A number of the test's own generator, below `end`. */
uint32_t flash_cuts_draw(uint32_t end);

/** Begins the generator. */
void flash_cuts_seed(uint32_t seed);

/** What the flash was asked for since the last call. */
struct flash_use {
	uint32_t reads;
	uint32_t bytes_read;
	uint32_t writes;
	uint32_t bytes_written;
	uint32_t erases;
};
struct flash_use flash_cuts_use(void);

/** Cuts that tore a write, an erase. */
extern uint32_t flash_cuts_torn_writes, flash_cuts_torn_erases;

/** The memory of a partition. */
uint8_t *flash_cuts_memory(uint8_t area_id);

#endif /* FLASH_CUTS_H_ */
