/* SPDX-License-Identifier: Apache-2.0 */
/* See deadlines.h. */

#include "deadlines.h"
#include "threads.h"

uint32_t deadline_misses(void)
{
	size_t count;
	const struct levitas_thread *threads = levitas_threads(&count);
	uint32_t misses = 0;

	for (size_t i = 0; i < count; i++) {
		misses += threads[i].deadline_misses;
	}
	return misses;
}
