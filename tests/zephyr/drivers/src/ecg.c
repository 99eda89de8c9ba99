/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the simulated ECG amplifier against a small fake of the plant. */

#include <levitas/ecg.h>
#include <levitas/world.h>
#include <zephyr/ztest.h>

/* What the fake plant published. */
static struct levitas_world_ecg_batch plant_batch;
static bool plant_connected;

bool levitas_world_ecg(struct levitas_world_ecg_batch *batch)
{
	*batch = plant_batch;
	return plant_connected;
}

static const struct device *const dev = DEVICE_DT_GET(DT_NODELABEL(ecg));

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	plant_batch.number++;
	for (int i = 0; i < LEVITAS_ECG_BATCH; i++) {
		plant_batch.ecg_mv[i] = 0.1f * i;
	}
	plant_connected = true;
}

ZTEST(ecg, test_a_batch_is_fetched_once)
{
	float ecg_mv[LEVITAS_ECG_BATCH];

	zassert_ok(levitas_ecg_fetch(dev, ecg_mv));
	zassert_mem_equal(ecg_mv, plant_batch.ecg_mv, sizeof(ecg_mv));
	zassert_equal(levitas_ecg_fetch(dev, ecg_mv), -EAGAIN);
	plant_batch.number++;
	zassert_ok(levitas_ecg_fetch(dev, ecg_mv));
}

ZTEST(ecg, test_an_electrode_is_off)
{
	float ecg_mv[LEVITAS_ECG_BATCH];

	plant_connected = false;
	zassert_equal(levitas_ecg_fetch(dev, ecg_mv), -EIO);
}

ZTEST_SUITE(ecg, NULL, NULL, before, NULL, NULL);
