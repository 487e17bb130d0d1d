/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sender - sends the frames of a capture over and over, paced or as fast as
 * the kernel takes them. For interfaces of network namespaces of our own.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <pcap/pcap.h>

enum { BATCH = 64, FRAMES_MAX = 200000, FRAME_MAX = 1514 };

struct frames {
	struct iovec *v;
	size_t n;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int load(const char *path, struct frames *ret)
{
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *head;
	const uint8_t *data;
	struct iovec *v = calloc(FRAMES_MAX, sizeof(*v));
	size_t n = 0;
	pcap_t *p = pcap_open_offline(path, why);

	if (!p || !v) {
		fprintf(stderr, "sender: %s\n", p ? strerror(ENOMEM) : why);
		return -1;
	}
	while (n < FRAMES_MAX && pcap_next_ex(p, &head, &data) == 1) {
		if (head->caplen < 14 || head->caplen > FRAME_MAX) {
			continue;
		}
		v[n].iov_base = malloc(head->caplen);
		v[n].iov_len = head->caplen;
		if (!v[n].iov_base) {
			return -1;
		}
		memcpy(v[n++].iov_base, data, head->caplen);
	}
	pcap_close(p);
	*ret = (struct frames){.v = v, .n = n};
	return n ? 0 : -1;
}

static int open_socket(const char *interface)
{
	const int on = 1, octets = 8 << 20;
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(interface)};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || !to.sll_ifindex ||
		bind(fd, (struct sockaddr *)&to, sizeof(to))) {
		fprintf(stderr, "sender: %s: %s\n", interface, strerror(errno));
		return -1;
	}
	/* Both only make it faster. */
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets));
	return fd;
}

static uint64_t send_batch(int fd, struct mmsghdr *m, unsigned n)
{
	uint64_t n_failed = 0;

	for (unsigned i = 0; i < n;) {
		int sent = sendmmsg(fd, m + i, n - i, 0);
		if (sent <= 0) {
			n_failed++;
			i++;
		} else {
			i += (unsigned)sent;
		}
	}
	return n_failed;
}

int main(int argc, char **argv)
{
	struct frames f;
	static struct mmsghdr m[BATCH];

	if (argc != 5) {
		fprintf(stderr, "usage: sender INTERFACE FILE COUNT "
				"PACKETS_A_SECOND\n(0: as fast as it goes)\n");
		return 2;
	}
	uint64_t want = strtoull(argv[3], NULL, 10), n_done = 0, n_failed = 0;
	double rate = strtod(argv[4], NULL);
	int fd = open_socket(argv[1]);
	if (fd < 0 || load(argv[2], &f)) {
		return EXIT_FAILURE;
	}
	double start = now_s();
	for (size_t at = 0; n_done < want;) {
		unsigned n = want - n_done < BATCH ? (unsigned)(want - n_done)
						   : BATCH;
		for (unsigned i = 0; i < n; i++) {
			m[i].msg_hdr.msg_iov = &f.v[at];
			m[i].msg_hdr.msg_iovlen = 1;
			at = at + 1 == f.n ? 0 : at + 1;
		}
		n_failed += send_batch(fd, m, n);
		n_done += n;
		while (rate > 0 && now_s() < start + (double)n_done / rate) {
			/* Pacing by sleep would come in bursts. */
		}
	}
	double took = now_s() - start;
	printf("sent %" PRIu64 " failed %" PRIu64 " in %.3f s: %.0f a second\n",
		n_done - n_failed, n_failed, took, (double)n_done / took);
	close(fd);
	return EXIT_SUCCESS;
}
