/* SPDX-License-Identifier: Apache-2.0 */
/*
 * March over RAM that is in use, block by block: see ram_march.h.
 *
 * Up: write A. Up: read A, write its complement. Down: read that, write A. Down: read A. That finds cells that are stuck or do not
 * change, and each cell that changes with another one of its block. A differs from word to word and has both levels in neighbouring bits.
 *
 * What depends on two cells of different blocks is found where it comes from an address line: two words that differ by that line alone
 * hold different values.
 */

#include <zephyr/kernel.h>

#include "ram_march.h"

#define BLOCK_WORDS 32
#define PATTERN     0x5a5a5a5aU
/* Between this word and that of the stack nothing else is used while interrupts are locked. */
#define STACK_BYTES 256

static uint32_t pattern(size_t at)
{
	/* The number of the word in each of its bytes. */
	return PATTERN ^ ((uint32_t)at * 0x01010101U);
}

static bool march(volatile uint32_t *words, size_t count)
{
	bool keeps = true;

	for (size_t i = 0; i < count; i++) {
		words[i] = pattern(i);
	}
	levitas_ram_settle(words, count);
	for (size_t i = 0; i < count; i++) {
		keeps = keeps && words[i] == pattern(i);
		words[i] = ~pattern(i);
	}
	levitas_ram_settle(words, count);
	for (size_t i = count; i-- > 0;) {
		keeps = keeps && words[i] == ~pattern(i);
		words[i] = pattern(i);
	}
	levitas_ram_settle(words, count);
	for (size_t i = count; i-- > 0;) {
		keeps = keeps && words[i] == pattern(i);
	}
	return keeps;
}

static bool is_near(const volatile uint32_t *words, size_t count, uintptr_t from, uintptr_t to)
{
	return (uintptr_t)words < to && (uintptr_t)(words + count) > from;
}

/* One block; apart from the stack of this function and of what it calls. */
static bool check_block(volatile uint32_t *words, size_t count)
{
	uint32_t held[BLOCK_WORDS];
	unsigned int key;
	bool keeps;

	if (is_near(words, count, (uintptr_t)held - STACK_BYTES, (uintptr_t)held + sizeof(held) + STACK_BYTES)) {
		return true;
	}
	key = irq_lock();
	for (size_t i = 0; i < count; i++) {
		held[i] = words[i];
	}
	keeps = march(words, count);
	for (size_t i = 0; i < count; i++) {
		words[i] = held[i];
	}
	levitas_ram_settle(words, count);
	irq_unlock(key);
	return keeps;
}

/* Two words that must not be the same one. */
static bool are_apart(volatile uint32_t *one, volatile uint32_t *other)
{
	uint32_t held_one;
	uint32_t held_other;
	unsigned int key;
	bool apart;

	if (is_near(one, 1, (uintptr_t)&key - STACK_BYTES, (uintptr_t)&key + STACK_BYTES) ||
	    is_near(other, 1, (uintptr_t)&key - STACK_BYTES, (uintptr_t)&key + STACK_BYTES)) {
		return true;
	}
	key = irq_lock();
	held_one = *one;
	held_other = *other;
	*one = PATTERN;
	*other = ~PATTERN;
	levitas_ram_settle(one, 1);
	levitas_ram_settle(other, 1);
	apart = *one == PATTERN && *other == ~PATTERN;
	*one = held_one;
	*other = held_other;
	levitas_ram_settle(one, 1);
	levitas_ram_settle(other, 1);
	irq_unlock(key);
	return apart;
}

bool levitas_ram_march(volatile uint32_t *words, size_t count)
{
	bool keeps = true;

	for (size_t line = 1; line < count; line *= 2) {
		keeps = are_apart(words, words + line) && keeps;
	}
	for (size_t at = 0; at < count; at += BLOCK_WORDS) {
		keeps = check_block(words + at, MIN(BLOCK_WORDS, count - at)) && keeps;
	}
	return keeps;
}
