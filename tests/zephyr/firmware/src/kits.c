/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of kits over a power-off: what lay in the storage before the start is in the list, what is entered now lies there at once.
 * The records are made here anew, by the format that src/core/src/kits/record.rs says.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/sys/crc.h>
#include <zephyr/ztest.h>

#include "kits.h"
#include "record.h"
#include "shell.h"
#include "shell_text.h"
#include "storage_faults.h"

/* Where the kit of before lies, and one that has decayed: other suites enter theirs from the first place on. */
#define KEPT    (LEVITAS_KITS_MAX - 1)
#define DAMAGED (LEVITAS_KITS_MAX - 2)
/* What cannot be read at the start. */
#define UNREAD  (LEVITAS_KITS_MAX - 3)
#define BODY    (LEVITAS_KIT_RECORD_BYTES - 4)

#define PRODUCT "09501101530003"

static uint8_t *put_text(uint8_t *place, const char *text)
{
	place[0] = strlen(text);
	memcpy(place + 1, text, place[0]);
	return place + 21;
}

/* A puncture kit that was taken on 2026-11-20, may be used until 2027-11-19 and was in use for 26 h. */
static void make(uint8_t record[LEVITAS_KIT_RECORD_BYTES], const char *serial)
{
	uint8_t *place = record + 16;

	memset(record, 0, LEVITAS_KIT_RECORD_BYTES);
	record[0] = 3;
	sys_put_le16(2026, record + 4);
	record[6] = 11;
	record[7] = 20;
	sys_put_le16(2027, record + 8);
	record[10] = 11;
	record[11] = 19;
	sys_put_le32(26 * 3600, record + 12);
	place = put_text(place, PRODUCT);
	place = put_text(place, "LOT");
	put_text(place, serial);
	sys_put_le32(crc32_ieee(record, BODY), record + BODY);
}

void kits_prepare_storage(void)
{
	uint8_t record[LEVITAS_KIT_RECORD_BYTES];

	make(record, "OLD");
	zassert_ok(levitas_storage_entry_write(LEVITAS_ENTRY_KITS, KEPT, record, sizeof(record)));
	make(record, "GONE");
	record[50] ^= 1;
	zassert_ok(levitas_storage_entry_write(LEVITAS_ENTRY_KITS, DAMAGED, record, sizeof(record)));
	make(record, "HIDDEN");
	zassert_ok(levitas_storage_entry_write(LEVITAS_ENTRY_KITS, UNREAD, record, sizeof(record)));
	storage_faults_read_entry(LEVITAS_ENTRY_KITS, UNREAD, START_READS);
}

static bool is_listed(const char *what)
{
	char line[LEVITAS_KIT_BYTES];

	for (uint32_t i = 0; levitas_kit_text(OPERATED_UNIT, i, k_uptime_seconds(), line, sizeof(line)); i++) {
		if (strstr(line, what) != NULL) {
			return true;
		}
	}
	return false;
}

static bool at_start_kept_the_kit, refused_old, refused_early, left_unread_alone, freed_unread;
static uint32_t taken;

/* Enters a kit as `levitas kit add` does, and gives the threads below their turn. */
static enum levitas_kit_answer add(const char *serial, const char *date, const char *says)
{
	char udi[80], text[LEVITAS_KIT_BYTES] = "";
	enum levitas_kit_answer answer;

	snprintf(udi, sizeof(udi), "(01)" PRODUCT "(17)271119(21)%s", serial);
	answer = levitas_kit_add("puncture", udi, date, NULL, k_uptime_seconds(), text, sizeof(text));
	k_sleep(K_MSEC(100));
	return strstr(text, says) != NULL ? answer : LEVITAS_KIT_WRONG;
}

/* With kits in every place but the one that could not be read. */
static void watch_unread(void)
{
	uint8_t before[LEVITAS_KIT_RECORD_BYTES], after[LEVITAS_KIT_RECORD_BYTES] = {0};
	char serial[4];

	do {
		snprintf(serial, sizeof(serial), "F%u", taken);
	} while (add(serial, "2026-11-20", "") == LEVITAS_KIT_TAKEN && ++taken < 2 * LEVITAS_KITS_MAX);
	k_sleep(K_MSEC(500));
	make(before, "HIDDEN");
	(void)levitas_storage_entry_read(LEVITAS_ENTRY_KITS, UNREAD, after, sizeof(after));
	left_unread_alone = add("MORE", "2026-11-20", "no place is free") == LEVITAS_KIT_REFUSED &&
			    memcmp(before, after, sizeof(before)) == 0;
	/* As formatting does. */
	(void)levitas_storage_entry_delete(LEVITAS_ENTRY_KITS, UNREAD);
	levitas_kits_keep();
	k_sleep(K_MSEC(500));
	freed_unread = add("MORE", "2026-11-20", "serial MORE") == LEVITAS_KIT_TAKEN;
	(void)levitas_kit_end(k_uptime_seconds());
	k_sleep(K_MSEC(500));
}

void kits_watch_start(void)
{
	at_start_kept_the_kit = is_listed("puncture " PRODUCT ", lot LOT, serial OLD, since 2026-11-20, in use for 26 h 0 min") &&
				!is_listed("GONE") && !is_listed("HIDDEN");
	/* The storage of the emergency drive cannot be mounted at the start. */
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		refused_old = add("OLD", "2026-11-27", "Its serial number has been in use before.") == LEVITAS_KIT_REFUSED;
		refused_early = add("TODAY", "2026-11-19", "The day is before that of another kit") == LEVITAS_KIT_REFUSED;
		watch_unread();
	}
}

ZTEST(kits, test_a_kit_of_before_the_start_is_in_the_list_and_is_not_new)
{
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
	zassert_true(at_start_kept_the_kit);
	zassert_true(refused_old);
	zassert_true(refused_early);
}

ZTEST(kits, test_a_place_that_could_not_be_read_is_left_alone_until_nothing_lies_there)
{
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
	/* The kit of before is in use. */
	zassert_equal(taken, LEVITAS_KITS_MAX - 2, "%u", taken);
	zassert_true(left_unread_alone);
	zassert_true(freed_unread);
}

ZTEST(kits, test_b_a_kit_that_is_entered_lies_in_the_storage_at_once)
{
	uint8_t record[LEVITAS_KIT_RECORD_BYTES], found[LEVITAS_KIT_RECORD_BYTES];
	bool is_there = false;

	if (levitas_storage_mount() != 0) {
		/* That of the emergency drive, unless another suite has mended it. */
		record_erase_storage();
	}
	shell_text_expect("levitas kit add puncture (01)" PRODUCT "(17)271119(10)LOT(21)NEW 2026-11-20", 0, "serial NEW");
	k_sleep(K_MSEC(300));
	/* As after a power-off: all that is known of the flash is read from it. */
	zassert_ok(levitas_storage_mount());
	make(record, "NEW");
	sys_put_le32(0, record + 12);
	sys_put_le32(crc32_ieee(record, BODY), record + BODY);
	for (uint32_t place = 0; place < LEVITAS_KITS_MAX; place++) {
		const int32_t size = levitas_storage_entry_read(LEVITAS_ENTRY_KITS, place, found, sizeof(found));

		is_there |= size == sizeof(found) && memcmp(found, record, sizeof(found)) == 0;
	}
	zassert_true(is_there);
}

ZTEST(kits, test_c_the_end_of_the_therapy_lies_there_at_once_and_is_written_down)
{
	uint8_t record[LEVITAS_KIT_RECORD_BYTES];
	uint32_t ended = 0;

	shell_text_expect("levitas kit end", 0, "in use no more");
	shell_text_expect("levitas kit add puncture (01)" PRODUCT "(17)271119(10)LOT(21)LAST 2026-11-20", 0, "serial LAST");
	shell_text_expect("levitas kit end", 0, "1 kit is in use no more");
	if (IS_ENABLED(CONFIG_LEVITAS_RECORDS)) {
		shell_text_expect("levitas log 5", 0, " kit 255, value 1, cause 0");
	}
	k_sleep(K_MSEC(300));
	for (uint32_t place = 0; place < LEVITAS_KITS_MAX; place++) {
		const int32_t size = levitas_storage_entry_read(LEVITAS_ENTRY_KITS, place, record, sizeof(record));

		if (size != sizeof(record) || crc32_ieee(record, BODY) != sys_get_le32(record + BODY)) {
			continue;
		}
		zassert_not_equal(record[3], 0, "place %u", place);
		ended++;
	}
	zassert_true(ended >= 2, "%u", ended);
}

static K_SEM_DEFINE(lets_go, 0, 1);

/* As a thread that was stopped while it was at the list. */
static void hold(void *unused_1, void *unused_2, void *unused_3)
{
	ARG_UNUSED(unused_1);
	ARG_UNUSED(unused_2);
	ARG_UNUSED(unused_3);
	if (levitas_kits_lock()) {
		(void)k_sem_take(&lets_go, K_FOREVER);
		levitas_kits_unlock();
	}
}

static K_THREAD_STACK_DEFINE(holder_stack, 1024);
static struct k_thread holder;

ZTEST(kits, test_d_whoever_holds_the_list_keeps_neither_limits_nor_the_operator)
{
	uint8_t record[LEVITAS_SETTINGS_BYTES];
	uint32_t bits;
	float set;

	k_thread_create(&holder, holder_stack, K_THREAD_STACK_SIZEOF(holder_stack), hold, NULL, NULL, NULL, K_PRIO_PREEMPT(1), 0, K_NO_WAIT);
	k_sleep(K_MSEC(10));
	levitas_kits_keep();
	shell_text_expect("levitas kit add puncture (01)" PRODUCT "(17)271119(21)HELD 2026-11-27", -EPERM, "somebody holds the list of kits");
	shell_text_expect("levitas kit end", -EBUSY, "somebody holds the list of kits");
	shell_text_expect("levitas kit", 0, "NOT KEPT over a power-off: error -16");
	shell_text_expect("levitas set flow_lpm_min 1.25", 0, "flow_lpm_min 1.25");
	k_sleep(K_MSEC(3000));
	zassert_equal(levitas_storage_entry_read(LEVITAS_ENTRY_SETTINGS, OPERATED_UNIT, record, sizeof(record)), sizeof(record));
	bits = sys_get_le32(record + 8 * 2);
	memcpy(&set, &bits, sizeof(set));
	zassert_equal(set, 1.25f, "limits are kept all the same");
	k_sem_give(&lets_go);
	zassert_ok(k_thread_join(&holder, K_MSEC(100)));
	levitas_kits_keep();
	k_sleep(K_MSEC(300));
	zassert_ok(levitas_kits_write_error());
	shell_text_expect("levitas set flow_lpm_min 1", 0, "");
}

static void *setup(void)
{
	shell_text_setup();
	return NULL;
}

ZTEST_SUITE(kits, NULL, setup, NULL, NULL, NULL);
