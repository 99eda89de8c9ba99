/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sampler on the three ADCs of an STM32H743: each converts an injected group of four, all at the HRTIM's ADC
 * trigger 2, and the end of the last one's group is the interrupt of the period. Four results fit into the
 * converter's own registers, so there is no DMA and no memory that a cache could hide.
 *
 * Register names are those of RM0433, chapter "Analog-to-digital converters"; titles in comments are its sections.
 */
#define DT_DRV_COMPAT levitas_stm32h7_sampler

#include <stm32h7xx_ll_adc.h>
#include <stm32h7xx_ll_system.h>

#include <levitas/sampler.h>
#include <zephyr/drivers/clock_control.h>
#include <zephyr/drivers/clock_control/stm32_clock_control.h>
#include <zephyr/drivers/pinctrl.h>
#include <zephyr/irq.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

#include "../stm32h7_timer.h"
#include "sampler_scale.h"

LOG_MODULE_REGISTER(levitas_sampler);

/* Conversions of one injected group: as many as there are registers JDRy. */
#define RANKS      4
#define CONVERTERS (LEVITAS_SAMPLER_CHANNELS / RANKS)

/*
 * The clock is synchronous, so that the trigger has no jitter: AHB clock by 4, which is halved once more from revision
 * X on ("ADC clocks"). Its limit at 16 bits is 36 MHz (data sheet, "ADC characteristics"); above 25 MHz the converters
 * need BOOST in full. Revision Y does not halve.
 */
#define CLOCK_DIVIDER  8
#define CLOCK_HZ_MAX   36000000
#define CLOCK_HZ_MIN   25000000
#define REVISION_Y     0x1003

/*
 * Longest waits. A calibration of offset and linearity takes 165,010 clocks by the data sheet (5.5 ms at 30 MHz),
 * 16,384 by ST's header.
 */
#define CALIBRATION_US_MAX 20000
#define READY_US_MAX       1000
#define POLL_US            10

/* Reads of a flag for which the interrupt waits for the other converters; they end within two of their clocks. */
#define END_READS_MAX 16

/* The internal reference of 1.2 V tells what the supply of the converters is, to this part of it. */
#define REFERENCE_TOLERANCE_PERCENT 5
/* LL_ADC_SAMPLINGTIME_810CYCLES_5: 27 us at 30 MHz; 4.3 us are needed (data sheet, embedded reference voltage). */
#define REFERENCE_SAMPLING LL_ADC_SAMPLINGTIME_810CYCLES_5

#define END_FLAGS   (ADC_ISR_JEOS | ADC_ISR_JEOC)
#define ERROR_FLAGS (ADC_ISR_OVR | ADC_ISR_JQOVF)

struct sampler_config {
	ADC_TypeDef *adc[CONVERTERS];
	struct stm32_pclken clock[CONVERTERS];
	uint8_t input[LEVITAS_SAMPLER_CHANNELS];
	uint32_t sampling;
	uint32_t reference_millivolt;
	uint32_t sample_rate_hz;
	const struct pinctrl_dev_config *pins;
	void (*connect)(void);
};

struct sampler_data {
	levitas_sampler_handler handler;
	void *user_data;
	/* The interrupt writes the one that is not the latest. */
	struct levitas_sampler_sample samples[2];
	const struct levitas_sampler_sample *latest;
	/* Earliest point of the interrupt within its period, carried along the periods. */
	uint32_t anchor_cycles;
	uint32_t period_cycles;
	bool running;
};

static int wait_for(const volatile uint32_t *reg, uint32_t mask, uint32_t value, uint32_t us_max)
{
	for (uint32_t us = 0; us < us_max; us += POLL_US) {
		if ((*reg & mask) == value) {
			return 0;
		}
		k_busy_wait(POLL_US);
	}
	return -ETIMEDOUT;
}

/*
 * "ADC on-off control": ADEN is lost that is written within four clocks after the end of a calibration, and nothing tells
 * when they are over.
 */
static int enable_until_ready(ADC_TypeDef *adc)
{
	for (uint32_t us = 0; us < READY_US_MAX; us += POLL_US) {
		if (LL_ADC_IsEnabled(adc) == 0) {
			LL_ADC_Enable(adc);
		}
		if (wait_for(&adc->ISR, ADC_ISR_ADRDY, ADC_ISR_ADRDY, POLL_US) == 0) {
			return 0;
		}
	}
	return -ETIMEDOUT;
}

/* "Deep-power-down mode and voltage regulator", "Calibration", "ADC on-off control": in this order. */
static int converter_enable(ADC_TypeDef *adc)
{
	LL_ADC_ClearFlag_ADRDY(adc);
	LL_ADC_DisableDeepPowerDown(adc);
	LL_ADC_EnableInternalRegulator(adc);
	k_busy_wait(LL_ADC_DELAY_INTERNAL_REGUL_STAB_US);
	LL_ADC_SetBoostMode(adc, LL_ADC_BOOST_MODE_50MHZ);

	LL_ADC_StartCalibration(adc, LL_ADC_CALIB_OFFSET_LINEARITY, LL_ADC_SINGLE_ENDED);
	if (wait_for(&adc->CR, ADC_CR_ADCAL, 0, CALIBRATION_US_MAX) != 0) {
		return -ETIMEDOUT;
	}
	return enable_until_ready(adc);
}

/* Measures the internal reference by one conversion of its own and so, backwards, the converters' supply. */
static int reference_check(ADC_TypeDef *adc, uint32_t reference_millivolt)
{
	uint32_t count;
	uint32_t millivolt;

	LL_ADC_SetChannelPreselection(adc, LL_ADC_CHANNEL_VREFINT);
	LL_ADC_SetChannelSamplingTime(adc, LL_ADC_CHANNEL_VREFINT, REFERENCE_SAMPLING);
	LL_ADC_REG_SetSequencerLength(adc, LL_ADC_REG_SEQ_SCAN_DISABLE);
	LL_ADC_REG_SetSequencerRanks(adc, LL_ADC_REG_RANK_1, LL_ADC_CHANNEL_VREFINT);
	LL_ADC_REG_StartConversion(adc);
	if (wait_for(&adc->ISR, ADC_ISR_EOC, ADC_ISR_EOC, READY_US_MAX) != 0) {
		return -ETIMEDOUT;
	}
	count = LL_ADC_REG_ReadConversionData32(adc);
	millivolt = count == 0 ? 0 : (uint32_t)*VREFINT_CAL_ADDR * VREFINT_CAL_VREF / count;
	if (100 * millivolt < (100 - REFERENCE_TOLERANCE_PERCENT) * reference_millivolt ||
	    100 * millivolt > (100 + REFERENCE_TOLERANCE_PERCENT) * reference_millivolt) {
		LOG_ERR("reference is %u mV, not %u mV", millivolt, reference_millivolt);
		return -ERANGE;
	}
	return 0;
}

/* Four ranks, started by every rising edge of the HRTIM's ADC trigger 2. */
static void group_start(ADC_TypeDef *adc, const uint8_t input[RANKS], uint32_t sampling)
{
	uint32_t channel[RANKS];

	for (size_t i = 0; i < RANKS; i++) {
		channel[i] = __LL_ADC_DECIMAL_NB_TO_CHANNEL(input[i]);
		LL_ADC_SetChannelPreselection(adc, channel[i]);
		LL_ADC_SetChannelSamplingTime(adc, channel[i], sampling);
	}
	/* Written once: without the queue the group stays as it is ("Queue of context for injected conversions"). */
	LL_ADC_INJ_SetQueueMode(adc, LL_ADC_INJ_QUEUE_DISABLE);
	LL_ADC_INJ_ConfigQueueContext(adc, LL_ADC_INJ_TRIG_EXT_HRTIM_TRG2, LL_ADC_INJ_TRIG_EXT_RISING,
				      LL_ADC_INJ_SEQ_SCAN_ENABLE_4RANKS, channel[0], channel[1], channel[2],
				      channel[3]);
	LL_ADC_INJ_StartConversion(adc);
}

/* True: this converter's group has ended and nothing was lost. */
static bool group_read(ADC_TypeDef *adc, uint16_t count[RANKS])
{
	uint32_t flags = adc->ISR;

	for (uint32_t i = 0; (flags & ADC_ISR_JEOS) == 0 && i < END_READS_MAX; i++) {
		flags = adc->ISR;
	}
	count[0] = (uint16_t)adc->JDR1;
	count[1] = (uint16_t)adc->JDR2;
	count[2] = (uint16_t)adc->JDR3;
	count[3] = (uint16_t)adc->JDR4;
	/* Written ones clear. */
	adc->ISR = END_FLAGS | ERROR_FLAGS;
	return (flags & (ADC_ISR_JEOS | ERROR_FLAGS)) == ADC_ISR_JEOS;
}

/* Periods since the last interrupt, by time: an interrupt may stay away, or come late. */
static uint32_t periods_passed(struct sampler_data *data, uint32_t now_cycles)
{
	/* The anchor may be late by what delayed the interrupt that set it. */
	const uint32_t slack_cycles = data->period_cycles / 4;
	const uint32_t passed = (now_cycles - data->anchor_cycles + slack_cycles) / data->period_cycles;
	const uint32_t periods = MAX(passed, 1);

	data->anchor_cycles += periods * data->period_cycles;
	if ((int32_t)(now_cycles - data->anchor_cycles) < 0) {
		data->anchor_cycles = now_cycles;
	}
	return periods;
}

static void sampler_isr(const void *argument)
{
	const struct device *dev = argument;
	const struct sampler_config *config = dev->config;
	struct sampler_data *data = dev->data;
	const uint32_t now_cycles = k_cycle_get_32();
	struct levitas_sampler_sample *next = &data->samples[data->latest == &data->samples[0] ? 1 : 0];
	bool whole = true;

	for (size_t i = 0; i < CONVERTERS; i++) {
		whole &= group_read(config->adc[i], &next->count[i * RANKS]);
	}
	if (!data->running) {
		data->running = true;
		data->anchor_cycles = now_cycles - data->period_cycles;
	}
	next->period = data->latest->period + periods_passed(data, now_cycles);
	next->cycles = now_cycles;
	next->error = whole ? 0 : -EIO;
	compiler_barrier();
	data->latest = next;
	if (data->handler != NULL) {
		data->handler(data->user_data);
	}
}

static int sampler_start(const struct device *dev, levitas_sampler_handler handler, void *user_data)
{
	struct sampler_data *data = dev->data;

	if (data->handler != NULL) {
		return -EALREADY;
	}
	data->user_data = user_data;
	compiler_barrier();
	data->handler = handler;
	return 0;
}

static const struct levitas_sampler_sample *sampler_latest(const struct device *dev)
{
	const struct sampler_data *data = dev->data;

	return data->latest;
}

static int converters_start(const struct sampler_config *config)
{
	const struct device *clock = DEVICE_DT_GET(STM32H7_RCC);
	ADC_TypeDef *last = config->adc[CONVERTERS - 1];
	int error;

	if (LL_DBGMCU_GetRevisionID() <= REVISION_Y) {
		LOG_ERR("revision %x of the chip: its converters would be clocked at twice their limit",
			LL_DBGMCU_GetRevisionID());
		return -ENOTSUP;
	}
	for (size_t i = 0; i < CONVERTERS; i++) {
		error = clock_control_on(clock, (clock_control_subsys_t)&config->clock[i]);
		if (error != 0) {
			return error;
		}
		LL_ADC_SetCommonClock(__LL_ADC_COMMON_INSTANCE(config->adc[i]), LL_ADC_CLOCK_SYNC_PCLK_DIV4);
	}
	LL_ADC_SetCommonPathInternalCh(__LL_ADC_COMMON_INSTANCE(last), LL_ADC_PATH_INTERNAL_VREFINT);
	for (size_t i = 0; i < CONVERTERS; i++) {
		error = converter_enable(config->adc[i]);
		if (error != 0) {
			LOG_ERR("ADC%u is not ready", (unsigned int)i + 1);
			return error;
		}
	}
	return reference_check(last, config->reference_millivolt);
}

static int sampler_init(const struct device *dev)
{
	const struct sampler_config *config = dev->config;
	struct sampler_data *data = dev->data;
	int error;

	*data = (struct sampler_data){
		.period_cycles = sys_clock_hw_cycles_per_sec() / config->sample_rate_hz,
		.samples[0].error = -EIO,
		.latest = &data->samples[0],
	};
	error = pinctrl_apply_state(config->pins, PINCTRL_STATE_DEFAULT);
	if (error != 0) {
		return error;
	}
	error = converters_start(config);
	if (error != 0) {
		return error;
	}
	for (size_t i = 0; i < CONVERTERS; i++) {
		group_start(config->adc[i], &config->input[i * RANKS], config->sampling);
	}
	LL_ADC_EnableIT_JEOS(config->adc[CONVERTERS - 1]);
	config->connect();
	return 0;
}

static const struct levitas_sampler_api sampler_api = {
	.start = sampler_start,
	.latest = sampler_latest,
};

/* The converter of a group, and of the interrupt: that of its first input. */
#define CONVERTER(inst, group) DT_INST_IO_CHANNELS_CTLR_BY_IDX(inst, RANKS_BEFORE_##group)
#define RANKS_BEFORE_0         0
#define RANKS_BEFORE_1         4
#define RANKS_BEFORE_2         8
#define ADC_OF(inst, group)    (ADC_TypeDef *)(uintptr_t)DT_REG_ADDR(CONVERTER(inst, group))
#define CLOCK_OF(inst, group)  STM32H7_PCLKEN(CONVERTER(inst, group))

/* In how many inputs of the devices on the sampler each channel is, four bits per channel. */
#define ONE_USE(node, prop, idx) +(1ULL << (4 * SAMPLER_CHANNEL(node, prop, idx)))
#define USES_OF(node)            DT_FOREACH_PROP_ELEM(node, io_channels, ONE_USE)
#define FOREACH_USER(fn)                                                                                               \
	DT_FOREACH_STATUS_OKAY(levitas_hall_displacement, fn)                                                          \
	DT_FOREACH_STATUS_OKAY(levitas_hall_angle, fn)                                                                 \
	DT_FOREACH_STATUS_OKAY(levitas_stm32h7_coil_driver, fn)                                                        \
	DT_FOREACH_STATUS_OKAY(levitas_stm32_motor_inverter, fn)

enum {
	USES = 0ULL FOREACH_USER(USES_OF)
};

#define CHECK_USE(node, prop, idx)                                                                                     \
	BUILD_ASSERT(SAMPLER_CHANNEL(node, prop, idx) < LEVITAS_SAMPLER_CHANNELS,                                      \
		     DT_NODE_PATH(node) ": io-channels names a channel that the sampler has not");                     \
	BUILD_ASSERT(((USES >> (4 * SAMPLER_CHANNEL(node, prop, idx))) & 0xf) == 1,                                    \
		     DT_NODE_PATH(node) ": io-channels: a channel of the sampler has two users");
#define CHECK_USER(node) DT_FOREACH_PROP_ELEM(node, io_channels, CHECK_USE)

FOREACH_USER(CHECK_USER)

#define CHECK_CONVERTER(node, prop, idx)                                                                               \
	BUILD_ASSERT(!DT_NODE_HAS_STATUS(DT_IO_CHANNELS_CTLR_BY_IDX(node, idx), okay),                                 \
		     DT_NODE_PATH(node) ": io-channels: a converter is enabled for another driver");

#define IS_ON(node, base, idx) (DT_REG_ADDR(DT_IO_CHANNELS_CTLR_BY_IDX(node, idx)) == (base))
#define ARE_ON(node, base, a, b, c, d)                                                                                 \
	(IS_ON(node, base, a) && IS_ON(node, base, b) && IS_ON(node, base, c) && IS_ON(node, base, d))
#define CHECK_GROUPS(node)                                                                                             \
	BUILD_ASSERT(ARE_ON(node, ADC1_BASE, 0, 1, 2, 3) && ARE_ON(node, ADC2_BASE, 4, 5, 6, 7) &&                     \
			     ARE_ON(node, ADC3_BASE, 8, 9, 10, 11),                                                    \
		     DT_NODE_PATH(node) ": io-channels are not four of ADC1, four of ADC2, four of ADC3")

BUILD_ASSERT(DT_NUM_INST_STATUS_OKAY(DT_DRV_COMPAT) == 1, "levitas,stm32h7-sampler: more than one node");

#define SAMPLER_DEFINE(inst)                                                                                           \
	SAMPLER_CHECK_COUNT(DT_DRV_INST(inst), 12);                                                                    \
	CHECK_GROUPS(DT_DRV_INST(inst));                                                                               \
	BUILD_ASSERT(DT_INST_PROP(inst, sample_rate_hz) > 0,                                                           \
		     DT_NODE_PATH(DT_DRV_INST(inst)) ": sample-rate-hz is zero");                                      \
	BUILD_ASSERT(STM32H7_AHB_CLOCK_HZ / CLOCK_DIVIDER <= CLOCK_HZ_MAX &&                                           \
			     STM32H7_AHB_CLOCK_HZ / CLOCK_DIVIDER > CLOCK_HZ_MIN,                                      \
		     DT_NODE_PATH(STM32H7_RCC) ": hpre: the converters of the sampler need 200 to 288 MHz");           \
	PINCTRL_DT_INST_DEFINE(inst);                                                                                  \
	static void sampler_connect_##inst(void)                                                                       \
	{                                                                                                              \
		IRQ_CONNECT(DT_IRQN(CONVERTER(inst, 2)), DT_INST_PROP(inst, interrupt_priority), sampler_isr,          \
			    DEVICE_DT_INST_GET(inst), 0);                                                              \
		irq_enable(DT_IRQN(CONVERTER(inst, 2)));                                                               \
	}                                                                                                              \
	static struct sampler_data sampler_data_##inst;                                                                \
	static const struct sampler_config sampler_config_##inst = {                                                   \
		.adc = {ADC_OF(inst, 0), ADC_OF(inst, 1), ADC_OF(inst, 2)},                                            \
		.clock = {CLOCK_OF(inst, 0), CLOCK_OF(inst, 1), CLOCK_OF(inst, 2)},                                    \
		.input = SAMPLER_CHANNELS(DT_DRV_INST(inst)),                                                          \
		/* The position among the allowed values is the value of SMPx. */                                      \
		.sampling = DT_INST_ENUM_IDX(inst, sampling_cycles),                                                   \
		.reference_millivolt = DT_INST_PROP(inst, reference_millivolt),                                        \
		.sample_rate_hz = DT_INST_PROP(inst, sample_rate_hz),                                                  \
		.pins = PINCTRL_DT_INST_DEV_CONFIG_GET(inst),                                                          \
		.connect = sampler_connect_##inst,                                                                     \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, sampler_init, NULL, &sampler_data_##inst, &sampler_config_##inst, POST_KERNEL,     \
			      CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &sampler_api);                                       \
	DT_FOREACH_PROP_ELEM(DT_DRV_INST(inst), io_channels, CHECK_CONVERTER)

DT_INST_FOREACH_STATUS_OKAY(SAMPLER_DEFINE)
