/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CAN controller that the device tree chooses as zephyr,canbus, for the link thread. An image without one, or with
 * both units, links its units otherwise or not at all.
 */

#include <string.h>
#include <zephyr/kernel.h>

#include "shim.h"

#if DT_HAS_CHOSEN(zephyr_canbus) && defined(CONFIG_CAN_FD_MODE) && !defined(CONFIG_LEVITAS_ROLE_BOTH)

#include <zephyr/drivers/can.h>

/* Frames between two steps of the link thread: the bus has room for about 10 short ones. */
CAN_MSGQ_DEFINE(received, 32);

static const struct device *const controller = DEVICE_DT_GET(DT_CHOSEN(zephyr_canbus));

int levitas_can_start(void)
{
	const struct can_filter every_standard_frame = {0};
	int result;

	if (!device_is_ready(controller)) {
		return -ENODEV;
	}
	result = can_set_mode(controller, CAN_MODE_FD);
	if (result == 0) {
		result = can_add_rx_filter_msgq(controller, &received, &every_standard_frame);
	}
	return result < 0 ? result : can_start(controller);
}

/* What is not sent is old by the time it could be sent again. */
static void on_sent(const struct device *dev, int error, void *user_data)
{
	ARG_UNUSED(dev);
	ARG_UNUSED(error);
	ARG_UNUSED(user_data);
}

int levitas_can_send(const struct levitas_can_frame *raw)
{
	struct can_frame frame = {
		.id = raw->id,
		.dlc = can_bytes_to_dlc(raw->length),
		.flags = ((raw->flags & LEVITAS_CAN_FD) != 0 ? CAN_FRAME_FDF : 0) |
			 ((raw->flags & LEVITAS_CAN_BRS) != 0 ? CAN_FRAME_BRS : 0),
	};

	memcpy(frame.data, raw->data, MIN(raw->length, sizeof(frame.data)));
	return can_send(controller, &frame, K_NO_WAIT, on_sent, NULL);
}

bool levitas_can_receive(uint32_t unit, struct levitas_can_frame *raw)
{
	struct can_frame frame;

	ARG_UNUSED(unit);
	if (k_msgq_get(&received, &frame, K_NO_WAIT) != 0) {
		return false;
	}
	*raw = (struct levitas_can_frame){
		.id = frame.id,
		.flags = ((frame.flags & CAN_FRAME_FDF) != 0 ? LEVITAS_CAN_FD : 0) |
			 ((frame.flags & CAN_FRAME_BRS) != 0 ? LEVITAS_CAN_BRS : 0),
		.length = can_dlc_to_bytes(frame.dlc),
	};
	memcpy(raw->data, frame.data, MIN(raw->length, sizeof(frame.data)));
	return true;
}

#else

/* A test may bring its own. */
__weak bool levitas_can_receive(uint32_t unit, struct levitas_can_frame *raw)
{
	ARG_UNUSED(unit);
	ARG_UNUSED(raw);
	return false;
}

int levitas_can_start(void)
{
	return -ENODEV;
}

int levitas_can_send(const struct levitas_can_frame *raw)
{
	ARG_UNUSED(raw);
	return -ENODEV;
}

#endif
