/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fatal errors and stalled tasks: gates open and drive line released at once, a note in the retained memory, reset; docs/restart.md.
 *
 * A thread that neither holds nor turns the rotor is stopped, and the drive goes on: the other tasks know what to do without it. None is started
 * again in place: what it has in its memory is what the fault has left.
 */

#include <string.h>
#include <zephyr/fatal.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/crc.h>
#include <zephyr/sys/printk.h>
#include <zephyr/sys/reboot.h>

#include "crash.h"
#include "port.h"
#include "shim.h"
#include "threads.h"

#if defined(CONFIG_CPU_CORTEX_M)
#include <cmsis_core.h>
#endif

#define UNIT (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE) ? LEVITAS_UNIT_EMERGENCY_DRIVE : LEVITAS_UNIT_HOST)

BUILD_ASSERT(LEVITAS_CRASH_STALLED > K_ERR_KERNEL_PANIC && LEVITAS_CRASH_CLOCK < K_ERR_ARCH_START);

/* Before what the tasks keep there. */
struct note {
	struct levitas_crash crash;
	/* CRC-32 (IEEE 802.3) of the above. */
	uint32_t crc;
};
BUILD_ASSERT(sizeof(struct note) == LEVITAS_CRASH_BYTES);

static struct levitas_crash last;
static bool has_last;

static uint32_t crc_of(const struct note *note)
{
	return crc32_ieee((const uint8_t *)&note->crash, sizeof(note->crash));
}

/* Its driver has no lock (Kconfig): whoever holds one may be what has failed. */
static void keep(const struct note *note)
{
	(void)levitas_retained_write(0, (const uint8_t *)note, sizeof(*note));
}

void levitas_crash_take(void)
{
	static const struct note nothing;
	struct note note;

	if (levitas_retained_read(0, (uint8_t *)&note, sizeof(note)) == 0 && crc_of(&note) == note.crc) {
		last = note.crash;
		has_last = true;
		keep(&nothing);
	}
}

static void note_down(uint32_t reason, k_tid_t thread, const uint32_t *frame, bool reset)
{
	struct note note = {.crash = {.reason = reason, .uptime_ms = k_uptime_get_32(), .reset = reset}};
	const char *name = thread != NULL ? k_thread_name_get(thread) : "an interrupt";

	strncpy(note.crash.thread, name != NULL ? name : "", sizeof(note.crash.thread) - 1);
	if (frame != NULL) {
		/* As the processor stacks it: r0 to r3, r12, lr, pc. */
		note.crash.lr = frame[5];
		note.crash.pc = frame[6];
	}
	note.crc = crc_of(&note);
	keep(&note);
	last = note.crash;
	has_last = true;
}

static FUNC_NORETURN void fail(uint32_t reason, k_tid_t thread, const uint32_t *frame)
{
	static const struct levitas_levitation_outputs released;
	static bool is_failing;

	(void)irq_lock();
	/* A fault in here leaves it at what was done. */
	if (!is_failing) {
		is_failing = true;
		levitas_port_try(NULL);
		levitas_port_write_levitation(UNIT, &released);
		note_down(reason, thread, frame, true);
	}
	sys_reboot(SYS_REBOOT_COLD);
}

/* A thread that the drive can do without; who calls this ends it. */
static void stop(uint32_t reason, k_tid_t thread, const uint32_t *frame)
{
	note_down(reason, thread, frame, false);
	levitas_threads_stopped(thread);
}

/* Where a thread stands that does not go on; NULL where the architecture does not tell. */
static const uint32_t *frame_of(k_tid_t thread)
{
#if defined(CONFIG_CPU_CORTEX_M)
	return (const uint32_t *)(thread == k_current_get() ? __get_PSP() : thread->callee_saved.psp);
#else
	ARG_UNUSED(thread);
	return NULL;
#endif
}

void levitas_crash_stalled(k_tid_t thread)
{
	if (levitas_threads_can_do_without(thread)) {
		stop(LEVITAS_CRASH_STALLED, thread, frame_of(thread));
		k_thread_abort(thread);
		return;
	}
	fail(LEVITAS_CRASH_STALLED, thread, frame_of(thread));
}

static bool is_in_interrupt(const struct arch_esf *esf)
{
#if defined(CONFIG_CPU_CORTEX_M)
	/* Number of the exception that was under way; 0 in a thread. */
	return esf != NULL && (esf->basic.xpsr & IPSR_ISR_Msk) != 0;
#else
	ARG_UNUSED(esf);
	return k_is_in_isr();
#endif
}

/* It is neither the kernel, nor the start, nor a task without which the rotor is not held or turned. */
static bool can_do_without(k_tid_t thread, uint32_t reason)
{
	const bool has_overrun = reason == K_ERR_STACK_CHK_FAIL && IS_ENABLED(CONFIG_STACK_SENTINEL);

	return reason != K_ERR_KERNEL_PANIC && !has_overrun && k_thread_priority_get(thread) != K_IDLE_PRIO &&
	       levitas_threads_can_do_without(thread);
}

void k_sys_fatal_error_handler(unsigned int reason, const struct arch_esf *esf)
{
	const k_tid_t thread = is_in_interrupt(esf) || reason == K_ERR_SPURIOUS_IRQ ? NULL : k_current_get();
	const uint32_t *frame = IS_ENABLED(CONFIG_CPU_CORTEX_M) ? (const uint32_t *)esf : NULL;

	if (thread == NULL || !can_do_without(thread, reason)) {
		fail(reason, thread, frame);
	}
	stop(reason, thread, frame);
}

#if defined(CONFIG_CLOCK_CONTROL_STM32_CUBE)
/*
 * Called by the clock's driver out of the NMI of the clock security system, where the device tree has it (css-enabled). The timers of the
 * bridges have shut their outputs by themselves: the same event is a break of TIM1 and a system fault of HRTIM1.
 */
void stm32_hse_css_callback(void)
{
	fail(LEVITAS_CRASH_CLOCK, NULL, NULL);
}
#endif

bool levitas_crash_last(struct levitas_crash *crash)
{
	const unsigned int key = irq_lock();
	const bool has = has_last;

	*crash = last;
	irq_unlock(key);
	return has;
}

bool levitas_crash_text(char *text, size_t size)
{
	static const char *const reasons[] = {"exception of the processor", "interrupt that nobody handles", "stack too small",
					      "kernel oops", "kernel panic", "stalled", "oscillator lost"};
	struct levitas_crash crash;
	const bool has = levitas_crash_last(&crash);

	if (has) {
		snprintk(text, size, "%s in %s at 0x%08x from 0x%08x, %u ms after its start: %s",
			 crash.reason < ARRAY_SIZE(reasons) ? reasons[crash.reason] : "unknown error", crash.thread, crash.pc, crash.lr,
			 crash.uptime_ms, crash.reset != 0 ? "the unit has reset itself" : "stopped, the drive goes on");
	}
	return has;
}
