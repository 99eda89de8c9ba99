/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated relay and button of the cut-out. */
#define DT_DRV_COMPAT levitas_sim_cut_out

#include <levitas/cut_out.h>
#include <levitas/world.h>
#include <zephyr/kernel.h>

static int cut_out_permit(const struct device *dev, bool level)
{
	ARG_UNUSED(dev);
	levitas_world_latch_cut_out(level);
	return 0;
}

static int cut_out_button(const struct device *dev, bool *pressed)
{
	ARG_UNUSED(dev);
	return levitas_world_cut_out(pressed) ? 0 : -EIO;
}

static const struct levitas_cut_out_api cut_out_api = {
	.permit = cut_out_permit,
	.button = cut_out_button,
};

#define CUT_OUT_DEFINE(inst)                                                                                           \
	DEVICE_DT_INST_DEFINE(inst, NULL, NULL, NULL, NULL, POST_KERNEL, CONFIG_KERNEL_INIT_PRIORITY_DEVICE,           \
			      &cut_out_api);

DT_INST_FOREACH_STATUS_OKAY(CUT_OUT_DEFINE)
