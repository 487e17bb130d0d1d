/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnslookout.h - the only public header of libdnslookout.
 *
 * Manual
 * ------
 * The library takes frames with a time stamp and says which DNS questions in
 * them match which patterns of which lists. It has no clock, log, thread, file
 * descriptor or global variable: the caller brings bytes and time, and gets
 * records. A program uses it in three steps.
 *
 * 1. Build a rule set. dlo_builder_new(), dlo_builder_add_list() for each list
 *    text, dlo_builder_build(). The result is immutable and may be shared by
 *    any number of threads and engines. Everything that is wrong with a list
 *    comes back as a struct dlo_diag with file, line and column.
 *
 * 2. Make an engine for each source of frames: dlo_engine_new(). An engine
 *    belongs to one thread. Each frame goes to dlo_engine_frame(); what is to
 *    be said about it comes back at once through the `record` callback. Call
 *    dlo_engine_flush() at the end and, live, when the wire is idle.
 *
 * 3. Print records with dlo_text_print(), dlo_json_print() or
 *    dlo_syslog_print(), in any thread.
 *
 * dlo_explain() answers for a name in text what the packet path would say.
 *
 * Errors: 0 is success, a negative value is an errno with a minus sign, a
 * positive one an outcome that the function documents. Out-parameters named
 * ret_x are set on success only, reterr_x on failure only. No function exits,
 * logs or prints. dlo_engine_frame() calls no heap function.
 */
#ifndef DNSLOOKOUT_H
#define DNSLOOKOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLO_NAME_MAX 255 /* octets of a wire name, RFC 1035 2.3.4 */
#define DLO_NAME_TEXT_MAX 1024 /* its printed form, the NUL included */
#define DLO_PATTERN_TEXT_MAX 2048 /* a pattern's, the NUL included */
#define DLO_QUESTIONS_MAX \
	64 /* looked at in one message; the rest is counted \
	    */
#define DLO_MATCHES_MAX 16 /* pattern ids that a record carries */
#define DLO_VIA_MAX 384 /* octets of names of an answer that it carries */
#define DLO_ADDRESSES_MAX 8 /* addresses of an answer that it carries */

/* Octets that belong behind others. */
struct dlo_piece {
	const void *at;
	size_t len;
};

/* What is wrong, and where. line and col count from 1; 0: does not apply. */
struct dlo_diag {
	char file[256];
	unsigned line, col;
	char msg[256];
};

/* ---- rule sets ---------------------------------------------------------- */

/* Sigma's words, in their order. */
enum dlo_level {
	DLO_LEVEL_INFORMATIONAL,
	DLO_LEVEL_LOW,
	DLO_LEVEL_MEDIUM,
	DLO_LEVEL_HIGH,
	DLO_LEVEL_CRITICAL,
	DLO_LEVEL__N
};

enum dlo_action {
	DLO_ACTION_ALERT,
	DLO_ACTION_COUNT, /* never an alert; counted per service and client */
	DLO_ACTION_OFF, /* loaded for dlo_explain() only */
	DLO_ACTION__N
};

/* What an exception whose pattern matches does to an alert. */
enum dlo_fate {
	DLO_FATE_HIDES,
	DLO_FATE_EARLIER, /* would, but one before it does */
	DLO_FATE_EXPIRED, /* would have, until then */
	DLO_FATE_CLIENT, /* is for another client */
	DLO_FATE_SERVICE, /* for another service */
	DLO_FATE_RULE, /* for another rule */
	DLO_FATE_RANK, /* its list has a pattern that it may not hide */
	DLO_FATE__N
};

struct dlo_ruleset; /* immutable */
struct dlo_builder; /* gathers lists for one rule set */

/* What became of one list. diag[0..n_diags) are the first bad lines. */
struct dlo_list_report {
	unsigned n_patterns; /* loaded */
	unsigned n_exceptions; /* loaded: what the list itself excepts */
	unsigned n_bad; /* lines left out; lenient lists only */
	unsigned n_skipped; /* well-formed lines that mean nothing to us */
	unsigned n_diags;
	struct dlo_diag diag[10];
};

/* Makes an empty builder. -ENOMEM. The caller frees it, also after build. */
int dlo_builder_new(struct dlo_builder **ret);
struct dlo_builder *dlo_builder_free(struct dlo_builder *b); /* NULL */

/*
 * Adds one list of `len` octets, lists being numbered in the order of the
 * calls. `file` is the name for diagnostics and alerts (its last component is
 * printed in alerts; its ending tells the format). The text is copied.
 * Returns 0; 1 when the list is refused, with *reterr_diag; -ENOMEM.
 * ret_report may be NULL.
 */
int dlo_builder_add_list(struct dlo_builder *b, const char *file,
	const char *text, size_t len, struct dlo_list_report *ret_report,
	struct dlo_diag *reterr_diag);

/*
 * Adds a file of exceptions: `pattern key=value ...`, the keys being client,
 * rule, service, until, owner, reason. Numbered in the order of the calls; the
 * text is copied. *ret_n, how many, may be NULL. 0; 1 when the file is refused,
 * with *reterr_diag; -ENOMEM.
 */
int dlo_builder_add_exceptions(struct dlo_builder *b, const char *file,
	const char *text, size_t len, unsigned *ret_n,
	struct dlo_diag *reterr_diag);

/*
 * Takes what a compiled rule set holds (see below) in place of lists: there can
 * be no other, and no list. The octets of the file are pages[0..len), from
 * mmap() with MAP_PRIVATE and MAP_ANONYMOUS (a page at least): whatever comes,
 * they are the builder's, then the rule set's, which give them back by
 * munmap(). They are made read-only and looked at once, so that no file can
 * lead astray who uses them. 0; 1 when it is none, or damaged, with
 * *reterr_diag; -ENOMEM. O(len).
 */
int dlo_builder_add_compiled(struct dlo_builder *b, const char *file,
	void *pages, size_t len, struct dlo_diag *reterr_diag);

/* Compiles. The builder is then empty. 0; 1 with *reterr_diag; -ENOMEM. */
int dlo_builder_build(struct dlo_builder *b, struct dlo_ruleset **ret,
	struct dlo_diag *reterr_diag);
struct dlo_ruleset *dlo_ruleset_free(struct dlo_ruleset *rs); /* NULL */

/* One pattern as loaded. Strings live as long as the rule set. */
struct dlo_pattern_info {
	const char *file; /* last component of the list's name */
	const char *path; /* as given to dlo_builder_add_list() */
	unsigned line;
	const char *rule_id, *title, *category; /* category "" where none */
	const char *service; /* "" where none */
	const char *note; /* "" where none */
	const char *const *tags; /* n_tags Sigma tags: "attack.t1090.002" */
	unsigned n_tags;
	enum dlo_level level;
	enum dlo_action action;
};
unsigned dlo_ruleset_n_lists(const struct dlo_ruleset *rs);

/* One of these lists, and what became of it; i is 0..n_lists-1. */
struct dlo_source_info {
	const char *path; /* as given to dlo_builder_add_list() */
	unsigned n_patterns, n_exceptions, n_bad,
		n_skipped; /* struct dlo_list_report */
};
void dlo_ruleset_source(
	const struct dlo_ruleset *rs, unsigned i, struct dlo_source_info *ret);

unsigned dlo_ruleset_n_patterns(const struct dlo_ruleset *rs);
size_t dlo_ruleset_bytes(const struct dlo_ruleset *rs);
/* id is 0..n_patterns-1, in the order of list and line. */
void dlo_ruleset_pattern(const struct dlo_ruleset *rs, uint32_t id,
	struct dlo_pattern_info *ret);
/*
 * Prints the pattern's text, in canonical form with = and * kept. buf holds
 * DLO_PATTERN_TEXT_MAX octets, the NUL included. Returns the length.
 */
size_t dlo_ruleset_text(const struct dlo_ruleset *rs, uint32_t id, char *buf);

/* One exception as loaded. Strings live as long as the rule set, "" where there
 * is none. */
struct dlo_exception_info {
	const char *text; /* canonical: pattern and conditions */
	const char *file; /* last component of the file's name */
	const char *path; /* as given to dlo_builder_add_exceptions() */
	const char *pattern, *client, *rule, *service, *until, *owner, *reason;
	uint64_t end_ns; /* hides nothing from then on; UINT64_MAX: always */
	uint64_t identity; /* the same for another date, owner, reason, place */
	unsigned line;
	bool of_list; /* a list's own, of its alerts only: nobody here wrote it
		       */
};
unsigned dlo_ruleset_n_exceptions(const struct dlo_ruleset *rs);
/* i is 0..n_exceptions-1, in the order of file and line: of several that hide
 * an alert, the first does. */
const struct dlo_exception_info *dlo_ruleset_exception(
	const struct dlo_ruleset *rs, uint32_t i);

/*
 * A rule set as one file: what was built, of lists that nobody has to read
 * again. It can be used by the same version on the same kind of machine. Others
 * may add exceptions to those that it has.
 */
struct dlo_compiled;

/* Puts one together. The rule set must outlive it; built_s, seconds since the
 * epoch, is kept in it. -ENOMEM. O(octets). */
int dlo_compiled_new(const struct dlo_ruleset *rs, uint64_t built_s,
	struct dlo_compiled **ret);
struct dlo_compiled *dlo_compiled_free(struct dlo_compiled *c); /* NULL */

/* What is to be written, in order; the compiled set's. */
const struct dlo_piece *dlo_compiled_pieces(
	const struct dlo_compiled *c, size_t *ret_n);

/* Whether data[0..len) begins as such a file does. */
bool dlo_compiled_is(const void *data, size_t len);

/* When a rule set was compiled to a file; 0: it was built of lists. */
uint64_t dlo_ruleset_built(const struct dlo_ruleset *rs);

/* What an exception is good for, with the lists of its rule set. */
enum dlo_need {
	DLO_NEED_NONE, /* nothing: no list has its rule and service */
	DLO_NEED_ALIAS, /* none of their names; but answers may lead from one of
			   its own to a listed one */
	DLO_NEED_NAME, /* there are names that it and a list both mean */
};
/* ret[0..n_exceptions). -ENOMEM. O(patterns * exceptions), seconds for a
 * million of the one and a thousand of the other. */
int dlo_ruleset_needs(const struct dlo_ruleset *rs, enum dlo_need *ret);

const char *dlo_level_name(enum dlo_level level);
unsigned dlo_level_severity(enum dlo_level level); /* 1 21 47 73 99 */
const char *dlo_action_name(enum dlo_action action);

/* ---- frames in ---------------------------------------------------------- */

struct dlo_frame {
	uint64_t ts_ns; /* since the epoch */
	uint64_t packet; /* number in its file or interface, from 1 */
	const uint8_t *data;
	uint32_t caplen, len; /* octets there, octets on the wire */
	int link_type; /* DLT_ value; may differ from frame to frame */
};

/* ---- records out -------------------------------------------------------- */

enum dlo_record_kind {
	DLO_RECORD_QUESTION, /* a question; alerts on it follow */
	DLO_RECORD_ALERT, /* one (rule, service) that matched the question */
	DLO_RECORD_CLOSING, /* what a limit window held back, counted */
	DLO_RECORD_BYTES, /* a piece of the frame, for -e and -X; none of a
			     message that never became whole */
	DLO_RECORD__N
};

/* Of all records of one message, the first and the last. */
#define DLO_RECORD_FIRST 1u
#define DLO_RECORD_LAST 2u

/* What ldns made of the question of an alert. */
enum dlo_decoded {
	DLO_DECODED_NONE, /* not asked */
	DLO_DECODED_OK, /* ldns decoded the same question */
	DLO_DECODED_BAD, /* ldns refused it or read another */
	DLO_DECODED_SKIPPED, /* over the budget of decodings a second */
};

enum dlo_transport { DLO_UDP, DLO_TCP };

/* One message's envelope and header. */
struct dlo_meta {
	/* Of the frame that made it whole; partial: of its first. */
	uint64_t ts_ns, packet;
	uint8_t src[16], dst[16]; /* innermost; IPv4 in the first 4 octets */
	uint16_t sport, dport;
	uint8_t ip_version; /* 4, 6 */
	uint8_t transport; /* enum dlo_transport */
	uint8_t n_vlans;
	uint8_t partial; /* 1: it never became whole, its beginning was judged
			  */
	uint32_t ifindex; /* interface, in Linux cooked v2; 0: not told */
	uint16_t vlan[4]; /* 12-bit ids, outermost first */
	uint16_t id, flags; /* RFC 1035 4.1.1: second word as it stands */
	uint16_t n_questions, n_answers, n_authority, n_additional;
	uint16_t dns_len; /* octets of the message, as sent */
	uint16_t n_seen; /* questions read before the first damaged one */
};

/*
 * One thing to be printed. Copied by value through the daemon's ring, so no
 * pointer in it but `rules`, which must outlive it. At most 1 KiB.
 */
struct dlo_record {
	const struct dlo_ruleset *rules;
	uint16_t kind; /* enum dlo_record_kind */
	uint16_t flags; /* DLO_RECORD_FIRST, _LAST */
	uint16_t qtype, qclass;
	uint16_t question; /* its index in the message, from 0 */
	uint8_t name_len; /* 0: no question (qdcount 0, or a closing line) */
	uint8_t decoded; /* enum dlo_decoded */
	uint8_t level; /* enum dlo_level; highest of the matches */
	uint8_t n_matches; /* carried */
	uint16_t n_bytes; /* BYTES */
	uint32_t expired; /* ALERT: an exception hid it until then: its number
			     + 1; 0: none did */
	uint32_t n_matches_total; /* of this (rule, service) */
	uint32_t match[DLO_MATCHES_MAX]; /* pattern ids, ascending */
	/* CLOSING: alerts held back. ALERT: on how many interfaces the look-up
	 * was seen, for who merges such alerts; else 0. */
	uint64_t count;
	uint64_t first_ns, last_ns; /* CLOSING: of them */
	uint32_t n_clients; /* CLOSING: 1, or 0 for "all clients together" */
	uint32_t frame_len; /* BYTES: of the whole frame on the wire */
	uint16_t net_off; /* BYTES: octets of link header in this frame */
	uint16_t at; /* BYTES: offset of the piece in the frame */
	int link_type; /* BYTES: DLT_ value of the frame */
	/*
	 * Of an answer. `via` holds n_via names, each a type of two octets and
	 * the wire form. ALERT: the way from the question to the name that
	 * matched, the last one; type 0 is a name that no alias leads to.
	 * QUESTION, the first one of a message: the targets of the aliases as
	 * they stand. When not all fit, the first ones, and of a way the last.
	 */
	uint16_t via_len; /* octets */
	uint8_t n_via, n_via_total;
	uint8_t n_addresses;
	uint8_t address_v6; /* bit i: address[i] is IPv6 */
	uint16_t n_addresses_total;
	struct dlo_meta meta;
	union {
		__extension__ struct { /* for C++ and for C before 2011 */
			/* wire form as sent, uncompressed */
			uint8_t name[DLO_NAME_MAX];
			uint8_t via[DLO_VIA_MAX];
			uint8_t address[DLO_ADDRESSES_MAX][16];
		};
		uint8_t bytes[512];
	} u;
};

/* ---- counters ----------------------------------------------------------- */

/*
 * Each frame adds one to exactly one of CARRIERS and the counters of kind STOP
 * and BLIND (a STOP that may hide DNS).
 * A carrier is a frame that made at least one message whole: one, but for TCP.
 * Wi-Fi frames may hold several (A-MSDU): each is counted as a frame. Each
 * message adds one to exactly one of MESSAGES and the counters of kind FAULT
 * and BAD (a FAULT that is its sender's). A message that never became whole has
 * no carrier, and is counted (in PARTIAL too) only if it was judged.
 *
 * The text of a FLOW stands before its number ("jumps back in time: 1"), that
 * of a reason behind it ("1 in fragments"), so that each reads right for one
 * and for many.
 *
 * X(symbol, kind, name, text)
 */
#define DLO_STATS(X) \
	X(FRAMES, FLOW, "frames", "frames read") \
	X(CARRIERS, FLOW, "carriers", "frames that made messages whole") \
	X(MESSAGES, FLOW, "messages", "DNS messages") \
	X(PARTIAL, FLOW, "partial", \
		"messages judged though their end never came") \
	X(TCP_MESSAGES, FLOW, "tcp_messages", "messages over TCP") \
	X(TCP_GAPS, FLOW, "tcp_gaps", \
		"gaps in TCP connections, given up (packets not captured?)") \
	X(FRAGMENTS_WHOLE, FLOW, "fragments_whole", \
		"packets put together from IP fragments") \
	X(FRAGMENTS_LOST, FLOW, "fragments_lost", \
		"fragmented packets given up, a fragment never came") \
	X(EVICTED, FLOW, "evicted", \
		"incomplete packets and connections given up early for want " \
		"of room") \
	X(OVERLAP, FLOW, "overlap", \
		"fragments and segments that contradict an earlier one, " \
		"which " \
		"was believed") \
	X(QUERIES, FLOW, "queries", "queries") \
	X(QUERIES_TCP, FLOW, "queries_tcp", "queries over TCP") \
	X(RESPONSES, FLOW, "responses", "responses") \
	X(QUESTIONS, FLOW, "questions", "questions") \
	X(QUESTIONS_OVER, FLOW, "questions_over", \
		"questions beyond the 64th of a message, not looked at") \
	X(DAMAGED, FLOW, "damaged", \
		"messages with a damaged question after whole ones") \
	X(ANSWERS_DAMAGED, FLOW, "answers_damaged", \
		"responses with a damaged answer section") \
	X(ALIASES_OVER, FLOW, "aliases_over", \
		"aliases beyond the 32nd of a response, not looked at") \
	X(ALIAS_LOOPS, FLOW, "alias_loops", \
		"responses whose aliases run in a circle") \
	X(HITS, FLOW, "hits", "names that matched a pattern") \
	X(MATCHES_OVER, FLOW, "matches_over", \
		"matches beyond the 1024th of a question, not looked at") \
	X(ALERTS, FLOW, "alerts", "alerts") \
	X(SUPPRESSED, FLOW, "suppressed", \
		"alerts held back by the limit, counted in closing lines") \
	X(CLOSINGS, FLOW, "closings", "closing lines") \
	X(EXCEPTED, FLOW, "excepted", "alerts and counts that exceptions hid") \
	X(COUNTED, FLOW, "counted", "look-ups of services that only count") \
	X(DECODE_BAD, FLOW, "decode_bad", \
		"alerts whose question ldns refused") \
	X(DECODE_SKIPPED, FLOW, "decode_skipped", \
		"alerts beyond the ldns budget") \
	X(TIME_BACK, FLOW, "time_back", "jumps back in time") \
	X(NO_LINK, BLIND, "no_link", "of a link type that is not decoded") \
	X(NOT_IP, BLIND, "not_ip", "not IP") \
	X(TOO_DEEP, BLIND, "too_deep", "with too many layers") \
	X(CUT_LINK, BLIND, "cut_link", "cut in the link header") \
	X(CUT_IP, BLIND, "cut_ip", "cut in the IP header") \
	X(CUT_TRANSPORT, BLIND, "cut_transport", \
		"cut in the UDP or TCP header") \
	X(BAD_IP, BLIND, "bad_ip", "with a damaged IP header") \
	X(BAD_UDP, STOP, "bad_udp", "with a damaged UDP header") \
	X(BAD_TCP, STOP, "bad_tcp", "with a damaged TCP header") \
	X(ENCRYPTED, BLIND, "encrypted", "encrypted (Wi-Fi, MACsec)") \
	X(ESP, BLIND, "esp", "encrypted (IPsec ESP)") \
	X(NOT_DATA, STOP, "not_data", \
		"of Wi-Fi or tunnel control, without a packet") \
	X(BAD_TUNNEL, BLIND, "bad_tunnel", \
		"with a damaged or cut tunnel header") \
	X(ICMP, STOP, "icmp", "ICMP (what errors quote is not looked at)") \
	X(NOT_UDP, STOP, "not_udp", "neither UDP nor TCP") \
	X(FRAGMENT_HELD, STOP, "fragment_held", \
		"in fragments, held for the rest") \
	X(FRAGMENT_FULL, BLIND, "fragment_full", \
		"in fragments, without room for them") \
	X(FRAGMENT_BAD, STOP, "fragment_bad", \
		"in fragments that fit into no packet") \
	X(FRAGMENT_AGAIN, STOP, "fragment_again", \
		"in fragments of a packet already dealt with") \
	X(TCP_EMPTY, STOP, "tcp_empty", "in TCP without data") \
	X(TCP_HELD, STOP, "tcp_held", "in TCP, held for the rest") \
	X(TCP_FULL, BLIND, "tcp_full", "in TCP, without room for them") \
	X(TCP_AGAIN, STOP, "tcp_again", "in TCP, sent again") \
	X(TCP_LOST, BLIND, "tcp_lost", "in TCP, where no message begins") \
	X(NOT_DNS_PORT, STOP, "not_dns_port", "not on a DNS port") \
	X(ODD_PORT, STOP, "odd_port", \
		"like DNS on another port (--any-port reads them)") \
	X(EMPTY, STOP, "empty", "empty, on a DNS port") \
	X(BAD_HEADER, BAD, "bad_header", "with a DNS header cut short") \
	X(BAD_NAME, BAD, "bad_name", \
		"without a readable name in the question") \
	X(BAD_QUESTION, BAD, "bad_question", \
		"with a name without type and class") \
	X(CUT_DNS, FAULT, "cut_dns", "cut by the snap length in the question") \
	X(NO_QUESTION, FAULT, "no_question", "without a question")

enum dlo_stat {
#define DLO_X(symbol, kind, name, text) DLO_STAT_##symbol,
	DLO_STATS(DLO_X)
#undef DLO_X
		DLO_STAT__N
};

/* What a counter says went no further, and why. */
enum dlo_ends { DLO_ENDS_NOTHING, DLO_ENDS_FRAME, DLO_ENDS_MESSAGE };

struct dlo_stat_info {
	const char *name, *text;
	enum dlo_ends ends;
	bool blind; /* a frame's, and may hide DNS: many are no good sign */
	bool bad; /* a message's, and its sender's fault */
};
struct dlo_stat_info dlo_stat_info(enum dlo_stat stat);

/* ---- the engine --------------------------------------------------------- */

struct dlo_engine;
struct dlo_engine_rules; /* see dlo_engine_rules_new() */

struct dlo_engine_config {
	bool all; /* a record for every message, not only alerts */
	bool alerts_only; /* no QUESTION records; not with `all` */
	bool bytes; /* BYTES records too */
	unsigned limit_n, limit_s; /* 0: no limit */
	/* Whose limit is shared: alerts of several engines, each with its share
	 * of the traffic, count as those of one. Of the same rule set; looked
	 * at by dlo_engine_new() and dlo_engine_rules_new() only. NULL:
	 * nobody's. */
	const struct dlo_engine_rules *limit_of;
	uint16_t dns_port[32];
	unsigned n_dns_ports;
	bool any_port; /* what looks like DNS is DNS on any other port too */
	bool census_only; /* look at layers, not into messages: small */
	uint64_t seed; /* of tables that grow from traffic: random live, fixed
			  in replay */
	/* Called for each record, in the thread of dlo_engine_frame(). */
	void (*record)(void *ctx, const struct dlo_record *rec);
	void *ctx;
};

/* Fills in the defaults: port 53, no limit. */
void dlo_engine_config_init(struct dlo_engine_config *cfg);

/*
 * Makes an engine with all its tables, of fixed size. -ENOMEM; -EINVAL for a
 * config out of range. The rule set must outlive it, or be swapped before.
 */
int dlo_engine_new(const struct dlo_engine_config *cfg,
	const struct dlo_ruleset *rs, struct dlo_engine **ret);
struct dlo_engine *dlo_engine_free(struct dlo_engine *e); /* NULL */

/* Whether frames of that DLT_ value can be decoded. */
bool dlo_link_known(int link_type);

/* Takes one frame along the whole path. Never fails: every end is counted. */
void dlo_engine_frame(struct dlo_engine *e, const struct dlo_frame *f);

/*
 * Closes what time has closed by now_ns (packet time), or, with UINT64_MAX, all
 * windows: at the end of a file. Those of a limit that is shared stay open
 * while another engine that has it goes on. Messages that wait for the rest too
 * long, or then all, are judged as far as they came.
 */
void dlo_engine_flush(struct dlo_engine *e, uint64_t now_ns);

/*
 * A new file begins: forgets all state but the counters and tallies. Call
 * dlo_engine_flush() before.
 */
void dlo_engine_restart(struct dlo_engine *e);

/*
 * What an engine has of one rule set: with its windows and tallies. Made and
 * freed in any thread; between the two calls of dlo_engine_swap() that put it
 * into an engine and take it out, it is the engine's. Of cfg's seed and limits.
 * The rule set must outlive it. -ENOMEM; -EINVAL.
 */
int dlo_engine_rules_new(const struct dlo_engine_config *cfg,
	const struct dlo_ruleset *rs, struct dlo_engine_rules **ret);
struct dlo_engine_rules *dlo_engine_rules_free(
	struct dlo_engine_rules *r); /* NULL */

/*
 * Exchanges the rules between two frames; returns the old ones, to be freed.
 * Their open windows are closed, unless another engine has them too, with
 * records that refer to the old set.
 * Counters, and what waits to be put together, go on. No heap; O(open windows).
 */
struct dlo_engine_rules *dlo_engine_swap(
	struct dlo_engine *e, struct dlo_engine_rules *rules);

/* Those in use; the engine's. NULL: a census has none. */
struct dlo_engine_rules *dlo_engine_rules(const struct dlo_engine *e);

/* How often exception i of their rule set hid something, and the packet time of
 * the newest (0: never). Any thread. */
uint64_t dlo_engine_rules_exception(
	const struct dlo_engine_rules *r, uint32_t i, uint64_t *ret_last_ns);

/* A counter's value. May be called from any thread. */
uint64_t dlo_engine_stat(const struct dlo_engine *e, enum dlo_stat stat);

/* ---- the census --------------------------------------------------------- */

/* What a row counts. */
enum dlo_census_part {
	DLO_CENSUS_LAYERS, /* headers met, of each kind */
	DLO_CENSUS_VLANS, /* VLAN tags met, of each id */
	DLO_CENSUS_ENCRYPTED, /* frames to resolvers whose DNS cannot be seen */
	DLO_CENSUS__N
};

struct dlo_census_row {
	enum dlo_census_part part;
	const char *name; /* short: "vxlan", "17"; valid during the call */
	const char *text; /* for people: "VXLAN", "17" */
	uint64_t count; /* not 0 */
};

/* Engines that share the work of one place, at most. */
#define DLO_ENGINES_MAX 256u

/* Calls row() for each thing that any of n engines met, with their sum; any
 * thread. */
void dlo_engine_census(const struct dlo_engine *const *e, unsigned n,
	void (*row)(void *ctx, const struct dlo_census_row *row), void *ctx);

/* About how many addresses sent queries that any of n engines saw: within some
 * percent, at most 765,000. Any thread. */
uint64_t dlo_engine_clients(const struct dlo_engine *const *e, unsigned n);

/* One row of what lists with action `count` counted; ip_version 0: of all
 * clients that found no place in the table. */
struct dlo_tally_row {
	const char *rule_id, *title, *category, *service;
	uint8_t client[16];
	uint8_t ip_version; /* 0: other clients */
	uint64_t count;
};
/* Calls row() for each; not while an engine that they are in takes a frame. */
void dlo_engine_rules_tally(const struct dlo_engine_rules *r,
	void (*row)(void *ctx, const struct dlo_tally_row *row), void *ctx);

/* ---- explaining --------------------------------------------------------- */

struct dlo_explanation {
	char name[DLO_NAME_TEXT_MAX]; /* canonical */
	uint32_t n_matches; /* all of them */
	const uint32_t *match; /* pattern ids, ascending */
	/* What the packet path's own function makes of them, one for each
	 * (rule, service): look at `action`, only some are alerts. */
	uint32_t n_alerts;
	const struct dlo_explained_alert {
		const uint32_t *match;
		uint32_t n_matches;
		enum dlo_level level;
		enum dlo_action action;
		uint32_t excepted; /* by that exception: its number + 1 */
	} * alert;
	/* What each exception whose pattern matches does to each alert or
	 * count, in the order of exceptions. */
	uint32_t n_exceptions;
	const struct dlo_explained_exception {
		uint32_t exception, alert; /* numbers */
		enum dlo_fate fate;
	} * exception;
};
const char *dlo_fate_name(enum dlo_fate fate); /* "hides", "expired", ... */

struct dlo_explainer; /* scratch space for explaining, one thread's */
int dlo_explainer_new(const struct dlo_ruleset *rs, struct dlo_explainer **ret);
struct dlo_explainer *dlo_explainer_free(struct dlo_explainer *x); /* NULL */

/* Who asks, and when, from now on: a client of that IP version, 4 or 6; 0, and
 * so at first: nobody whom an exception names, at the epoch. */
void dlo_explainer_ask(struct dlo_explainer *x, const uint8_t *client,
	unsigned ip_version, uint64_t ts_ns);

/*
 * Explains a name in text, escapes and all (IDN labels become A-labels).
 * Returns 0, 1 with *reterr_diag (col is the offending octet) when it is no
 * name; -ENOMEM. The result lives until the next call.
 */
int dlo_explain(struct dlo_explainer *x, const char *text, size_t len,
	struct dlo_explanation *ret, struct dlo_diag *reterr_diag);

/* ---- printing ----------------------------------------------------------- */

/* Where records come from, as far as outputs name it. NULL: leave out. */
struct dlo_origin {
	const char *capture; /* file */
	const char *interface;
	const char *hostname;
	/* Of an alert with a count: the other interfaces. */
	const char *const *others;
	unsigned n_others;
};

/* tcpdump's line for one message: feed all its records in order. */
struct dlo_text;
struct dlo_text_options {
	bool link, hex, hex_link, verbose, quiet, color; /* hex_link: -XX */
};
int dlo_text_new(const struct dlo_text_options *o, struct dlo_text **ret);
struct dlo_text *dlo_text_free(struct dlo_text *t); /* NULL */
/*
 * Takes a record. When it completes a line, returns its length and sets *ret
 * (no time stamp before, a newline after; valid until the next call); else 0.
 * *ret_ts_ns is the packet time of the line.
 */
size_t dlo_text_print(struct dlo_text *t, const struct dlo_record *rec,
	const char **ret, uint64_t *ret_ts_ns);

/*
 * ECS JSON, one object without a newline. Returns its length, at most cap - 1;
 * what is too long is left out field by field, never cut. 0: no object for
 * this record. cap is at least 4096.
 */
size_t dlo_json_print(const struct dlo_record *rec,
	const struct dlo_origin *origin, char *buf, size_t cap);

/*
 * Any octets as a JSON string, quotes included: what is not UTF-8 becomes
 * U+FFFD. Returns its length, at most cap - 1; 0: it does not fit.
 */
size_t dlo_json_string(const char *text, char *buf, size_t cap);

/* key=value, one line without a newline, at most 1,024 octets less `room`
 * (what the caller puts before it). Same returns. */
size_t dlo_syslog_print(const struct dlo_record *rec,
	const struct dlo_origin *origin, size_t room, char *buf, size_t cap);

#ifdef __cplusplus
}
#endif

#endif
