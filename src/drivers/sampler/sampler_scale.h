/* SPDX-License-Identifier: Apache-2.0 */
/* From counts of a sampler to the unit of what was measured: device-tree values to factors, at compile time. */
#ifndef LEVITAS_DRIVERS_SAMPLER_SCALE_H_
#define LEVITAS_DRIVERS_SAMPLER_SCALE_H_

#include <levitas/sampler.h>
#include <levitas/units.h>
#include <zephyr/devicetree.h>
#include <zephyr/sys/util.h>

/* quantity = unit_per_count * count - offset */
struct sampler_scale {
	float unit_per_count;
	float offset;
};

static inline float sampler_to_unit(const struct sampler_scale *scale, uint16_t count)
{
	return scale->unit_per_count * (float)count - scale->offset;
}

/* The sampler of a node that has io-channels, and the index of one of its inputs. */
#define SAMPLER_NODE(node)               DT_IO_CHANNELS_CTLR_BY_IDX(node, 0)
#define SAMPLER_DEVICE(node)             DEVICE_DT_GET(SAMPLER_NODE(node))
#define SAMPLER_CHANNEL(node, prop, idx) DT_IO_CHANNELS_INPUT_BY_IDX(node, idx)
#define SAMPLER_CHANNELS(node)           {DT_FOREACH_PROP_ELEM_SEP(node, io_channels, SAMPLER_CHANNEL, (,))}

#define SAMPLER_REFERENCE_MILLIVOLT(node) DT_PROP(SAMPLER_NODE(node), reference_millivolt)

/* At the pin. */
#define SAMPLER_V_PER_COUNT(node)                                                                                      \
	(LEVITAS_UNIT_PER_MILLI * SAMPLER_REFERENCE_MILLIVOLT(node) / LEVITAS_SAMPLER_COUNT_MAX)

#define SAMPLER_CHECK_COUNT(node, inputs)                                                                              \
	BUILD_ASSERT(DT_PROP_LEN(node, io_channels) == (inputs),                                                       \
		     DT_NODE_PATH(node) ": io-channels has not " STRINGIFY(inputs) " inputs")

/*
 * A current by the voltage over a shunt, amplified about a mid level. The largest current that the input can show,
 * either way [uA]: the amplifier's output reaches the nearer rail.
 */
#define SAMPLER_OR_1(value)               ((value) != 0 ? (value) : 1)
#define SAMPLER_ROOM_MILLIVOLT(node)                                                                                   \
	MIN(DT_PROP(node, mid_millivolt), SAMPLER_REFERENCE_MILLIVOLT(node) - DT_PROP(node, mid_millivolt))
#define SAMPLER_OHM(node) (LEVITAS_UNIT_PER_MICRO * DT_PROP(node, shunt_micro_ohm) * DT_PROP(node, amplifier_gain))
#define SAMPLER_CURRENT_MAX_MICROAMP(node)                                                                             \
	(1000000000LL * SAMPLER_ROOM_MILLIVOLT(node) /                                                                 \
	 SAMPLER_OR_1(1LL * DT_PROP(node, shunt_micro_ohm) * DT_PROP(node, amplifier_gain)))

#define SAMPLER_CURRENT_SCALE(node)                                                                                    \
	{                                                                                                              \
		.unit_per_count = SAMPLER_V_PER_COUNT(node) / SAMPLER_OHM(node),                                       \
		.offset = LEVITAS_UNIT_PER_MILLI * DT_PROP(node, mid_millivolt) / SAMPLER_OHM(node),                   \
	}

#define SAMPLER_CHECK_CURRENT(node)                                                                                    \
	BUILD_ASSERT(DT_PROP(node, shunt_micro_ohm) > 0, DT_NODE_PATH(node) ": shunt-micro-ohm is zero");              \
	BUILD_ASSERT(DT_PROP(node, amplifier_gain) > 0, DT_NODE_PATH(node) ": amplifier-gain is zero");                \
	BUILD_ASSERT(DT_PROP(node, mid_millivolt) > 0 &&                                                               \
			     DT_PROP(node, mid_millivolt) < SAMPLER_REFERENCE_MILLIVOLT(node),                         \
		     DT_NODE_PATH(node) ": mid-millivolt is not between 0 and the reference of the sampler");          \
	BUILD_ASSERT(DT_PROP(node, current_range_microamp) > 0,                                                        \
		     DT_NODE_PATH(node) ": current-range-microamp is zero");                                           \
	BUILD_ASSERT(DT_PROP(node, current_range_microamp) < SAMPLER_CURRENT_MAX_MICROAMP(node),                       \
		     DT_NODE_PATH(node) ": current-range-microamp is more than shunt and amplifier can show")

#endif /* LEVITAS_DRIVERS_SAMPLER_SCALE_H_ */
