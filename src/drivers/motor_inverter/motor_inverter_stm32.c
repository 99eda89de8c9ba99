/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Motor inverter on TIM1 of an STM32H743: centre-aligned, three complementary pairs with dead time, break input from
 * the gate driver. Its counter is the clock of the fast path: channel 4 marks each valley, which starts the HRTIM.
 *
 * The shunts are below the lower switches, so a phase current can be seen only while its lower switch is on: around
 * the peak of the counter, where the sampler takes it. The duty leaves that time free.
 *
 * Register names are those of RM0433, chapter "Advanced-control timers".
 */
#define DT_DRV_COMPAT levitas_stm32_motor_inverter

#include <stm32h7xx_ll_tim.h>

#include <levitas/motor_inverter.h>
#include <levitas/sampler.h>
#include <zephyr/drivers/clock_control.h>
#include <zephyr/drivers/clock_control/stm32_clock_control.h>
#include <zephyr/drivers/pinctrl.h>
#include <zephyr/kernel.h>

#include "../sampler/sampler_scale.h"
#include "../stm32h7_timer.h"

#define PHASES      3
#define BUS_VOLTAGE PHASES

/* Width of the mark at the valley, either side [counts]; more than the HRTIM's input needs, less than any dead time. */
#define MARK_COUNTS 8

#define CHANNELS                                                                                                       \
	(LL_TIM_CHANNEL_CH1 | LL_TIM_CHANNEL_CH1N | LL_TIM_CHANNEL_CH2 | LL_TIM_CHANNEL_CH2N | LL_TIM_CHANNEL_CH3 |    \
	 LL_TIM_CHANNEL_CH3N)

struct motor_inverter_config {
	TIM_TypeDef *timer;
	struct stm32_pclken clock;
	const struct pinctrl_dev_config *pins;
	const struct device *sampler;
	uint8_t channel[PHASES + 1];
	struct sampler_scale current_scale;
	float current_range_a;
	float bus_v_per_count;
	float bus_voltage_max_v;
	/* Peak of the counter: half a period. */
	uint32_t peak_counts;
	uint32_t compare_counts_max;
	uint32_t dead_time_code;
};

struct motor_inverter_data {
	/* The last command has opened the gate. */
	bool open;
};

/* The gate driver by its pin, or the chip itself, as when its clock has failed. */
#define FAULTS (TIM_SR_BIF | TIM_SR_SBIF)

/* A fault has made the outputs inactive since the last command that shut the gate. */
static bool fault_latched(const struct motor_inverter_config *config)
{
	return (config->timer->SR & FAULTS) != 0;
}

/* All switches open, at once. */
static void shut(const struct device *dev)
{
	const struct motor_inverter_config *config = dev->config;
	struct motor_inverter_data *data = dev->data;

	LL_TIM_DisableAllOutputs(config->timer);
	data->open = false;
}

/* All three compare values become active together, at the end of a period. */
static void update_duty(const struct motor_inverter_config *config, const float duty[PHASES])
{
	uint32_t compare[PHASES];

	for (size_t i = 0; i < PHASES; i++) {
		const float wanted_counts = (float)config->peak_counts * CLAMP(duty[i], 0.0f, 1.0f);

		compare[i] = MIN((uint32_t)(wanted_counts + 0.5f), config->compare_counts_max);
	}
	LL_TIM_DisableUpdateEvent(config->timer);
	LL_TIM_OC_SetCompareCH1(config->timer, compare[0]);
	LL_TIM_OC_SetCompareCH2(config->timer, compare[1]);
	LL_TIM_OC_SetCompareCH3(config->timer, compare[2]);
	LL_TIM_EnableUpdateEvent(config->timer);
}

static int open_gate(const struct device *dev)
{
	const struct motor_inverter_config *config = dev->config;
	struct motor_inverter_data *data = dev->data;

	if (fault_latched(config)) {
		shut(dev);
		return -EIO;
	}
	if (!data->open) {
		if (levitas_sampler_latest(config->sampler)->error != 0) {
			return -EIO;
		}
		LL_TIM_EnableAllOutputs(config->timer);
		data->open = true;
	}
	return 0;
}

static int motor_inverter_apply(const struct device *dev, const struct levitas_motor_inverter_command *command)
{
	static const float no_duty[PHASES];
	const struct motor_inverter_config *config = dev->config;
	bool valid = true;

	for (size_t i = 0; i < PHASES; i++) {
		/* The compiler's own: Zephyr's minimal C library has no isnan. */
		valid &= !__builtin_isnan(command->duty[i]);
	}
	if (valid && command->gate) {
		update_duty(config, command->duty);
		return open_gate(dev);
	}
	shut(dev);
	update_duty(config, no_duty);
	if (!valid) {
		return -EINVAL;
	}
	/* Written zeros clear. */
	config->timer->SR = (uint32_t)~FAULTS;
	return 0;
}

static int motor_inverter_fetch(const struct device *dev, struct levitas_motor_inverter_sample *sample)
{
	const struct motor_inverter_config *config = dev->config;
	const struct levitas_sampler_sample *counts = levitas_sampler_latest(config->sampler);
	int error = counts->error;

	for (size_t i = 0; i < PHASES; i++) {
		sample->phase_current_a[i] = sampler_to_unit(&config->current_scale, counts->count[config->channel[i]]);
		if (error == 0 && (sample->phase_current_a[i] < -config->current_range_a ||
				   sample->phase_current_a[i] > config->current_range_a)) {
			error = -ERANGE;
		}
	}
	return error;
}

static int motor_inverter_fetch_bus_voltage(const struct device *dev, float *voltage_v)
{
	const struct motor_inverter_config *config = dev->config;
	const struct levitas_sampler_sample *counts = levitas_sampler_latest(config->sampler);
	const int error = counts->error;

	*voltage_v = config->bus_v_per_count * (float)counts->count[config->channel[BUS_VOLTAGE]];
	if (error != 0) {
		return error;
	}
	return *voltage_v <= config->bus_voltage_max_v ? 0 : -ERANGE;
}

static void channels_init(TIM_TypeDef *timer)
{
	static const uint32_t channels[] = {LL_TIM_CHANNEL_CH1, LL_TIM_CHANNEL_CH2, LL_TIM_CHANNEL_CH3,
					    LL_TIM_CHANNEL_CH4};

	for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
		/* Mode 1: active below the compare value. */
		LL_TIM_OC_SetMode(timer, channels[i], LL_TIM_OCMODE_PWM1);
		LL_TIM_OC_EnablePreload(timer, channels[i]);
	}
	LL_TIM_OC_SetCompareCH1(timer, 0);
	LL_TIM_OC_SetCompareCH2(timer, 0);
	LL_TIM_OC_SetCompareCH3(timer, 0);
	LL_TIM_OC_SetCompareCH4(timer, MARK_COUNTS);
	/* Channel 4 has no pin: its reference is the trigger output, which is the HRTIM's synchronisation input. */
	LL_TIM_SetTriggerOutput(timer, LL_TIM_TRGO_OC4REF);
	LL_TIM_CC_EnableChannel(timer, CHANNELS);
}

static void timer_init(const struct motor_inverter_config *config)
{
	TIM_TypeDef *timer = config->timer;

	LL_TIM_DisableAllOutputs(timer);
	LL_TIM_DisableCounter(timer);
	LL_TIM_SetPrescaler(timer, 0);
	/* The three centre-aligned modes differ in interrupt flags alone. */
	LL_TIM_SetCounterMode(timer, LL_TIM_COUNTERMODE_CENTER_DOWN);
	LL_TIM_EnableARRPreload(timer);
	LL_TIM_SetAutoReload(timer, config->peak_counts);
	/* An update each second time of valley and peak: once per period. */
	LL_TIM_SetRepetitionCounter(timer, 1);
	channels_init(timer);
	/* Takes over all that is preloaded. */
	LL_TIM_GenerateEvent_UPDATE(timer);

	/*
	 * Low at the break input is a fault: BKP clear, and BKINP, which would invert it once more, clear as well.
	 * Outputs stay off after it until a command. While they are off both of a pair are driven inactive (OSSI,
	 * OSSR). Four samples of the timer clock keep spikes out: 17 ns. Lock level 1: dead time and break stay as
	 * they are until reset.
	 */
	timer->AF1 = TIM1_AF1_BKINE;
	timer->BDTR = config->dead_time_code | LL_TIM_OSSI_ENABLE | LL_TIM_OSSR_ENABLE | LL_TIM_BREAK_POLARITY_LOW |
		      LL_TIM_BREAK_FILTER_FDIV1_N4 | TIM_BDTR_BKE | LL_TIM_LOCKLEVEL_1;

	LL_TIM_EnableCounter(timer);
}

static int motor_inverter_init(const struct device *dev)
{
	const struct motor_inverter_config *config = dev->config;
	int error = clock_control_on(DEVICE_DT_GET(STM32H7_RCC), (clock_control_subsys_t)&config->clock);

	if (error != 0) {
		return error;
	}
	/* Before the pins belong to the timer, and whatever else is missing. */
	timer_init(config);
	shut(dev);
	error = pinctrl_apply_state(config->pins, PINCTRL_STATE_DEFAULT);
	if (error != 0) {
		return error;
	}
	return device_is_ready(config->sampler) ? 0 : -ENODEV;
}

static const struct levitas_motor_inverter_api motor_inverter_api = {
	.apply = motor_inverter_apply,
	.fetch = motor_inverter_fetch,
	.fetch_bus_voltage = motor_inverter_fetch_bus_voltage,
};

BUILD_ASSERT(DT_NUM_INST_STATUS_OKAY(DT_DRV_COMPAT) <= 1,
	     "levitas,stm32-motor-inverter: timer: two nodes, and TIM1 alone can start the HRTIM");

#define PEAK(node)      (STM32H7_TIMER_PERIOD_COUNTS(node) / 2)
#define DEAD_TIME(node) STM32H7_TIMER_COUNTS(DT_PROP(node, dead_time_ns))
/* Half of it lies before the peak, half behind it. */
#define LOWER_MIN(node) DIV_ROUND_UP(STM32H7_TIMER_COUNTS(DT_PROP(node, lower_min_ns)), 2)

#define BUS_MAX_MICROVOLT(node)                                                                                        \
	(1000LL * SAMPLER_REFERENCE_MILLIVOLT(node) * DT_PROP(node, full_ohms) /                                       \
	 SAMPLER_OR_1(DT_PROP(node, output_ohms)))

#define CHECK(node)                                                                                                    \
	SAMPLER_CHECK_COUNT(node, 4);                                                                                  \
	SAMPLER_CHECK_CURRENT(node);                                                                                   \
	STM32H7_TIMER_CHECK_CARRIER(node, SAMPLER_NODE(node));                                                         \
	BUILD_ASSERT(DT_REG_ADDR(DT_PHANDLE(node, timer)) == TIM1_BASE,                                                \
		     DT_NODE_PATH(node) ": timer is not TIM1, which alone can start the HRTIM");                       \
	BUILD_ASSERT(!DT_NODE_HAS_STATUS(DT_PHANDLE(node, timer), okay),                                               \
		     DT_NODE_PATH(node) ": timer is enabled for another driver");                                      \
	BUILD_ASSERT(PEAK(node) <= UINT16_MAX, DT_NODE_PATH(node) ": pwm-frequency-hz is less than TIM1 can count");   \
	BUILD_ASSERT(DEAD_TIME(node) > 0, DT_NODE_PATH(node) ": dead-time-ns is zero");                                \
	BUILD_ASSERT(DEAD_TIME(node) <= STM32H7_TIM1_DEAD_TIME_COUNTS_MAX,                                             \
		     DT_NODE_PATH(node) ": dead-time-ns is more than TIM1 can do");                                    \
	BUILD_ASSERT(LOWER_MIN(node) > DEAD_TIME(node) && LOWER_MIN(node) < PEAK(node) / 2,                            \
		     DT_NODE_PATH(node) ": lower-min-ns is not between two dead times and half a period");             \
	BUILD_ASSERT(DT_PROP(node, output_ohms) > 0, DT_NODE_PATH(node) ": output-ohms is zero");                      \
	BUILD_ASSERT(DT_PROP(node, full_ohms) >= DT_PROP(node, output_ohms),                                           \
		     DT_NODE_PATH(node) ": full-ohms is less than output-ohms");                                       \
	BUILD_ASSERT(DT_PROP(node, bus_voltage_max_microvolt) < BUS_MAX_MICROVOLT(node),                               \
		     DT_NODE_PATH(node) ": bus-voltage-max-microvolt is more than the divider can show")

#define MOTOR_INVERTER_DEFINE(inst)                                                                                    \
	CHECK(DT_DRV_INST(inst));                                                                                      \
	PINCTRL_DT_INST_DEFINE(inst);                                                                                  \
	static struct motor_inverter_data motor_inverter_data_##inst;                                                  \
	static const struct motor_inverter_config motor_inverter_config_##inst = {                                     \
		.timer = (TIM_TypeDef *)(uintptr_t)DT_REG_ADDR(DT_INST_PHANDLE(inst, timer)),                          \
		.clock = STM32H7_PCLKEN(DT_INST_PHANDLE(inst, timer)),                                                         \
		.pins = PINCTRL_DT_INST_DEV_CONFIG_GET(inst),                                                          \
		.sampler = SAMPLER_DEVICE(DT_DRV_INST(inst)),                                                          \
		.channel = SAMPLER_CHANNELS(DT_DRV_INST(inst)),                                                        \
		.current_scale = SAMPLER_CURRENT_SCALE(DT_DRV_INST(inst)),                                             \
		.current_range_a = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, current_range_microamp),                \
		.bus_v_per_count = SAMPLER_V_PER_COUNT(DT_DRV_INST(inst)) * DT_INST_PROP(inst, full_ohms) /            \
				   DT_INST_PROP(inst, output_ohms),                                                    \
		.bus_voltage_max_v = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, bus_voltage_max_microvolt),           \
		.peak_counts = PEAK(DT_DRV_INST(inst)),                                                                \
		.compare_counts_max = PEAK(DT_DRV_INST(inst)) - LOWER_MIN(DT_DRV_INST(inst)),                          \
		.dead_time_code = STM32H7_TIM1_DEAD_TIME_CODE(DEAD_TIME(DT_DRV_INST(inst))),                           \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, motor_inverter_init, NULL, &motor_inverter_data_##inst,                            \
			      &motor_inverter_config_##inst, POST_KERNEL, CONFIG_KERNEL_INIT_PRIORITY_DEVICE,          \
			      &motor_inverter_api);

DT_INST_FOREACH_STATUS_OKAY(MOTOR_INVERTER_DEFINE)
