/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the CAN controller on the world's bus against a small fake of the world. */

#include <levitas/world_can.h>
#include <string.h>
#include <zephyr/drivers/can.h>
#include <zephyr/ztest.h>

#define BUFFERS 32
#define ROOM    8

/* What the fake world has seen, and what it will say in the next period. */
static levitas_world_can_handler world_handler;
static void *world_user_data;
static bool world_enabled;
static int world_recoveries;
static struct levitas_can_frame world_taken[ROOM];
static size_t world_taken_count;
static uint32_t world_sent[BUFFERS];
static size_t world_sent_count;
static struct levitas_can_frame world_frames[ROOM];
static size_t world_frame_count;
static struct levitas_world_can_status world_status;

void levitas_world_can_attach(levitas_world_can_handler handler, void *user_data)
{
	world_handler = handler;
	world_user_data = user_data;
}

void levitas_world_can_enable(bool enable)
{
	world_enabled = enable;
}

void levitas_world_can_recover(void)
{
	world_recoveries++;
}

bool levitas_world_can_send(const struct levitas_can_frame *frame)
{
	if (world_taken_count == ROOM) {
		return false;
	}
	world_taken[world_taken_count++] = *frame;
	return true;
}

bool levitas_world_can_sent(uint32_t *id)
{
	if (world_sent_count == 0) {
		return false;
	}
	*id = world_sent[0];
	memmove(world_sent, world_sent + 1, --world_sent_count * sizeof(world_sent[0]));
	return true;
}

bool levitas_world_can_receive(struct levitas_can_frame *frame)
{
	if (world_frame_count == 0) {
		return false;
	}
	*frame = world_frames[0];
	memmove(world_frames, world_frames + 1, --world_frame_count * sizeof(world_frames[0]));
	return true;
}

void levitas_world_can_status(struct levitas_world_can_status *status)
{
	*status = world_status;
}

static const struct device *const dev = DEVICE_DT_GET(DT_NODELABEL(can_world));

/* A period of the world: what it took before is gone. */
static void period(void)
{
	const unsigned int key = irq_lock();

	world_taken_count = 0;
	world_handler(world_user_data);
	irq_unlock(key);
}

/* Results of the callbacks of sending, in the order in which they came. */
static int results[BUFFERS + 1];
static void *senders[BUFFERS + 1];
static size_t result_count;

static void on_sent(const struct device *sender, int error, void *user_data)
{
	zassert_equal(sender, dev);
	results[result_count] = error;
	senders[result_count++] = user_data;
}

static struct can_frame last_received;
static int received_count;

static void on_received(const struct device *receiver, struct can_frame *frame, void *user_data)
{
	zassert_equal(receiver, dev);
	last_received = *frame;
	received_count++;
	ARG_UNUSED(user_data);
}

static int send(uint32_t id, void *user_data)
{
	const struct can_frame frame = {.id = id, .dlc = 1, .data = {0x5a}};

	return can_send(dev, &frame, K_NO_WAIT, on_sent, user_data);
}

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	(void)can_stop(dev);
	world_taken_count = world_sent_count = world_frame_count = 0;
	world_recoveries = 0;
	world_status = (struct levitas_world_can_status){0};
	result_count = 0;
	received_count = 0;
	can_set_state_change_callback(dev, NULL, NULL);
	zassert_ok(can_set_mode(dev, CAN_MODE_FD));
	zassert_ok(can_start(dev));
	period();
}

ZTEST(can_world, test_a_frame_reaches_the_world_as_it_is)
{
	struct can_frame frame = {
		.id = 0x12345678, .dlc = 15, .flags = CAN_FRAME_IDE | CAN_FRAME_FDF | CAN_FRAME_BRS};

	for (size_t i = 0; i < sizeof(frame.data); i++) {
		frame.data[i] = i;
	}
	zassert_ok(can_send(dev, &frame, K_NO_WAIT, on_sent, NULL));
	zassert_equal(world_taken_count, 1);
	zassert_equal(world_taken[0].id, 0x12345678);
	zassert_equal(world_taken[0].flags, LEVITAS_CAN_EXTENDED | LEVITAS_CAN_FD | LEVITAS_CAN_BRS);
	zassert_equal(world_taken[0].length, 64);
	zassert_mem_equal(world_taken[0].data, frame.data, 64);

	frame = (struct can_frame){.id = 0x7ff, .dlc = 5, .flags = CAN_FRAME_RTR};
	zassert_ok(can_send(dev, &frame, K_NO_WAIT, on_sent, NULL));
	zassert_equal(world_taken[1].flags, LEVITAS_CAN_REMOTE);
	zassert_equal(world_taken[1].length, 5);
}

ZTEST(can_world, test_a_frame_that_no_controller_takes_is_refused)
{
	struct can_frame frame = {.id = 1, .dlc = 9};

	zassert_equal(can_send(dev, &frame, K_NO_WAIT, on_sent, NULL), -EINVAL);
	frame = (struct can_frame){.id = 1, .dlc = 16, .flags = CAN_FRAME_FDF};
	zassert_equal(can_send(dev, &frame, K_NO_WAIT, on_sent, NULL), -EINVAL);
	frame = (struct can_frame){.id = 1, .flags = CAN_FRAME_FDF | CAN_FRAME_RTR};
	zassert_equal(can_send(dev, &frame, K_NO_WAIT, on_sent, NULL), -ENOTSUP);
	frame = (struct can_frame){.id = 1, .flags = CAN_FRAME_BRS};
	zassert_equal(can_send(dev, &frame, K_NO_WAIT, on_sent, NULL), -ENOTSUP);
	frame = (struct can_frame){.id = 1, .flags = CAN_FRAME_ESI};
	zassert_equal(can_send(dev, &frame, K_NO_WAIT, on_sent, NULL), -ENOTSUP);

	zassert_ok(can_stop(dev));
	zassert_ok(can_set_mode(dev, CAN_MODE_NORMAL));
	zassert_ok(can_start(dev));
	frame = (struct can_frame){.id = 1, .dlc = 1, .flags = CAN_FRAME_FDF};
	zassert_equal(can_send(dev, &frame, K_NO_WAIT, on_sent, NULL), -ENOTSUP);
	zassert_equal(world_taken_count, 0);
}

ZTEST(can_world, test_the_callback_comes_when_the_frame_was_sent)
{
	zassert_ok(send(2, (void *)2));
	zassert_ok(send(1, (void *)1));
	zassert_ok(send(2, (void *)3));
	period();
	zassert_equal(result_count, 0);

	/* The lower identifier went first, of the equal ones the older. */
	world_sent[0] = 1;
	world_sent[1] = 2;
	world_sent_count = 2;
	period();
	zassert_equal(result_count, 2);
	zassert_equal(senders[0], (void *)1);
	zassert_equal(senders[1], (void *)2);
	zassert_equal(results[0], 0);

	/* What this controller never sent completes nothing. */
	world_sent[0] = 77;
	world_sent_count = 1;
	period();
	zassert_equal(result_count, 2);
}

ZTEST(can_world, test_frames_wait_in_order_while_the_world_has_no_room)
{
	for (uint32_t id = 0; id < BUFFERS; id++) {
		zassert_ok(send(id, NULL));
	}
	zassert_equal(send(99, NULL), -EAGAIN);
	for (uint32_t first = 0; first < BUFFERS; first += ROOM) {
		zassert_equal(world_taken_count, ROOM, "from %u on", first);
		zassert_equal(world_taken[0].id, first);
		zassert_equal(world_taken[ROOM - 1].id, first + ROOM - 1);
		period();
	}
	zassert_equal(world_taken_count, 0);

	world_sent[0] = 5;
	world_sent_count = 1;
	period();
	zassert_ok(send(99, NULL));
	zassert_equal(world_taken_count, 1);
}

ZTEST(can_world, test_filters_choose_what_is_received)
{
	const struct can_filter one = {.id = 0x123, .mask = CAN_STD_ID_MASK};
	const struct can_filter many = {.id = 0x100, .mask = 0x700};
	const struct can_filter extended = {.id = 0x123, .mask = CAN_EXT_ID_MASK, .flags = CAN_FILTER_IDE};
	int ids[3];

	ids[0] = can_add_rx_filter(dev, on_received, NULL, &one);
	ids[1] = can_add_rx_filter(dev, on_received, NULL, &many);
	ids[2] = can_add_rx_filter(dev, on_received, NULL, &extended);
	zassert_true(ids[0] >= 0 && ids[1] >= 0 && ids[2] >= 0);

	world_frames[world_frame_count++] = (struct levitas_can_frame){.id = 0x123, .length = 1, .data = {7}};
	period();
	zassert_equal(received_count, 2);
	zassert_equal(last_received.data[0], 7);
	world_frames[world_frame_count++] = (struct levitas_can_frame){.id = 0x1ff};
	world_frames[world_frame_count++] = (struct levitas_can_frame){.id = 0x223};
	period();
	zassert_equal(received_count, 3);
	world_frames[world_frame_count++] =
		(struct levitas_can_frame){.id = 0x123, .flags = LEVITAS_CAN_EXTENDED};
	period();
	zassert_equal(received_count, 4);
	zassert_equal(last_received.flags, CAN_FRAME_IDE);
	/* Remote frames are for those who ask for them in the configuration. */
	world_frames[world_frame_count++] = (struct levitas_can_frame){.id = 0x123, .flags = LEVITAS_CAN_REMOTE};
	period();
	zassert_equal(received_count, 4);

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		can_remove_rx_filter(dev, ids[i]);
	}
	world_frames[world_frame_count++] = (struct levitas_can_frame){.id = 0x123};
	period();
	zassert_equal(received_count, 4);
}

ZTEST(can_world, test_filters_are_as_many_as_there_are)
{
	const struct can_filter all = {0};
	const int count = can_get_max_filters(dev, false);

	zassert_equal(count, CONFIG_LEVITAS_CAN_WORLD_FILTERS);
	for (int i = 0; i < count; i++) {
		zassert_equal(can_add_rx_filter(dev, on_received, NULL, &all), i);
	}
	zassert_equal(can_add_rx_filter(dev, on_received, NULL, &all), -ENOSPC);
	for (int i = 0; i < count; i++) {
		can_remove_rx_filter(dev, i);
	}
	can_remove_rx_filter(dev, -1);
	can_remove_rx_filter(dev, count);
}

ZTEST(can_world, test_every_length_of_fd_comes_as_its_code)
{
	const struct can_filter all = {0};
	const int filter = can_add_rx_filter(dev, on_received, NULL, &all);

	for (uint8_t dlc = 0; dlc <= CANFD_MAX_DLC; dlc++) {
		struct levitas_can_frame frame = {
			.id = dlc, .flags = LEVITAS_CAN_FD | LEVITAS_CAN_BRS, .length = can_dlc_to_bytes(dlc)};

		memset(frame.data, dlc + 1, frame.length);
		world_frames[world_frame_count++] = frame;
		period();
		zassert_equal(last_received.dlc, dlc);
		zassert_equal(last_received.flags, CAN_FRAME_FDF | CAN_FRAME_BRS);
		zassert_mem_equal(last_received.data, frame.data, frame.length);
	}
	zassert_equal(received_count, CANFD_MAX_DLC + 1);

	/* A controller in classic mode hears no FD frame. */
	zassert_ok(can_stop(dev));
	zassert_ok(can_set_mode(dev, CAN_MODE_NORMAL));
	zassert_ok(can_start(dev));
	world_frames[world_frame_count++] = (struct levitas_can_frame){.id = 1, .flags = LEVITAS_CAN_FD};
	period();
	zassert_equal(received_count, CANFD_MAX_DLC + 1);
	can_remove_rx_filter(dev, filter);
}

ZTEST(can_world, test_a_stopped_controller_neither_sends_nor_receives)
{
	const struct can_filter all = {0};
	const int filter = can_add_rx_filter(dev, on_received, NULL, &all);
	enum can_state state;

	zassert_equal(can_start(dev), -EALREADY);
	zassert_equal(can_set_mode(dev, CAN_MODE_NORMAL), -EBUSY);
	zassert_ok(send(1, NULL));
	zassert_true(world_enabled);
	zassert_ok(can_stop(dev));
	zassert_false(world_enabled);
	zassert_equal(result_count, 1);
	zassert_equal(results[0], -ENETDOWN);
	zassert_equal(can_stop(dev), -EALREADY);
	zassert_equal(send(1, NULL), -ENETDOWN);
	zassert_ok(can_get_state(dev, &state, NULL));
	zassert_equal(state, CAN_STATE_STOPPED);
	world_frames[world_frame_count++] = (struct levitas_can_frame){.id = 1};
	period();
	zassert_equal(received_count, 0);
	can_remove_rx_filter(dev, filter);
}

static enum can_state told_state;
static struct can_bus_err_cnt told_counters;
static int told_count;

static void on_state(const struct device *teller, enum can_state state, struct can_bus_err_cnt counters,
		     void *user_data)
{
	zassert_equal(teller, dev);
	zassert_equal(user_data, &told_count);
	told_state = state;
	told_counters = counters;
	told_count++;
}

ZTEST(can_world, test_bus_off_gives_up_and_comes_back)
{
	enum can_state state;
	struct can_bus_err_cnt counters;

	told_count = 0;
	can_set_state_change_callback(dev, on_state, &told_count);
	world_status = (struct levitas_world_can_status){LEVITAS_WORLD_CAN_ERROR_ACTIVE, 96, 3};
	period();
	zassert_equal(told_state, CAN_STATE_ERROR_WARNING);
	world_status = (struct levitas_world_can_status){LEVITAS_WORLD_CAN_ERROR_PASSIVE, 128, 3};
	period();
	zassert_equal(told_state, CAN_STATE_ERROR_PASSIVE);
	zassert_equal(told_counters.tx_err_cnt, 128);
	zassert_equal(told_counters.rx_err_cnt, 3);
	period();
	zassert_equal(told_count, 2, "told again without a change");

	zassert_ok(send(1, NULL));
	world_status = (struct levitas_world_can_status){LEVITAS_WORLD_CAN_BUS_OFF, 256, 3};
	period();
	zassert_equal(told_state, CAN_STATE_BUS_OFF);
	zassert_equal(result_count, 1);
	zassert_equal(results[0], -ENETUNREACH);
	zassert_equal(send(1, NULL), -ENETUNREACH);
	zassert_ok(can_get_state(dev, &state, &counters));
	zassert_equal(state, CAN_STATE_BUS_OFF);
	zassert_equal(counters.tx_err_cnt, 255);
	zassert_equal(world_recoveries, IS_ENABLED(CONFIG_CAN_MANUAL_RECOVERY_MODE) ? 0 : 1);

	world_status = (struct levitas_world_can_status){0};
	period();
	zassert_equal(told_state, CAN_STATE_ERROR_ACTIVE);
	zassert_ok(send(1, NULL));
}

ZTEST(can_world, test_bus_off_stays_until_it_is_asked_to_end)
{
#ifdef CONFIG_CAN_MANUAL_RECOVERY_MODE
	zassert_ok(can_recover(dev, K_NO_WAIT), "there is nothing to recover from");
	world_status = (struct levitas_world_can_status){LEVITAS_WORLD_CAN_BUS_OFF, 256, 0};
	period();
	zassert_equal(world_recoveries, 0);
	zassert_equal(can_recover(dev, K_NO_WAIT), -EAGAIN);
	zassert_equal(world_recoveries, 1);
	zassert_ok(can_stop(dev));
	zassert_equal(can_recover(dev, K_NO_WAIT), -ENETDOWN);
#else
	ztest_test_skip();
#endif
}

ZTEST(can_world, test_capabilities_and_bit_rates)
{
	can_mode_t modes;
	uint32_t clock_hz;

	zassert_ok(can_get_capabilities(dev, &modes));
	zassert_equal(modes, CAN_MODE_NORMAL | CAN_MODE_FD);
	zassert_ok(can_get_core_clock(dev, &clock_hz));
	zassert_equal(clock_hz, 80000000);
	zassert_equal(can_set_bitrate(dev, 1000000), -EBUSY);
	zassert_ok(can_stop(dev));
	zassert_ok(can_set_bitrate(dev, 1000000));
	zassert_ok(can_set_bitrate_data(dev, 5000000));
	zassert_equal(can_set_mode(dev, CAN_MODE_LISTENONLY), -ENOTSUP);
}

ZTEST_SUITE(can_world, NULL, NULL, before, NULL, NULL);
