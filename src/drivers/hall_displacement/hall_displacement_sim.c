/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulated displacement Halls: a kernel timer is the trigger, and the fetch moves the plant. In lockstep the world's
 * messages are the trigger and move the plant.
 *
 * The fetch asks the plant for the period that the kernel clock has reached, not for the next one: a levitation
 * thread that missed a trigger finds a rotor that has moved on.
 */
#define DT_DRV_COMPAT levitas_sim_hall_displacement

#include <levitas/hall_displacement.h>
#include <levitas/lockstep.h>
#include <levitas/units.h>
#include <levitas/world.h>
#include <zephyr/kernel.h>

struct hall_displacement_config {
	uint32_t set;
	uint32_t sample_period_us;
	float output_min_v;
	float output_max_v;
};

struct hall_displacement_data {
	struct k_timer timer;
	levitas_hall_displacement_handler handler;
	void *user_data;
};

static void on_timer(struct k_timer *timer)
{
	struct hall_displacement_data *data = CONTAINER_OF(timer, struct hall_displacement_data, timer);

	data->handler(data->user_data);
}

static int hall_displacement_start(const struct device *dev, levitas_hall_displacement_handler handler,
				   void *user_data)
{
	const struct hall_displacement_config *config = dev->config;
	struct hall_displacement_data *data = dev->data;

	if (data->handler != NULL) {
		return -EALREADY;
	}
	data->handler = handler;
	data->user_data = user_data;
	if (IS_ENABLED(CONFIG_LEVITAS_LOCKSTEP)) {
		return levitas_lockstep_start(config->set, handler, user_data);
	}
	k_timer_start(&data->timer, K_USEC(config->sample_period_us), K_USEC(config->sample_period_us));
	return 0;
}

static int hall_displacement_fetch(const struct device *dev, struct levitas_hall_displacement_sample *sample)
{
	const struct hall_displacement_config *config = dev->config;
	const uint64_t period = k_ticks_to_us_floor64(k_uptime_ticks()) / config->sample_period_us;

	levitas_world_trigger(config->set, period);
	sample->sample_count = (uint32_t)period;
	if (!levitas_world_displacement_hall(config->set, sample->hall_v)) {
		return -EIO;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sample->hall_v); i++) {
		/* Written so that a NaN fails it, too. */
		if (!(sample->hall_v[i] >= config->output_min_v && sample->hall_v[i] <= config->output_max_v)) {
			return -ERANGE;
		}
	}
	return 0;
}

static int hall_displacement_init(const struct device *dev)
{
	struct hall_displacement_data *data = dev->data;

	k_timer_init(&data->timer, on_timer, NULL);
	return 0;
}

static const struct levitas_hall_displacement_api hall_displacement_api = {
	.start = hall_displacement_start,
	.fetch = hall_displacement_fetch,
};

#define HALL_DISPLACEMENT_DEFINE(inst)                                                                                 \
	BUILD_ASSERT(DT_INST_PROP(inst, sample_period_us) == LEVITAS_WORLD_PERIOD_US,                                  \
		     "the plant steps by its own period");                                                             \
	BUILD_ASSERT(CONFIG_SYS_CLOCK_TICKS_PER_SEC * DT_INST_PROP(inst, sample_period_us) >= 1000000,                \
		     "CONFIG_SYS_CLOCK_TICKS_PER_SEC is below the sample rate");                                       \
	static struct hall_displacement_data hall_displacement_data_##inst;                                            \
	static const struct hall_displacement_config hall_displacement_config_##inst = {                               \
		.set = DT_INST_ENUM_IDX(inst, winding_set),                                                            \
		.sample_period_us = DT_INST_PROP(inst, sample_period_us),                                              \
		.output_min_v = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, output_min_microvolt),                     \
		.output_max_v = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, output_max_microvolt),                     \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, hall_displacement_init, NULL, &hall_displacement_data_##inst,                      \
			      &hall_displacement_config_##inst, POST_KERNEL, CONFIG_KERNEL_INIT_PRIORITY_DEVICE,       \
			      &hall_displacement_api);

DT_INST_FOREACH_STATUS_OKAY(HALL_DISPLACEMENT_DEFINE)
