/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For bring-up and field service of a board: what its converters read before anything has current. docs/bring-up.md.
 */

#include <levitas/sampler.h>
#include <zephyr/kernel.h>

#include "shell.h"

#define SAMPLER DT_NODELABEL(sampler)

/* A second. */
#define LOOKS 1000

struct channel {
	uint64_t sum;
	uint16_t least;
	uint16_t most;
};

static uint32_t millivolt(uint64_t count)
{
	return (uint32_t)(count * DT_PROP(SAMPLER, reference_millivolt) / LEVITAS_SAMPLER_COUNT_MAX);
}

/* The shell may be kept from the processor for many periods. */
static struct levitas_sampler_sample latest(const struct device *sampler)
{
	const unsigned int key = irq_lock();
	const struct levitas_sampler_sample sample = *levitas_sampler_latest(sampler);

	irq_unlock(key);
	return sample;
}

int levitas_shell_samples(const struct shell *sh, size_t argc, char **argv)
{
#define NAME(node, property, index) DT_PROP_BY_IDX(node, property, index),
	static const char *const names[] = {DT_FOREACH_PROP_ELEM(SAMPLER, io_channel_names, NAME)};
	const struct device *const sampler = DEVICE_DT_GET(SAMPLER);
	struct channel channels[LEVITAS_SAMPLER_CHANNELS];
	struct levitas_sampler_sample sample;
	uint32_t looks = 0;
	uint32_t failed = 0;
	uint32_t first = 0;

	BUILD_ASSERT(ARRAY_SIZE(names) == LEVITAS_SAMPLER_CHANNELS, "sampler: a name for each of its io-channels");
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	if (!device_is_ready(sampler)) {
		shell_error(sh, "refused: the sampler is not ready: its reason was told at the start");
		return -ENODEV;
	}
	for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
		channels[i] = (struct channel){.least = UINT16_MAX};
	}
	for (int look = 0; look < LOOKS; look++) {
		sample = latest(sampler);
		if (sample.error != 0) {
			failed++;
		} else {
			first = looks == 0 ? sample.period : first;
			looks++;
			for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
				channels[i].sum += sample.count[i];
				channels[i].least = MIN(channels[i].least, sample.count[i]);
				channels[i].most = MAX(channels[i].most, sample.count[i]);
			}
		}
		k_sleep(K_MSEC(1));
	}
	if (looks == 0) {
		shell_error(sh, "no whole sample in a second: is the trigger there? %u looks failed", failed);
		return -EIO;
	}
	shell_print(sh, "%u looks within %u periods, %u failed; at the converter, of %u mV", looks, sample.period - first, failed,
		    DT_PROP(SAMPLER, reference_millivolt));
	shell_print(sh, "%-16s %8s %8s %8s %8s", "channel", "counts", "mean mV", "least", "most");
	for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
		shell_print(sh, "%-16s %8u %8u %8u %8u", names[i], (uint32_t)(channels[i].sum / looks),
			    millivolt(channels[i].sum / looks), millivolt(channels[i].least), millivolt(channels[i].most));
	}
	return 0;
}
