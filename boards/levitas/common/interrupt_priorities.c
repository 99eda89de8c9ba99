/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No interrupt of an enabled device may hold up that of the levitation task. Not a device is the system timer: Zephyr gives
 * it the highest priority, and its driver must not be interrupted while it reads its counter.
 */

#include <zephyr/devicetree.h>
#include <zephyr/sys/util.h>
#include <zephyr/toolchain.h>

/* More is less urgent. */
#define CHECK_INTERRUPT(idx, node)                                                                                     \
	BUILD_ASSERT(DT_IRQ_BY_IDX(node, idx, priority) > DT_PROP(DT_NODELABEL(sampler), interrupt_priority),          \
		     DT_NODE_PATH(node) ": interrupts: a priority is not below that of the sampler")
#define CHECK(node) LISTIFY(DT_NUM_IRQS(node), CHECK_INTERRUPT, (;), node);

DT_FOREACH_STATUS_OKAY_NODE(CHECK)
