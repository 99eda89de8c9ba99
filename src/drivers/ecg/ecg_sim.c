/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated ECG amplifier: the samples that the plant published last. */
#define DT_DRV_COMPAT levitas_sim_ecg

#include <levitas/ecg.h>
#include <levitas/world.h>
#include <string.h>
#include <zephyr/kernel.h>

struct ecg_data {
	/* Number of the batch that was fetched last. */
	uint32_t number;
};

static int ecg_fetch(const struct device *dev, float ecg_mv[LEVITAS_ECG_BATCH])
{
	struct ecg_data *data = dev->data;
	struct levitas_world_ecg_batch batch;

	if (!levitas_world_ecg(&batch)) {
		return -EIO;
	}
	if (batch.number == data->number) {
		return -EAGAIN;
	}
	data->number = batch.number;
	memcpy(ecg_mv, batch.ecg_mv, sizeof(batch.ecg_mv));
	return 0;
}

static const struct levitas_ecg_api ecg_api = {
	.fetch = ecg_fetch,
};

#define ECG_DEFINE(inst)                                                                                               \
	static struct ecg_data ecg_data_##inst;                                                                        \
	DEVICE_DT_INST_DEFINE(inst, NULL, NULL, &ecg_data_##inst, NULL, POST_KERNEL,                                   \
			      CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &ecg_api);

DT_INST_FOREACH_STATUS_OKAY(ECG_DEFINE)
