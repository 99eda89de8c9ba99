/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every thread of the image has used of its stack after all other suites: 30 % are to spare. The last suite, for they
 * run in the order of their names. On QEMU alone: threads of native_sim live on stacks of the host, which nobody marks.
 */

#include <string.h>
#include <zephyr/ztest.h>

#define SPARE_PERCENT 30

struct tally {
	uint32_t threads;
	uint32_t short_of_stack;
};

static void look(const struct k_thread *thread, void *user_data)
{
	struct tally *tally = user_data;
	const char *name = k_thread_name_get((k_tid_t)thread);
	const size_t size = thread->stack_info.size;
	size_t spare = 0;
	bool enough;

	/* Not the test's own, nor that of main, which makes the simulated plant here: 99 KiB that no board has. */
	if (thread == k_current_get() || strcmp(name, "main") == 0 || k_thread_stack_space_get(thread, &spare) != 0) {
		return;
	}
	enough = spare * 100 >= size * SPARE_PERCENT;
	TC_PRINT("%-24s %6zu of %6zu bytes used, %3zu %% to spare%s\n", name, size - spare, size, spare * 100 / size,
		 enough ? "" : ": TOO LITTLE");
	tally->threads++;
	tally->short_of_stack += enough ? 0 : 1;
}

ZTEST(worst_stacks, test_every_thread_has_30_percent_of_its_stack_to_spare)
{
	struct tally tally = {0};

	k_thread_foreach_unlocked(look, &tally);
	zassert_true(tally.threads > 6, "%u threads were looked at", tally.threads);
	zassert_equal(tally.short_of_stack, 0, "%u of %u threads have less than %u %% to spare", tally.short_of_stack, tally.threads,
		      SPARE_PERCENT);
}

ZTEST_SUITE(worst_stacks, NULL, NULL, NULL, NULL, NULL);
