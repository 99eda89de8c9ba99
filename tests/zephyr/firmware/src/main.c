/* SPDX-License-Identifier: Apache-2.0 */
/* Starts the application as its own main() would, then the tests. */

#include <zephyr/ztest.h>

#include "at_power_up.h"
#include "kits.h"
#include "record.h"
#include "restart.h"
#include "settings.h"

/* main() of the application; renamed in firmware/CMakeLists.txt. */
int levitas_application_main(void);

/* In bit_identity.c. */
void levitas_measure_step(void);

void test_main(void)
{
	if (IS_ENABLED(CONFIG_LEVITAS_RETAINED) && IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
		restart_starts();
	}
	levitas_measure_step();
	record_prepare_storage();
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		settings_prepare_storage();
		kits_prepare_storage();
	}
	(void)levitas_application_main();
	at_power_up_watch();
	settings_watch_start();
	kits_watch_start();
	ztest_run_all(NULL, false, 1, 1);
	ztest_verify_all_test_suites_ran();
}
