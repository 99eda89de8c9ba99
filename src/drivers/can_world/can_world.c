/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CAN FD controller on the bus of the simulated world.
 *
 * A frame takes one of the transmit buffers until the world says that it was sent, or the controller is bus-off or
 * stopped. Of two frames that wait with one identifier the older one counts as sent first, as on the bus. Callbacks run
 * in interrupt context, at the beginning of a period.
 */
#define DT_DRV_COMPAT levitas_world_can

#include <levitas/world_can.h>
#include <string.h>
#include <zephyr/drivers/can.h>
#include <zephyr/kernel.h>

/* As many as the controllers of the boards have at most. */
#define TRANSMIT_BUFFERS 32

#define CLOCK_HZ         80000000
#define BITRATE_DATA_MAX 8000000

#ifdef CONFIG_CAN_FD_MODE
#define MODES (CAN_MODE_NORMAL | CAN_MODE_FD)
#else
#define MODES CAN_MODE_NORMAL
#endif

/* A transmit buffer is free, waits to be handed to the world, or waits to be sent by it. */
enum buffer_state {
	BUFFER_FREE,
	BUFFER_WAITS,
	BUFFER_HANDED_OVER,
};

struct buffer {
	enum buffer_state state;
	/* Order of sending. */
	uint32_t number;
	struct levitas_can_frame frame;
	can_tx_callback_t callback;
	void *user_data;
};

struct filter {
	can_rx_callback_t callback;
	void *user_data;
	struct can_filter filter;
};

struct can_world_config {
	/* First, as Zephyr's helpers expect it. */
	struct can_driver_config common;
};

struct can_world_data {
	/* First, as Zephyr's helpers expect it. */
	struct can_driver_data common;
	const struct device *dev;
	struct k_sem free_buffers;
	struct buffer buffers[TRANSMIT_BUFFERS];
	uint32_t next_number;
	struct filter filters[CONFIG_LEVITAS_CAN_WORLD_FILTERS];
	enum can_state state;
};

static int can_world_get_capabilities(const struct device *dev, can_mode_t *modes)
{
	ARG_UNUSED(dev);
	*modes = MODES;
	return 0;
}

static int can_world_set_mode(const struct device *dev, can_mode_t mode)
{
	struct can_world_data *data = dev->data;

	if (data->common.started) {
		return -EBUSY;
	}
	if ((mode & ~MODES) != 0) {
		return -ENOTSUP;
	}
	data->common.mode = mode;
	return 0;
}

/* The bus has its own bit rates; what is asked for can only be checked, by Zephyr, against the limits. */
static int can_world_set_timing(const struct device *dev, const struct can_timing *timing)
{
	struct can_world_data *data = dev->data;

	ARG_UNUSED(timing);
	return data->common.started ? -EBUSY : 0;
}

/* The buffer that waits in this state with the lowest number, of this identifier if one is given. */
static struct buffer *oldest(struct can_world_data *data, enum buffer_state state, const uint32_t *id)
{
	struct buffer *found = NULL;

	for (size_t i = 0; i < TRANSMIT_BUFFERS; i++) {
		struct buffer *buffer = &data->buffers[i];

		if (buffer->state == state && (id == NULL || buffer->frame.id == *id) &&
		    (found == NULL || (int32_t)(buffer->number - found->number) < 0)) {
			found = buffer;
		}
	}
	return found;
}

/* Frees a buffer and says what became of its frame. */
static void complete(struct can_world_data *data, struct buffer *buffer, int error)
{
	const can_tx_callback_t callback = buffer->callback;
	void *const user_data = buffer->user_data;

	buffer->state = BUFFER_FREE;
	k_sem_give(&data->free_buffers);
	callback(data->dev, error, user_data);
}

/* Every frame that has not been sent never will be. */
static void give_up(struct can_world_data *data, int error)
{
	for (size_t i = 0; i < TRANSMIT_BUFFERS; i++) {
		if (data->buffers[i].state != BUFFER_FREE) {
			complete(data, &data->buffers[i], error);
		}
	}
}

static void hand_over(struct can_world_data *data)
{
	struct buffer *buffer = oldest(data, BUFFER_WAITS, NULL);

	while (buffer != NULL && levitas_world_can_send(&buffer->frame)) {
		buffer->state = BUFFER_HANDED_OVER;
		buffer = oldest(data, BUFFER_WAITS, NULL);
	}
}

static int can_world_start(const struct device *dev)
{
	struct can_world_data *data = dev->data;
	unsigned int key;

	if (data->common.started) {
		return -EALREADY;
	}
	key = irq_lock();
	data->common.started = true;
	data->state = CAN_STATE_ERROR_ACTIVE;
	levitas_world_can_enable(true);
	irq_unlock(key);
	return 0;
}

static int can_world_stop(const struct device *dev)
{
	struct can_world_data *data = dev->data;
	unsigned int key;

	if (!data->common.started) {
		return -EALREADY;
	}
	key = irq_lock();
	data->common.started = false;
	data->state = CAN_STATE_STOPPED;
	levitas_world_can_enable(false);
	give_up(data, -ENETDOWN);
	irq_unlock(key);
	return 0;
}

/* 0, or why the controller takes no such frame. */
static int check_frame(const struct can_world_data *data, const struct can_frame *frame)
{
	const bool fd = (frame->flags & CAN_FRAME_FDF) != 0;

	if ((frame->flags & ~(CAN_FRAME_IDE | CAN_FRAME_RTR | CAN_FRAME_FDF | CAN_FRAME_BRS)) != 0) {
		return -ENOTSUP;
	}
	if ((fd && (data->common.mode & CAN_MODE_FD) == 0) || (fd && (frame->flags & CAN_FRAME_RTR) != 0) ||
	    (!fd && (frame->flags & CAN_FRAME_BRS) != 0)) {
		return -ENOTSUP;
	}
	return frame->dlc > (fd ? CANFD_MAX_DLC : CAN_MAX_DLC) ? -EINVAL : 0;
}

static void to_world(const struct can_frame *frame, struct levitas_can_frame *raw)
{
	*raw = (struct levitas_can_frame){
		.id = frame->id,
		.flags = ((frame->flags & CAN_FRAME_IDE) != 0 ? LEVITAS_CAN_EXTENDED : 0) |
			 ((frame->flags & CAN_FRAME_FDF) != 0 ? LEVITAS_CAN_FD : 0) |
			 ((frame->flags & CAN_FRAME_BRS) != 0 ? LEVITAS_CAN_BRS : 0) |
			 ((frame->flags & CAN_FRAME_RTR) != 0 ? LEVITAS_CAN_REMOTE : 0),
		.length = can_dlc_to_bytes(frame->dlc),
	};
	if ((frame->flags & CAN_FRAME_RTR) == 0) {
		memcpy(raw->data, frame->data, MIN(raw->length, sizeof(frame->data)));
	}
}

static void from_world(const struct levitas_can_frame *raw, struct can_frame *frame)
{
	*frame = (struct can_frame){
		.id = raw->id,
		.dlc = can_bytes_to_dlc(raw->length),
		.flags = ((raw->flags & LEVITAS_CAN_EXTENDED) != 0 ? CAN_FRAME_IDE : 0) |
			 ((raw->flags & LEVITAS_CAN_FD) != 0 ? CAN_FRAME_FDF : 0) |
			 ((raw->flags & LEVITAS_CAN_BRS) != 0 ? CAN_FRAME_BRS : 0) |
			 ((raw->flags & LEVITAS_CAN_REMOTE) != 0 ? CAN_FRAME_RTR : 0),
	};
	if ((raw->flags & LEVITAS_CAN_REMOTE) == 0) {
		memcpy(frame->data, raw->data, MIN(raw->length, sizeof(frame->data)));
	}
}

static int can_world_send(const struct device *dev, const struct can_frame *frame, k_timeout_t timeout,
			  can_tx_callback_t callback, void *user_data)
{
	struct can_world_data *data = dev->data;
	struct buffer *buffer = data->buffers;
	const int error = check_frame(data, frame);
	unsigned int key;

	if (error != 0) {
		return error;
	}
	if (!data->common.started) {
		return -ENETDOWN;
	}
	if (data->state == CAN_STATE_BUS_OFF) {
		return -ENETUNREACH;
	}
	if (k_sem_take(&data->free_buffers, timeout) != 0) {
		return -EAGAIN;
	}
	key = irq_lock();
	/* The semaphore counts the free ones, so there is one. */
	while (buffer->state != BUFFER_FREE) {
		buffer++;
	}
	to_world(frame, &buffer->frame);
	buffer->number = data->next_number++;
	buffer->callback = callback;
	buffer->user_data = user_data;
	buffer->state = BUFFER_WAITS;
	hand_over(data);
	irq_unlock(key);
	return 0;
}

static int can_world_add_rx_filter(const struct device *dev, can_rx_callback_t callback, void *user_data,
				   const struct can_filter *filter)
{
	struct can_world_data *data = dev->data;
	int id = -ENOSPC;
	unsigned int key;

	if ((filter->flags & ~CAN_FILTER_IDE) != 0) {
		return -ENOTSUP;
	}
	key = irq_lock();
	for (int i = 0; i < CONFIG_LEVITAS_CAN_WORLD_FILTERS && id < 0; i++) {
		if (data->filters[i].callback == NULL) {
			data->filters[i] = (struct filter){callback, user_data, *filter};
			id = i;
		}
	}
	irq_unlock(key);
	return id;
}

static void can_world_remove_rx_filter(const struct device *dev, int id)
{
	struct can_world_data *data = dev->data;

	if (id >= 0 && id < CONFIG_LEVITAS_CAN_WORLD_FILTERS) {
		data->filters[id].callback = NULL;
	}
}

static int can_world_get_max_filters(const struct device *dev, bool ide)
{
	ARG_UNUSED(dev);
	ARG_UNUSED(ide);
	return CONFIG_LEVITAS_CAN_WORLD_FILTERS;
}

static enum can_state state_of(const struct levitas_world_can_status *status)
{
	switch (status->state) {
	case LEVITAS_WORLD_CAN_BUS_OFF:
		return CAN_STATE_BUS_OFF;
	case LEVITAS_WORLD_CAN_ERROR_PASSIVE:
		return CAN_STATE_ERROR_PASSIVE;
	default:
		/* The warning level of ISO 11898-1. */
		return MAX(status->transmit_errors, status->receive_errors) >= 96 ? CAN_STATE_ERROR_WARNING
										  : CAN_STATE_ERROR_ACTIVE;
	}
}

static struct can_bus_err_cnt counters_of(const struct levitas_world_can_status *status)
{
	return (struct can_bus_err_cnt){
		.tx_err_cnt = MIN(status->transmit_errors, UINT8_MAX),
		.rx_err_cnt = MIN(status->receive_errors, UINT8_MAX),
	};
}

static int can_world_get_state(const struct device *dev, enum can_state *state, struct can_bus_err_cnt *counters)
{
	const struct can_world_data *data = dev->data;
	struct levitas_world_can_status status;
	const unsigned int key = irq_lock();

	levitas_world_can_status(&status);
	irq_unlock(key);
	if (state != NULL) {
		*state = data->common.started ? data->state : CAN_STATE_STOPPED;
	}
	if (counters != NULL) {
		*counters = counters_of(&status);
	}
	return 0;
}

static void can_world_set_state_change_callback(const struct device *dev, can_state_change_callback_t callback,
						void *user_data)
{
	struct can_world_data *data = dev->data;
	const unsigned int key = irq_lock();

	data->common.state_change_cb = callback;
	data->common.state_change_cb_user_data = user_data;
	irq_unlock(key);
}

#ifdef CONFIG_CAN_MANUAL_RECOVERY_MODE
static int can_world_recover(const struct device *dev, k_timeout_t timeout)
{
	const struct can_world_data *data = dev->data;
	const k_timepoint_t end = sys_timepoint_calc(timeout);
	unsigned int key;

	if (!data->common.started) {
		return -ENETDOWN;
	}
	if (data->state != CAN_STATE_BUS_OFF) {
		return 0;
	}
	key = irq_lock();
	levitas_world_can_recover();
	irq_unlock(key);
	while (data->state == CAN_STATE_BUS_OFF) {
		if (sys_timepoint_expired(end)) {
			return -EAGAIN;
		}
		k_sleep(K_MSEC(1));
	}
	return 0;
}
#endif

static int can_world_get_core_clock(const struct device *dev, uint32_t *rate)
{
	ARG_UNUSED(dev);
	*rate = CLOCK_HZ;
	return 0;
}

static void receive(struct can_world_data *data, const struct levitas_can_frame *raw)
{
	struct can_frame frame;

	if (!IS_ENABLED(CONFIG_CAN_ACCEPT_RTR) && (raw->flags & LEVITAS_CAN_REMOTE) != 0) {
		return;
	}
	if ((raw->flags & LEVITAS_CAN_FD) != 0 && (data->common.mode & CAN_MODE_FD) == 0) {
		return;
	}
	for (size_t i = 0; i < CONFIG_LEVITAS_CAN_WORLD_FILTERS; i++) {
		const struct filter *filter = &data->filters[i];

		/* A callback may change the frame. */
		from_world(raw, &frame);
		if (filter->callback != NULL && can_frame_matches_filter(&frame, &filter->filter)) {
			filter->callback(data->dev, &frame, filter->user_data);
		}
	}
}

static void follow_state(struct can_world_data *data)
{
	struct levitas_world_can_status status;
	enum can_state state;

	levitas_world_can_status(&status);
	state = state_of(&status);
	if (state == CAN_STATE_BUS_OFF && !IS_ENABLED(CONFIG_CAN_MANUAL_RECOVERY_MODE)) {
		levitas_world_can_recover();
	}
	if (state == data->state) {
		return;
	}
	data->state = state;
	if (state == CAN_STATE_BUS_OFF) {
		give_up(data, -ENETUNREACH);
	}
	if (data->common.state_change_cb != NULL) {
		data->common.state_change_cb(data->dev, state, counters_of(&status),
					     data->common.state_change_cb_user_data);
	}
}

/* A period begins; in interrupt context. */
static void on_period(void *user_data)
{
	struct can_world_data *data = user_data;
	struct levitas_can_frame frame;
	uint32_t id;

	while (levitas_world_can_sent(&id)) {
		struct buffer *buffer = oldest(data, BUFFER_HANDED_OVER, &id);

		if (buffer != NULL) {
			complete(data, buffer, 0);
		}
	}
	if (!data->common.started) {
		return;
	}
	while (levitas_world_can_receive(&frame)) {
		receive(data, &frame);
	}
	follow_state(data);
	hand_over(data);
}

static int can_world_init(const struct device *dev)
{
	struct can_world_data *data = dev->data;

	data->dev = dev;
	data->state = CAN_STATE_STOPPED;
	k_sem_init(&data->free_buffers, TRANSMIT_BUFFERS, TRANSMIT_BUFFERS);
	levitas_world_can_attach(on_period, data);
	return 0;
}

/* Limits of the FDCAN of the boards' controllers. */
static const struct can_driver_api can_world_api = {
	.get_capabilities = can_world_get_capabilities,
	.start = can_world_start,
	.stop = can_world_stop,
	.set_mode = can_world_set_mode,
	.set_timing = can_world_set_timing,
	.send = can_world_send,
	.add_rx_filter = can_world_add_rx_filter,
	.remove_rx_filter = can_world_remove_rx_filter,
#ifdef CONFIG_CAN_MANUAL_RECOVERY_MODE
	.recover = can_world_recover,
#endif
	.get_state = can_world_get_state,
	.set_state_change_callback = can_world_set_state_change_callback,
	.get_core_clock = can_world_get_core_clock,
	.get_max_filters = can_world_get_max_filters,
	.timing_min = {.sjw = 1, .prop_seg = 0, .phase_seg1 = 2, .phase_seg2 = 2, .prescaler = 1},
	.timing_max = {.sjw = 128, .prop_seg = 0, .phase_seg1 = 256, .phase_seg2 = 128, .prescaler = 512},
#ifdef CONFIG_CAN_FD_MODE
	.set_timing_data = can_world_set_timing,
	.timing_data_min = {.sjw = 1, .prop_seg = 0, .phase_seg1 = 1, .phase_seg2 = 1, .prescaler = 1},
	.timing_data_max = {.sjw = 16, .prop_seg = 0, .phase_seg1 = 32, .phase_seg2 = 16, .prescaler = 32},
#endif
};

#define CAN_WORLD_DEFINE(inst)                                                                                         \
	BUILD_ASSERT(DT_INST_PROP(inst, bitrate) == 1000000, "the bus of the world has 1 Mbit/s");                     \
	static const struct can_world_config can_world_config_##inst = {                                               \
		.common = CAN_DT_DRIVER_CONFIG_INST_GET(inst, 0, BITRATE_DATA_MAX),                                    \
	};                                                                                                             \
	static struct can_world_data can_world_data_##inst;                                                            \
	CAN_DEVICE_DT_INST_DEFINE(inst, can_world_init, NULL, &can_world_data_##inst, &can_world_config_##inst,       \
				  POST_KERNEL, CONFIG_CAN_INIT_PRIORITY, &can_world_api);

BUILD_ASSERT(DT_NUM_INST_STATUS_OKAY(DT_DRV_COMPAT) == 1, "a unit has one controller on the bus of the world");
DT_INST_FOREACH_STATUS_OKAY(CAN_WORLD_DEFINE)
