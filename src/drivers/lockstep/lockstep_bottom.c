/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lockstep outside the image: a hardware event per levitation period that blocks on the socket of the world and raises
 * an interrupt. Simulated time stands still while it blocks, so how fast the machine is does not matter.
 */

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "irq_ctrl.h"
#include "nsi_cmdline.h"
#include "nsi_hw_scheduler.h"
#include "nsi_hws_models_if.h"
#include "nsi_main.h"
#include "nsi_tasks.h"
#include "nsi_tracing.h"

#include "lockstep_bottom.h"

static char *path;
static int world = -1;
static struct levitas_lockstep_port *unit;
static bool answers;
static uint64_t period_us;
static uint64_t event_us = NSI_NEVER;

static void add_option(void)
{
	static struct args_struct_t options[] = {
		{
			.is_mandatory = true,
			.option = "socket",
			.name = "path",
			.type = 's',
			.dest = &path,
			.descript = "Socket of the world, from `levitas world --socket path`",
		},
		ARG_TABLE_ENDMARKER,
	};

	nsi_add_command_line_opts(options);
}

NSI_TASK(add_option, PRE_BOOT_1, 10);

void levitas_lockstep_bottom_end(const char *error)
{
	if (error != NULL) {
		nsi_print_error_and_exit("levitas: %s\n", error);
	}
	nsi_exit(0);
}

/* Connects to the world; a program that cannot ends here. */
static void connect_to_world(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (path == NULL) {
		nsi_print_error_and_exit("levitas: no --socket: where `levitas world --socket PATH` listens\n");
	}
	if (strlen(path) >= sizeof(address.sun_path)) {
		nsi_print_error_and_exit("levitas: %s: longer than the %zu bytes of a socket's path\n", path,
					 sizeof(address.sun_path) - 1);
	}
	strcpy(address.sun_path, path);
	world = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (world < 0 || connect(world, (struct sockaddr *)&address, sizeof(address)) != 0) {
		nsi_print_error_and_exit("levitas: %s: no world there: %s\n", path, strerror(errno));
	}
}

void levitas_lockstep_bottom_start(struct levitas_lockstep_port *port, const uint8_t *hello, size_t hello_length,
				   uint64_t first_us, uint64_t period)
{
	connect_to_world();
	/* A world that has gone meanwhile is noticed when its first message does not come. */
	(void)send(world, hello, hello_length, MSG_NOSIGNAL);
	unit = port;
	period_us = period;
	event_us = first_us;
	nsi_hws_find_next_event();
}

/* A period: the answer to the message before goes out, the next message comes in. */
static void on_event(void)
{
	ssize_t length;

	if (answers) {
		length = unit->reply(unit->answer);
		/* What the world says last is still to be read when it listens no more. */
		(void)send(world, unit->answer, length, MSG_NOSIGNAL);
	}
	length = recv(world, unit->message, unit->message_size, 0);
	if (length < 0 && errno == EINTR) {
		/* The user ends this program. */
		nsi_exit(0);
	}
	if (length <= 0) {
		nsi_print_error_and_exit("levitas: %s: the world has gone\n", path);
	}
	answers = true;
	unit->message_length = length;
	event_us += period_us;
	hw_irq_ctrl_set_irq(LEVITAS_LOCKSTEP_IRQ);
}

/* After the timer of the same microsecond and before the interrupts are delivered, so that both are delivered together. */
NSI_HW_EVENT(event_us, on_event, 100);
