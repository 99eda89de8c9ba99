/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The levitation task gives the same outputs, bit by bit, for the same samples on every machine.
 *
 * The recording was made on the host; `cargo test` there and this test here replay it through the same code.
 */

#include <string.h>
#include <zephyr/ztest.h>

#include "shim.h"

#define STEPS 1000

#if defined(CONFIG_BOARD_MPS3_AN547)
/* See recording.ld. */
#define RECORDED __attribute__((section(".recording")))
#else
#define RECORDED
#endif

static const uint8_t __aligned(4) RECORDED recorded_samples[] = {
#include "levitation_samples.inc"
};
static const uint8_t __aligned(4) RECORDED recorded_outputs[] = {
#include "levitation_outputs.inc"
};
static struct levitas_levitation_outputs outputs[STEPS];

/*
 * Mean cost of a levitation step, on QEMU where one nanosecond is one instruction. Before the threads start, since
 * they would be counted as well; over all steps, since the cycle counter resolves 40 instructions.
 */
void levitas_measure_step(void)
{
	const uint32_t began_cycles = k_cycle_get_32();

	(void)levitas_replay((const void *)recorded_samples, outputs, STEPS);
	if (IS_ENABLED(CONFIG_QEMU_ICOUNT)) {
		TC_PRINT("levitation step: %u instructions, mean of %u\n",
			 (uint32_t)(k_cyc_to_ns_floor64(k_cycle_get_32() - began_cycles) / STEPS), STEPS);
	}
}

ZTEST(bit_identity, test_1000_levitation_steps)
{
	const struct levitas_levitation_inputs *samples = (const void *)recorded_samples;
	const struct levitas_levitation_outputs *expected = (const void *)recorded_outputs;
	uint32_t energised = 0;

	zassert_equal(sizeof(recorded_samples), STEPS * sizeof(*samples));
	zassert_equal(sizeof(recorded_outputs), STEPS * sizeof(*expected));
	zassert_ok(levitas_replay(samples, outputs, STEPS));
	for (size_t i = 0; i < STEPS; i++) {
		zassert_mem_equal(&outputs[i], &expected[i], sizeof(outputs[i]), "step %zu", i);
		energised += outputs[i].coil_gate;
	}
	zassert_true(energised > STEPS / 2, "a recording of a resting drive proves nothing");
}

ZTEST_SUITE(bit_identity, NULL, NULL, NULL, NULL, NULL);
