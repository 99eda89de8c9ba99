/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outside the image of native_sim: keeps the program on one CPU of the machine.
 *
 * Each of Zephyr's threads is one of the machine, and one of them at a time runs. A thread that is woken on another CPU costs more than what
 * most of them do in a period of levitation. Two programs that happen to start on the same CPU share it.
 *
 * Measured with the suite `levitate` of the host's image, 3.6 s of simulated time, two cores: 14 to 36 s before, 11.2 s on one CPU.
 */

#define _GNU_SOURCE

#include <sched.h>

#include "nsi_tasks.h"
#include "nsi_tracing.h"

static void stay_on_this_cpu(void)
{
	const int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu >= 0 && cpu < CPU_SETSIZE) {
		CPU_SET(cpu, &set);
	}
	if (sched_setaffinity(0, sizeof(set), &set) != 0) {
		nsi_print_warning("levitas: cannot stay on CPU %d: the simulation goes on, more slowly\n", cpu);
	}
}

/* Before any other thread of this program, so that all of them inherit it. */
NSI_TASK(stay_on_this_cpu, PRE_BOOT_1, 0);
