/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sampler.c - a second in sixty, whatever the interface does. */
#include "sampler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)

/* The machine: a clock, and one interface. */
static struct {
	uint64_t now_ns;
	int status; /* of pcap_activate() */
	int dispatched; /* what pcap_dispatch() returns */
	unsigned n_open, n_opened, n_read;
} machine;

static struct pcap {
	int unused;
} handle;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	*ret = (struct timespec){.tv_sec = (time_t)(machine.now_ns / SECOND),
		.tv_nsec = (long)(machine.now_ns % SECOND)};
	return 0;
}

pcap_t *pcap_create(const char *device, char *error)
{
	(void)error;
	assert_string_equal(device, "eth0");
	machine.n_open++;
	machine.n_opened++;
	return (pcap_t *)&handle;
}

int pcap_activate(pcap_t *p)
{
	(void)p;
	return machine.status;
}

int pcap_dispatch(pcap_t *p, int n, pcap_handler callback, u_char *user)
{
	(void)p, (void)n, (void)callback, (void)user;
	machine.n_read++;
	return machine.dispatched;
}

void pcap_close(pcap_t *p)
{
	(void)p;
	machine.n_open--;
}

int pcap_set_snaplen(pcap_t *p, int v)
{
	(void)p;
	return v ? 0 : -1;
}

int pcap_set_timeout(pcap_t *p, int v)
{
	(void)p;
	return v ? 0 : -1;
}

int pcap_set_buffer_size(pcap_t *p, int v)
{
	(void)p;
	return v ? 0 : -1;
}

int pcap_set_tstamp_precision(pcap_t *p, int v)
{
	(void)p;
	return v == PCAP_TSTAMP_PRECISION_NANO ? 0 : -1;
}

int pcap_setnonblock(pcap_t *p, int on, char *error)
{
	(void)p, (void)error;
	return on ? 0 : -1;
}

const char *pcap_statustostr(int status)
{
	return status == PCAP_ERROR_PERM_DENIED ? "no right" : "something";
}

int dlo_engine_new(const struct dlo_engine_config *cfg,
	const struct dlo_ruleset *rs, struct dlo_engine **ret)
{
	(void)rs;
	assert_true(cfg->census_only);
	*ret = (struct dlo_engine *)&machine;
	return 0;
}

struct dlo_engine *dlo_engine_free(struct dlo_engine *e)
{
	(void)e;
	return NULL;
}

void dlo_engine_frame(struct dlo_engine *e, const struct dlo_frame *f)
{
	(void)e, (void)f;
}

static struct sampler s;

static void start(void)
{
	struct dlo_engine_config cfg = {0};

	memset(&machine, 0, sizeof(machine));
	machine.now_ns = 100 * SECOND;
	assert_int_equal(sampler_init(&s, "eth0", NULL, &cfg), 0);
}

/* Ticks twice a second, as an idle wire does; returns how often something was
 * told. */
static unsigned run(unsigned seconds)
{
	unsigned n_told = 0;

	for (unsigned i = 0; i < 2 * seconds; i++) {
		n_told += sampler_tick(&s) != NULL;
		machine.now_ns += SECOND / 2;
	}
	return n_told;
}

static void test_a_second_in_sixty(void **state)
{
	(void)state;
	start();
	assert_int_equal(run(1), 0);
	assert_int_equal(machine.n_open, 1);
	assert_int_equal(run(59), 0);
	assert_int_equal(machine.n_opened, 1);
	assert_int_equal(machine.n_open, 0);
	assert_int_equal(run(600), 0);
	assert_in_range(machine.n_opened, 10, 11);
	assert_int_equal(machine.n_read, 2 * machine.n_opened);
	sampler_fini(&s);
}

/* One that is not there is not told of, and looked for again. */
static void test_not_there(void **state)
{
	static const int statuses[] = {
		PCAP_ERROR_NO_SUCH_DEVICE, PCAP_ERROR_IFACE_NOT_UP};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start();
		machine.status = statuses[i];
		assert_int_equal(run(300), 0);
		assert_int_equal(machine.n_opened, 5);
		assert_int_equal(machine.n_open, 0);
		machine.status = 0;
		assert_int_equal(run(60), 0);
		assert_int_equal(machine.n_read, 2);
		sampler_fini(&s);
	}
}

/* It goes in the middle of a sample. */
static void test_gone(void **state)
{
	(void)state;
	start();
	assert_int_equal(run(1), 0);
	machine.dispatched = PCAP_ERROR;
	assert_int_equal(run(1), 0);
	assert_int_equal(machine.n_open, 0);
	machine.dispatched = 0;
	assert_int_equal(run(60), 0);
	assert_int_equal(machine.n_opened, 2);
	sampler_fini(&s);
}

/* The capture knows first. */
static void test_paused(void **state)
{
	(void)state;
	start();
	assert_int_equal(run(1), 0);
	sampler_pause(&s);
	assert_int_equal(machine.n_open, 0);
	sampler_pause(&s);
	assert_int_equal(run(58), 0);
	assert_int_equal(machine.n_opened, 1);
	assert_int_equal(run(2), 0);
	assert_int_equal(machine.n_opened, 2);
	sampler_fini(&s);
	assert_int_equal(machine.n_open, 0);
}

/* What else is wrong is told once, until it is right again. */
static void test_wrong(void **state)
{
	(void)state;
	start();
	machine.status = PCAP_ERROR_PERM_DENIED;
	assert_string_equal(sampler_tick(&s), "no right");
	machine.now_ns += SECOND;
	assert_int_equal(run(600), 0);
	assert_int_equal(machine.n_opened, 11);
	machine.status = 0;
	assert_int_equal(run(61), 0);
	assert_int_equal(machine.n_read, 2);
	/* That it goes, then, is not the error of before. */
	machine.dispatched = PCAP_ERROR;
	assert_int_equal(run(60), 0);
	machine.status = PCAP_ERROR_PERM_DENIED;
	assert_int_equal(run(300), 1);
	sampler_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_second_in_sixty),
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_paused),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
