/* SPDX-License-Identifier: Apache-2.0 */
/* Memory at the addresses of the chip's registers, before the image starts. */

#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include "nsi_main.h"
#include "nsi_tasks.h"

#define PAGE_BYTES 4096

static void map_registers(void)
{
	/* Factory values, APB2 with TIM1, APB2 with HRTIM1, ADC1 and ADC2, FLASH, SYSCFG, RCC and PWR, ADC3, DBGMCU. */
	static const uintptr_t pages[] = {0x1ff1e000, 0x40010000, 0x40017000, 0x40022000, 0x52002000,
					  0x58000000, 0x58024000, 0x58026000, 0x5c001000};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		void *page = (void *)pages[i];

		if (mmap(page, PAGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != page) {
			fprintf(stderr, "no memory at %p\n", page);
			nsi_exit(1);
		}
	}
}

NSI_TASK(map_registers, PRE_BOOT_1, 0);
