/* SPDX-License-Identifier: Apache-2.0 */
/** @file A test of RAM that is in use. */
#ifndef LEVITAS_RAM_MARCH_H_
#define LEVITAS_RAM_MARCH_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Whether these words keep what is written and are apart from each other: a march over each block of 32 words, and each address line
 * once. They get back what they held. Interrupts are locked for one block at a time; the stack of the test itself, under 1 KiB, is left out.
 */
bool levitas_ram_march(volatile uint32_t *words, size_t count);

/** What was written leaves the cache, and what is read next comes from the RAM. Of its own for tests, which break the RAM here. */
void levitas_ram_settle(volatile uint32_t *words, size_t count);

#endif /* LEVITAS_RAM_MARCH_H_ */
