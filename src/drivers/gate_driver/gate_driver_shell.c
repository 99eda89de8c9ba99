/* SPDX-License-Identifier: Apache-2.0 */
/* Shell command gate_driver: what each gate driver of the device tree reports. */

#include <levitas/gate_driver.h>
#include <zephyr/shell/shell.h>

#define DEVICE_AND_COMMA(node) DEVICE_DT_GET(node),

static int print_faults(const struct shell *sh, const struct device *dev)
{
	uint32_t faults;
	const int error = device_is_ready(dev) ? levitas_gate_driver_faults(dev, &faults) : -ENODEV;

	if (error != 0) {
		shell_error(sh, "%s: no answer that can be believed (%d)", dev->name, error);
		return error;
	}
	shell_print(sh, "%s: %s", dev->name, faults == 0 ? "no faults" : "faults");
	for (uint32_t fault = 0; fault < LEVITAS_GATE_FAULT_COUNT; fault++) {
		if ((faults & BIT(fault)) != 0) {
			shell_print(sh, "  %s", levitas_gate_driver_fault_name(fault));
		}
	}
	return 0;
}

static int cmd_gate_driver(const struct shell *sh, size_t argc, char **argv)
{
	static const struct device *const devices[] = {DT_FOREACH_STATUS_OKAY(ti_drv8353, DEVICE_AND_COMMA)};
	int error = 0;

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		const int this_error = print_faults(sh, devices[i]);

		error = error == 0 ? this_error : error;
	}
	return error;
}

SHELL_CMD_ARG_REGISTER(gate_driver, NULL, "Faults that the gate drivers of the motor report", cmd_gate_driver, 1, 0);
