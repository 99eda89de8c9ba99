/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the gate driver against an emulator of its chip. */

#include <levitas/gate_driver.h>
#include <string.h>
#include <zephyr/drivers/emul.h>
#include <zephyr/shell/shell_dummy.h>
#include <zephyr/ztest.h>

#include "drv8353_emul.h"

static const struct device *const dev = DEVICE_DT_GET(DT_NODELABEL(gate_driver));

static uint32_t faults;

static struct drv8353_emul *chip(void)
{
	return EMUL_DT_GET(DT_NODELABEL(gate_driver))->data;
}

static int enable_pin(void)
{
	return gpio_emul_output_get(DEVICE_DT_GET(DT_NODELABEL(test_gpio)),
				    DT_GPIO_PIN(DT_NODELABEL(gate_driver), enable_gpios));
}

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	chip()->faults = (struct spi_emul_faults){0};
	chip()->stuck_register = -1;
	memset(chip()->lasting, 0, sizeof(chip()->lasting));
	zassert_ok(levitas_gate_driver_enable(dev, true));
}

ZTEST(gate_driver, test_configured_and_locked)
{
	zassert_true(device_is_ready(dev));
	zassert_equal(enable_pin(), 1);
	/* All bridges shut on overcurrent, six PWM inputs. */
	zassert_equal(chip()->registers[2], 0x400);
	/* Locked; 300 mA, 600 mA. */
	zassert_equal(chip()->registers[3], 0x600 | (4 << 4) | 4);
	/* 1 us. */
	zassert_equal(chip()->registers[4], (1 << 8) | (4 << 4) | 4);
	/* 100 ns, latched, 2 us, 0.3 V. */
	zassert_equal(chip()->registers[5], (1 << 8) | (1 << 4) | 6);
	/* Reference halved, 20 V/V, 1 V. */
	zassert_equal(chip()->registers[6], BIT(9) | (2 << 6) | 3);
}

ZTEST(gate_driver, test_no_faults)
{
	zassert_ok(levitas_gate_driver_faults(dev, &faults));
	zassert_equal(faults, 0);
}

ZTEST(gate_driver, test_each_fault_has_its_name)
{
	static const struct {
		uint16_t status[2];
		enum levitas_gate_driver_fault fault;
		const char *name;
	} cases[] = {
		{{BIT(10) | BIT(9) | BIT(5), 0}, LEVITAS_GATE_FAULT_VDS_HA, "overcurrent in high switch A"},
		{{BIT(10) | BIT(9) | BIT(0), 0}, LEVITAS_GATE_FAULT_VDS_LC, "overcurrent in low switch C"},
		{{BIT(10) | BIT(7), 0}, LEVITAS_GATE_FAULT_UNDERVOLTAGE, "supply undervoltage"},
		{{BIT(10) | BIT(6), 0}, LEVITAS_GATE_FAULT_OVERTEMPERATURE, "overtemperature"},
		{{BIT(10) | BIT(8), BIT(2)}, LEVITAS_GATE_FAULT_VGS_LB, "gate of low switch B"},
		{{BIT(10), BIT(6)}, LEVITAS_GATE_FAULT_GATE_UNDERVOLTAGE, "gate supply undervoltage"},
		{{0, BIT(7)}, LEVITAS_GATE_FAULT_TEMPERATURE_WARNING, "temperature warning"},
		{{BIT(10), BIT(10)}, LEVITAS_GATE_FAULT_SHUNT_A, "overcurrent in shunt A"},
		{{BIT(10), BIT(8)}, LEVITAS_GATE_FAULT_SHUNT_C, "overcurrent in shunt C"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		chip()->registers[0] = cases[i].status[0];
		chip()->registers[1] = cases[i].status[1];
		zassert_ok(levitas_gate_driver_faults(dev, &faults));
		zassert_equal(faults, BIT(cases[i].fault), "%s: %x", cases[i].name, faults);
		zassert_str_equal(levitas_gate_driver_fault_name(cases[i].fault), cases[i].name);
	}
	zassert_str_equal(levitas_gate_driver_fault_name(LEVITAS_GATE_FAULT_COUNT), "?");
}

ZTEST(gate_driver, test_clear)
{
	chip()->registers[0] = BIT(10) | BIT(9) | BIT(3);
	zassert_ok(levitas_gate_driver_clear(dev));
	zassert_ok(levitas_gate_driver_faults(dev, &faults));
	zassert_equal(faults, 0);
	/* It does not undo what is there. */
	chip()->lasting[0] = BIT(10) | BIT(7);
	zassert_ok(levitas_gate_driver_clear(dev));
	zassert_ok(levitas_gate_driver_faults(dev, &faults));
	zassert_equal(faults, BIT(LEVITAS_GATE_FAULT_UNDERVOLTAGE));
}

ZTEST(gate_driver, test_lost_configuration)
{
	chip()->registers[5] = 0x159;
	zassert_equal(levitas_gate_driver_faults(dev, &faults), -EIO);
	zassert_ok(levitas_gate_driver_enable(dev, true));
	zassert_ok(levitas_gate_driver_faults(dev, &faults));
}

ZTEST(gate_driver, test_goes_missing)
{
	chip()->faults.missing = true;
	zassert_equal(levitas_gate_driver_faults(dev, &faults), -EIO);
	zassert_equal(levitas_gate_driver_enable(dev, true), -ENODEV);
	zassert_equal(enable_pin(), 0);
	zassert_equal(levitas_gate_driver_faults(dev, &faults), -EAGAIN);
	zassert_equal(levitas_gate_driver_clear(dev), -EAGAIN);
}

ZTEST(gate_driver, test_register_does_not_take_its_value)
{
	chip()->stuck_register = 5;
	zassert_equal(levitas_gate_driver_enable(dev, true), -EIO);
	zassert_equal(enable_pin(), 0);
}

ZTEST(gate_driver, test_bus_fails)
{
	chip()->faults.bus_error = true;
	zassert_equal(levitas_gate_driver_faults(dev, &faults), -EIO);
	zassert_equal(levitas_gate_driver_clear(dev), -EIO);
	zassert_equal(levitas_gate_driver_enable(dev, true), -EIO);
}

ZTEST(gate_driver, test_sleep)
{
	zassert_ok(levitas_gate_driver_enable(dev, false));
	zassert_equal(enable_pin(), 0);
	zassert_equal(levitas_gate_driver_faults(dev, &faults), -EAGAIN);
}

/* Longer than the driver takes to ask three times, and as long as it takes to ask once or twice. */
#define ASKED_MS 450
#define ASKED_TWICE_MS 150

/* Nobody but the driver itself asks. */
ZTEST(gate_driver, test_driver_asks_by_itself)
{
	k_msleep(ASKED_MS);
	zassert_ok(levitas_gate_driver_check(dev));

	chip()->registers[1] = BIT(7);
	k_msleep(ASKED_MS);
	zassert_ok(levitas_gate_driver_check(dev), "a warning");

	chip()->registers[0] = BIT(10) | BIT(9) | BIT(5);
	k_msleep(ASKED_MS);
	zassert_equal(levitas_gate_driver_check(dev), -EFAULT);
	zassert_ok(levitas_gate_driver_clear(dev));
	k_msleep(ASKED_MS);
	zassert_ok(levitas_gate_driver_check(dev));

	/* One answer that is wrong, or two, are not believed. */
	chip()->faults.bus_error = true;
	k_msleep(ASKED_TWICE_MS);
	chip()->faults.bus_error = false;
	zassert_ok(levitas_gate_driver_check(dev));
	k_msleep(ASKED_MS);
	zassert_ok(levitas_gate_driver_check(dev));

	/* A brown-out has taken its configuration; it still answers. */
	chip()->registers[5] = 0x159;
	k_msleep(ASKED_MS);
	zassert_equal(levitas_gate_driver_check(dev), -EIO);

	zassert_ok(levitas_gate_driver_enable(dev, true));
	chip()->faults.bus_error = true;
	k_msleep(ASKED_MS);
	zassert_equal(levitas_gate_driver_check(dev), -EIO);
	chip()->faults.bus_error = false;

	zassert_ok(levitas_gate_driver_enable(dev, false));
	k_msleep(ASKED_MS);
	zassert_equal(levitas_gate_driver_check(dev), -EAGAIN);
}

static int shell(const char *command, const char **output)
{
	const struct shell *sh = shell_backend_dummy_get_ptr();
	size_t length;
	int error;

	shell_backend_dummy_clear_output(sh);
	error = shell_execute_cmd(sh, command);
	*output = shell_backend_dummy_get_output(sh, &length);
	return error;
}

ZTEST(gate_driver, test_shell)
{
	const char *output;

	zassert_true(WAIT_FOR(shell_ready(shell_backend_dummy_get_ptr()), 1000000, k_msleep(1)));
	zassert_ok(shell("gate_driver", &output));
	zassert_not_null(strstr(output, "gate-driver@7: no faults"), "%s", output);
	chip()->registers[0] = BIT(10) | BIT(9) | BIT(5);
	zassert_ok(shell("gate_driver", &output));
	zassert_not_null(strstr(output, "gate-driver@7: faults"), "%s", output);
	zassert_not_null(strstr(output, "  overcurrent in high switch A"), "%s", output);
	chip()->faults.bus_error = true;
	zassert_equal(shell("gate_driver", &output), -EIO);
	zassert_not_null(strstr(output, "no answer that can be believed (-5)"), "%s", output);
}

ZTEST_SUITE(gate_driver, NULL, NULL, before, NULL, NULL);
