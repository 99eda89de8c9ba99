/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coil driver on HRTIM1 of an STM32H743: timing units A and B are the legs of the x bridge, C and D those of the y
 * bridge; the master gives the sampler's trigger.
 *
 * Both legs of a bridge switch about the middle of the period, one with duty (1 + d) / 2, the other with (1 - d) / 2
 * (unipolar). Against sign-magnitude, where one leg stands still, there is no dead zone where the sign changes, which
 * is where a bearing works; against bipolar switching the ripple has twice the frequency and at rest nearly none,
 * and around the middle and the ends of a period the coil sees no voltage: there the current is its mean, and the
 * sampler takes it.
 *
 * Counters wait for TIM1 (motor inverter), whose start starts them all, so that both carriers have one phase. The
 * order in which the drivers start does not matter: outputs stay inactive until a command opens the gate, and that is
 * refused until the sampler has a sample, which takes a running TIM1, a running HRTIM and running converters.
 *
 * Register names are those of RM0433, chapter "High-resolution timer"; titles in comments are its sections.
 */
#define DT_DRV_COMPAT levitas_stm32h7_coil_driver

#include <stm32h7xx_ll_hrtim.h>

#include <levitas/coil_driver.h>
#include <levitas/sampler.h>
#include <zephyr/drivers/clock_control.h>
#include <zephyr/drivers/clock_control/stm32_clock_control.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/pinctrl.h>
#include <zephyr/kernel.h>

#include "../sampler/sampler_scale.h"
#include "../stm32h7_timer.h"

#define AXES      2
#define LEGS      4
#define PAIR_BITS 8

/* Field DTRx, "Period and compare registers min and max values" for an undivided clock [counts]. */
#define DEAD_TIME_COUNTS_MAX 511
#define PERIOD_COUNTS_MAX    0xfffd
#define COMPARE_COUNTS_MIN   3

#define TIMERS  (LL_HRTIM_TIMER_A | LL_HRTIM_TIMER_B | LL_HRTIM_TIMER_C | LL_HRTIM_TIMER_D)
#define OUTPUTS                                                                                                        \
	(LL_HRTIM_OUTPUT_TA1 | LL_HRTIM_OUTPUT_TA2 | LL_HRTIM_OUTPUT_TB1 | LL_HRTIM_OUTPUT_TB2 |                       \
	 LL_HRTIM_OUTPUT_TC1 | LL_HRTIM_OUTPUT_TC2 | LL_HRTIM_OUTPUT_TD1 | LL_HRTIM_OUTPUT_TD2)
/* A gate driver by its pin, or the chip itself, as when its clock has failed. */
#define FAULTS       (HRTIM_ISR_FLT1 | HRTIM_ISR_SYSFLT)
#define FAULTS_CLEAR (HRTIM_ICR_FLT1C | HRTIM_ICR_SYSFLTC)
#define UPDATES_OFF  (HRTIM_CR1_TAUDIS | HRTIM_CR1_TBUDIS | HRTIM_CR1_TCUDIS | HRTIM_CR1_TDUDIS)

struct coil_driver_config {
	HRTIM_TypeDef *timer;
	struct stm32_pclken clock;
	const struct pinctrl_dev_config *pins;
	const struct device *sampler;
	uint8_t channel[AXES];
	struct sampler_scale scale;
	float current_range_a;
	uint32_t period_counts;
	uint32_t pulse_min_counts;
	uint32_t dead_time_counts;
	uint32_t sample_period_counts;
	uint32_t sample_point_counts;
	struct gpio_dt_spec drive_line;
	struct gpio_dt_spec latch_override;
	struct gpio_dt_spec pair[PAIR_BITS];
};

struct coil_driver_data {
	/* The last command has opened the gate. */
	bool open;
};

/* A fault has made the outputs inactive since the last command that shut the gate. */
static bool fault_latched(const struct coil_driver_config *config)
{
	return (config->timer->sCommonRegs.ISR & FAULTS) != 0;
}

/* All switches open, at once. */
static void shut(const struct device *dev)
{
	const struct coil_driver_config *config = dev->config;
	struct coil_driver_data *data = dev->data;

	config->timer->sCommonRegs.ODISR = OUTPUTS;
	data->open = false;
}

/* A pulse of this width in the middle of the period. */
static void write_pulse(const struct coil_driver_config *config, size_t leg, uint32_t width_counts)
{
	const uint32_t begin_counts = (config->period_counts - width_counts) / 2;

	config->timer->sTimerxRegs[leg].CMP1xR = begin_counts;
	config->timer->sTimerxRegs[leg].CMP2xR = begin_counts + width_counts;
}

static void write_duty(const struct coil_driver_config *config, const float duty[AXES])
{
	const float half_counts = 0.5f * (float)config->period_counts;

	for (size_t i = 0; i < AXES; i++) {
		const float wanted_counts = half_counts * (1.0f + CLAMP(duty[i], -1.0f, 1.0f));
		const uint32_t width_counts =
			CLAMP((uint32_t)(wanted_counts + 0.5f), config->pulse_min_counts,
			      config->period_counts - config->pulse_min_counts);

		write_pulse(config, 2 * i, width_counts);
		write_pulse(config, 2 * i + 1, config->period_counts - width_counts);
	}
}

/* All eight compare values become active together, at the end of a period. */
static void update_duty(const struct coil_driver_config *config, const float duty[AXES])
{
	config->timer->sCommonRegs.CR1 |= UPDATES_OFF;
	write_duty(config, duty);
	config->timer->sCommonRegs.CR1 &= ~UPDATES_OFF;
}

static int open_gate(const struct device *dev)
{
	const struct coil_driver_config *config = dev->config;
	struct coil_driver_data *data = dev->data;

	if (fault_latched(config)) {
		shut(dev);
		return -EIO;
	}
	if (!data->open) {
		if (levitas_sampler_latest(config->sampler)->error != 0) {
			return -EIO;
		}
		config->timer->sCommonRegs.OENR = OUTPUTS;
		data->open = true;
	}
	return 0;
}

static int coil_driver_apply(const struct device *dev, const struct levitas_coil_driver_command *command)
{
	static const float no_duty[AXES];
	const struct coil_driver_config *config = dev->config;
	/* The compiler's own: Zephyr's minimal C library has no isnan. */
	const bool valid = !__builtin_isnan(command->duty[0]) && !__builtin_isnan(command->duty[1]);
	int error = 0;

	if (valid && command->gate) {
		update_duty(config, command->duty);
		error = open_gate(dev);
	} else {
		shut(dev);
		update_duty(config, no_duty);
		if (valid) {
			config->timer->sCommonRegs.ICR = FAULTS_CLEAR;
		}
	}
	(void)gpio_pin_set_dt(&config->drive_line, valid && command->drive_line);
	(void)gpio_pin_set_dt(&config->latch_override, valid && command->latch_override);
	return valid ? error : -EINVAL;
}

/*
 * All inputs of the pair are on one port: one read, so that they belong together. Not inlined, so that the loops of its caller do not count
 * as often as this one when the path is bounded (cargo xtask boards).
 */
static __attribute__((noinline)) int pair_read(const struct coil_driver_config *config, uint32_t *pair)
{
	gpio_port_value_t levels;
	const int error = gpio_port_get(config->pair[0].port, &levels);

	*pair = fault_latched(config) ? LEVITAS_PAIR_GATE_FAULT : 0;
	if (error != 0) {
		return -EIO;
	}
	for (size_t i = 0; i < PAIR_BITS; i++) {
		if ((levels & BIT(config->pair[i].pin)) != 0) {
			*pair |= BIT(i);
		}
	}
	return 0;
}

static int coil_driver_fetch(const struct device *dev, struct levitas_coil_driver_sample *sample)
{
	const struct coil_driver_config *config = dev->config;
	const struct levitas_sampler_sample *counts = levitas_sampler_latest(config->sampler);
	int error = counts->error;

	if (pair_read(config, &sample->pair) != 0) {
		error = -EIO;
	}
	for (size_t i = 0; i < AXES; i++) {
		sample->current_a[i] = sampler_to_unit(&config->scale, counts->count[config->channel[i]]);
		if (error == 0 && (sample->current_a[i] < -config->current_range_a ||
				   sample->current_a[i] > config->current_range_a)) {
			error = -ERANGE;
		}
	}
	return error;
}

/* One leg: both switches from one pulse, with dead time; inactive in idle and in fault. */
static void leg_init(const struct coil_driver_config *config, size_t leg)
{
	HRTIM_Timerx_TypeDef *unit = &config->timer->sTimerxRegs[leg];

	unit->TIMxCR = LL_HRTIM_PRESCALERRATIO_DIV1 | HRTIM_TIMCR_CONT | HRTIM_TIMCR_SYNCSTRT | HRTIM_TIMCR_TRSTU;
	unit->PERxR = config->period_counts;
	unit->REPxR = 0;
	unit->DTxR = LL_HRTIM_DT_PRESCALER_DIV1 | (config->dead_time_counts << HRTIM_DTR_DTR_Pos) |
		     (config->dead_time_counts << HRTIM_DTR_DTF_Pos);
	unit->SETx1R = HRTIM_SET1R_CMP1;
	unit->RSTx1R = HRTIM_RST1R_CMP2;
	/* With dead time the second output is the first one's complement ("Deadtime"); its own crossbar has no part. */
	unit->SETx2R = 0;
	unit->RSTx2R = 0;
	unit->OUTxR = HRTIM_OUTR_DTEN | LL_HRTIM_OUT_FAULTSTATE_INACTIVE |
		      (LL_HRTIM_OUT_FAULTSTATE_INACTIVE << (HRTIM_OUTR_FAULT2_Pos - HRTIM_OUTR_FAULT1_Pos));
	unit->FLTxR = LL_HRTIM_FAULT_1;
}

static void timer_init(const struct coil_driver_config *config)
{
	static const float no_duty[AXES];
	HRTIM_TypeDef *timer = config->timer;

	timer->sCommonRegs.ODISR = OUTPUTS;
	timer->sMasterRegs.MCR = 0;
	timer->sCommonRegs.CR1 = 0;
	for (size_t i = 0; i < LEGS; i++) {
		leg_init(config, i);
	}
	/* Before the preload is on, so that these take effect now. */
	write_duty(config, no_duty);
	for (size_t i = 0; i < LEGS; i++) {
		timer->sTimerxRegs[i].TIMxCR |= HRTIM_TIMCR_PREEN;
	}

	/* Low is a fault. Eight samples of the timer clock keep spikes out: 33 ns. Locked until reset. */
	timer->sCommonRegs.FLTINR1 = HRTIM_FLTINR1_FLT1E | LL_HRTIM_FLT_FILTER_3 | HRTIM_FLTINR1_FLT1LCK;

	timer->sMasterRegs.MPER = config->sample_period_counts;
	timer->sMasterRegs.MCMP1R = config->sample_point_counts;
	timer->sCommonRegs.ADC2R = LL_HRTIM_ADCTRIG_SRC24_MCMP1;
	timer->sMasterRegs.MCR =
		LL_HRTIM_PRESCALERRATIO_DIV1 | HRTIM_MCR_CONT | HRTIM_MCR_SYNCSTRTM | LL_HRTIM_SYNCIN_SRC_TIM_EVENT;
	/* Enabled, they wait for the synchronisation input ("Synchronizing the HRTIM with other timers"). */
	timer->sMasterRegs.MCR |= LL_HRTIM_TIMER_MASTER | TIMERS;
}

static int outputs_init(const struct coil_driver_config *config)
{
	int error = gpio_pin_configure_dt(&config->drive_line, GPIO_OUTPUT_INACTIVE);

	if (error == 0) {
		error = gpio_pin_configure_dt(&config->latch_override, GPIO_OUTPUT_INACTIVE);
	}
	for (size_t i = 0; i < PAIR_BITS && error == 0; i++) {
		error = gpio_pin_configure_dt(&config->pair[i], GPIO_INPUT);
	}
	return error;
}

static int coil_driver_init(const struct device *dev)
{
	const struct coil_driver_config *config = dev->config;
	int error = clock_control_on(DEVICE_DT_GET(STM32H7_RCC), (clock_control_subsys_t)&config->clock);

	if (error != 0) {
		return error;
	}
	/* Before the pins belong to the timer, and whatever else is missing. */
	timer_init(config);
	shut(dev);
	error = outputs_init(config);
	if (error == 0) {
		error = pinctrl_apply_state(config->pins, PINCTRL_STATE_DEFAULT);
	}
	if (error != 0) {
		return error;
	}
	return device_is_ready(config->sampler) ? 0 : -ENODEV;
}

static const struct levitas_coil_driver_api coil_driver_api = {
	.apply = coil_driver_apply,
	.fetch = coil_driver_fetch,
};

BUILD_ASSERT(LEVITAS_PAIR_WINDING_TESTED == BIT(PAIR_BITS - 1), "pair-gpios are in the order of enum levitas_pair");
BUILD_ASSERT(DT_NUM_INST_STATUS_OKAY(DT_DRV_COMPAT) <= 1,
	     "levitas,stm32h7-coil-driver: timer: two nodes, and there is one HRTIM");

#define PERIOD(node)        STM32H7_TIMER_PERIOD_COUNTS(node)
#define PULSE_MIN(node)     STM32H7_TIMER_COUNTS(DT_PROP(node, pulse_min_ns))
#define DEAD_TIME(node)     STM32H7_TIMER_COUNTS(DT_PROP(node, dead_time_ns))
#define SAMPLE_PERIOD(node) (STM32H7_TIMER_CLOCK_HZ / MAX(DT_PROP(SAMPLER_NODE(node), sample_rate_hz), 1))
#define SAMPLE_POINT(node)  STM32H7_TIMER_COUNTS(DT_PROP(node, sample_point_ns))

#define PAIR_GPIO(node, prop, idx)  GPIO_DT_SPEC_GET_BY_IDX(node, prop, idx)
#define CHECK_PAIR(node, prop, idx)                                                                                    \
	BUILD_ASSERT(DT_SAME_NODE(DT_GPIO_CTLR_BY_IDX(node, prop, idx), DT_GPIO_CTLR(node, prop)),                     \
		     DT_NODE_PATH(node) ": pair-gpios are not on one port")

#define CHECK(node)                                                                                                    \
	SAMPLER_CHECK_COUNT(node, 2);                                                                                  \
	SAMPLER_CHECK_CURRENT(node);                                                                                   \
	STM32H7_TIMER_CHECK_CARRIER(node, SAMPLER_NODE(node));                                                         \
	BUILD_ASSERT(DT_PROP(node, pwm_frequency_hz) == DT_PROP(DT_PHANDLE(node, carrier), pwm_frequency_hz),          \
		     DT_NODE_PATH(node) ": pwm-frequency-hz is not that of the carrier");                              \
	BUILD_ASSERT(SAMPLE_PERIOD(node) <= PERIOD_COUNTS_MAX,                                                         \
		     DT_NODE_PATH(SAMPLER_NODE(node)) ": sample-rate-hz is less than the HRTIM can count");            \
	BUILD_ASSERT(DEAD_TIME(node) > 0, DT_NODE_PATH(node) ": dead-time-ns is zero");                                \
	BUILD_ASSERT(DEAD_TIME(node) <= DEAD_TIME_COUNTS_MAX,                                                          \
		     DT_NODE_PATH(node) ": dead-time-ns is more than the HRTIM can do");                               \
	BUILD_ASSERT(PULSE_MIN(node) > 2 * DEAD_TIME(node),                                                            \
		     DT_NODE_PATH(node) ": pulse-min-ns leaves nothing beside two dead times");                        \
	BUILD_ASSERT(PULSE_MIN(node) >= 2 * COMPARE_COUNTS_MIN && PULSE_MIN(node) < PERIOD(node) / 2,                  \
		     DT_NODE_PATH(node) ": pulse-min-ns is not between the least of the HRTIM and half a period");     \
	BUILD_ASSERT(SAMPLE_POINT(node) >= COMPARE_COUNTS_MIN && SAMPLE_POINT(node) < SAMPLE_PERIOD(node),             \
		     DT_NODE_PATH(node) ": sample-point-ns is not within a period of the sampler");                    \
	BUILD_ASSERT(DT_PROP_LEN(node, pair_gpios) == PAIR_BITS, DT_NODE_PATH(node) ": pair-gpios are not eight");     \
	DT_FOREACH_PROP_ELEM_SEP(node, pair_gpios, CHECK_PAIR, (;))

#define COIL_DRIVER_DEFINE(inst)                                                                                       \
	CHECK(DT_DRV_INST(inst));                                                                                      \
	PINCTRL_DT_INST_DEFINE(inst);                                                                                  \
	static struct coil_driver_data coil_driver_data_##inst;                                                        \
	static const struct coil_driver_config coil_driver_config_##inst = {                                           \
		.timer = (HRTIM_TypeDef *)(uintptr_t)DT_REG_ADDR(DT_INST_PHANDLE(inst, timer)),                        \
		.clock = STM32H7_PCLKEN(DT_INST_PHANDLE(inst, timer)),                                                         \
		.pins = PINCTRL_DT_INST_DEV_CONFIG_GET(inst),                                                          \
		.sampler = SAMPLER_DEVICE(DT_DRV_INST(inst)),                                                          \
		.channel = SAMPLER_CHANNELS(DT_DRV_INST(inst)),                                                        \
		.scale = SAMPLER_CURRENT_SCALE(DT_DRV_INST(inst)),                                                     \
		.current_range_a = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, current_range_microamp),                \
		.period_counts = PERIOD(DT_DRV_INST(inst)),                                                            \
		.pulse_min_counts = PULSE_MIN(DT_DRV_INST(inst)),                                                      \
		.dead_time_counts = DEAD_TIME(DT_DRV_INST(inst)),                                                      \
		.sample_period_counts = SAMPLE_PERIOD(DT_DRV_INST(inst)),                                              \
		.sample_point_counts = SAMPLE_POINT(DT_DRV_INST(inst)),                                                \
		.drive_line = GPIO_DT_SPEC_INST_GET(inst, drive_line_gpios),                                           \
		.latch_override = GPIO_DT_SPEC_INST_GET(inst, latch_override_gpios),                                   \
		.pair = {DT_INST_FOREACH_PROP_ELEM_SEP(inst, pair_gpios, PAIR_GPIO, (,))},                             \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, coil_driver_init, NULL, &coil_driver_data_##inst, &coil_driver_config_##inst,      \
			      POST_KERNEL, CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &coil_driver_api);

DT_INST_FOREACH_STATUS_OKAY(COIL_DRIVER_DEFINE)
