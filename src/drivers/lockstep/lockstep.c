/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lockstep inside the image: the interrupt of a message is the trigger of the levitation task.
 *
 * Messages come at the ticks of the kernel, so that the trigger and the timers of the other tasks fall together.
 */

#include <levitas/lockstep.h>
#include <levitas/world.h>
#include <levitas/world_can.h>
#include <zephyr/irq.h>
#include <zephyr/kernel.h>

#include "lockstep_bottom.h"

BUILD_ASSERT(CONFIG_SYS_CLOCK_TICKS_PER_SEC * LEVITAS_WORLD_PERIOD_US == 1000000, "a tick is a levitation period");

static uint8_t message[LEVITAS_LOCKSTEP_BYTES];
static uint8_t answer[LEVITAS_LOCKSTEP_BYTES];
static struct levitas_lockstep_port port = {
	.message = message,
	.message_size = sizeof(message),
	.reply = levitas_lockstep_reply,
	.answer = answer,
};
static levitas_hall_displacement_handler on_trigger;
static void *trigger_user_data;
static levitas_world_can_handler on_can;
static void *can_user_data;

void levitas_world_can_attach(levitas_world_can_handler handler, void *user_data)
{
	on_can = handler;
	can_user_data = user_data;
}

static void on_message(const void *unused)
{
	char text[320];
	const uint32_t order = levitas_lockstep_take(message, port.message_length, text, sizeof(text));

	ARG_UNUSED(unused);
	if (order == LEVITAS_LOCKSTEP_END || order == LEVITAS_LOCKSTEP_REFUSED) {
		levitas_lockstep_bottom_end(order == LEVITAS_LOCKSTEP_END ? NULL : text);
	}
	if (on_can != NULL) {
		on_can(can_user_data);
	}
	if (order == LEVITAS_LOCKSTEP_TRIGGER) {
		on_trigger(trigger_user_data);
	}
}

int levitas_lockstep_start(uint32_t set, levitas_hall_displacement_handler handler, void *user_data)
{
	uint8_t hello[LEVITAS_LOCKSTEP_BYTES];
	const size_t length = levitas_lockstep_hello(set, hello);
	const uint64_t next_tick = k_uptime_ticks() + 1;

	on_trigger = handler;
	trigger_user_data = user_data;
	IRQ_CONNECT(LEVITAS_LOCKSTEP_IRQ, 0, on_message, NULL, 0);
	irq_enable(LEVITAS_LOCKSTEP_IRQ);
	levitas_lockstep_bottom_start(&port, hello, length, next_tick * LEVITAS_WORLD_PERIOD_US,
				      LEVITAS_WORLD_PERIOD_US);
	return 0;
}
