/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated mains and battery: a sample is taken of the plant when it is asked for, commands are latched in it. */
#define DT_DRV_COMPAT levitas_sim_power_supply

#include <levitas/power_supply.h>
#include <levitas/world.h>
#include <zephyr/kernel.h>

struct power_supply_config {
	uint32_t set;
};

static int power_supply_fetch(const struct device *dev, struct levitas_power_sample *sample)
{
	const struct power_supply_config *config = dev->config;

	return levitas_world_power(config->set, sample) ? 0 : -EIO;
}

static int power_supply_apply(const struct device *dev, bool test_load, bool hold_charger)
{
	const struct power_supply_config *config = dev->config;

	levitas_world_latch_power(config->set, test_load, hold_charger);
	return 0;
}

static const struct levitas_power_supply_api power_supply_api = {
	.fetch = power_supply_fetch,
	.apply = power_supply_apply,
};

#define POWER_SUPPLY_DEFINE(inst)                                                                                      \
	static const struct power_supply_config power_supply_config_##inst = {                                         \
		.set = DT_INST_ENUM_IDX(inst, winding_set),                                                            \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, NULL, NULL, NULL, &power_supply_config_##inst, POST_KERNEL,                        \
			      CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &power_supply_api);

DT_INST_FOREACH_STATUS_OKAY(POWER_SUPPLY_DEFINE)
