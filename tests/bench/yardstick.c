/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * yardstick - P, the measure of replay speed: libpcap's loop over a file with
 * a callback that only counts. What a sniffer costs is told as a multiple.
 */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void count(
	uint8_t *user, const struct pcap_pkthdr *head, const uint8_t *data)
{
	(void)head;
	(void)data;
	++*(uint64_t *)(void *)user;
}

int main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE];
	uint64_t n = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: yardstick FILE\n");
		return 2;
	}
	pcap_t *p = pcap_open_offline(argv[1], why);
	if (!p) {
		fprintf(stderr, "yardstick: %s\n", why);
		return EXIT_FAILURE;
	}
	int err = pcap_loop(p, -1, count, (uint8_t *)&n);
	if (err) {
		fprintf(stderr, "yardstick: %s\n", pcap_geterr(p));
	}
	printf("%llu\n", (unsigned long long)n);
	pcap_close(p);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
