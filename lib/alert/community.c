/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * community.c - Community ID flow hashing, version 1 (Corelight's
 * specification, github.com/corelight/community-id-spec): joins our events to
 * those of Zeek and Suricata.
 */
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "alert/names.h"

static size_t put_octets(uint8_t *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return n;
}

const char *dlo_community_id(
	const struct dlo_meta *m, char ret[DLO_COMMUNITY_TEXT_MAX])
{
	size_t size = m->ip_version == 6 ? 16 : 4, n = 2; /* seed 0 */
	uint8_t flow[2 + 16 + 16 + 2 + 2 + 2] = {0};
	uint8_t digest[SHA_DIGEST_LENGTH];
	uint8_t port[2][2] = {{(uint8_t)(m->sport >> 8), (uint8_t)m->sport},
		{(uint8_t)(m->dport >> 8), (uint8_t)m->dport}};
	int order = memcmp(m->src, m->dst, size);
	/* The lower end of the flow comes first, so both ways have one id. */
	bool turn = order > 0 || (order == 0 && m->sport > m->dport);

	n += put_octets(flow + n, turn ? m->dst : m->src, size);
	n += put_octets(flow + n, turn ? m->src : m->dst, size);
	flow[n] = m->transport == DLO_TCP ? 6 : 17;
	n += 2;
	n += put_octets(flow + n, port[turn], 2);
	n += put_octets(flow + n, port[!turn], 2);
	SHA1(flow, n, digest);
	memcpy(ret, "1:", 2);
	EVP_EncodeBlock((unsigned char *)ret + 2, digest, sizeof(digest));
	return ret;
}
