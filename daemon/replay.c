/* SPDX-License-Identifier: BSD-2-Clause */
/* replay.c - capture files into the engine. */
#include "replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "log.h"

/*
 * Theory of operation
 *
 * savefile.c reads the usual formats, and hands out frames in batches; each
 * goes through capture_frame(). What it does not know goes to libpcap, by way
 * of a FILE that gives the same octets from the first on, so a pipe can be
 * asked too.
 *
 * Several threads take the next file each when they are done with one (-j).
 * What is said of a file, records too, waits for its turn, so the output is
 * that of one thread; one that is far ahead waits when its ring is full.
 *
 * A file may hold frames of several link types. A filter expression means
 * another program for each (programs.h).
 */

#define BATCH 64 /* frames between two looks at `stop`: 3 KiB of them */

static void worse(struct replay *r, int exit_code)
{
	r->exit_code = exit_code > r->exit_code ? exit_code : r->exit_code;
}

static void fault(struct replay *r, struct replay_file *f, const char *message)
{
	capture_trouble(r->s, LOG_LEVEL_ERROR, "%s: %s", f->name, message);
	f->over = true;
	worse(r, EXIT_RUNTIME);
}

/* ---- link types ---------------------------------------------------------- */

/* Whether a link type is there; afterwards it is. */
static bool add_link_type(struct link_types *t, int link_type)
{
	uint8_t *at = &t->bit[(uint16_t)link_type / 8];
	uint8_t bit = (uint8_t)(1u << link_type % 8);
	bool there = *at & bit;

	*at |= bit;
	return there;
}

static const char *link_name(int link_type)
{
	const char *name = pcap_datalink_val_to_name(link_type);

	return name ? name : "unknown";
}

/* A link type that is new in this file. */
static void warn_unknown(struct replay *r, struct replay_file *f, int link_type)
{
	if (!dlo_link_known(link_type)) {
		capture_trouble(r->s, LOG_LEVEL_WARNING,
			"%s: link type %s (%d) is not decoded yet: its frames "
			"are only counted",
			f->name, link_name(link_type), link_type);
	}
}

static void begin(struct replay *r, struct replay_file *f, int link_type,
	unsigned snaplen)
{
	capture_file(r->s, f->name, link_type, snaplen);
	f->begun = true;
	add_link_type(&f->met, link_type);
	warn_unknown(r, f, link_type);
}

static void say_also(struct replay *r, struct replay_file *f, int link_type)
{
	const char *text = pcap_datalink_val_to_description(link_type);

	if (text) {
		capture_trouble(r->s, LOG_LEVEL_INFO,
			"%s: also link-type %s (%s)", f->name,
			link_name(link_type), text);
	}
}

/* Frames of another link type than before follow. False: not for us. */
static bool change_link_type(
	struct replay *r, struct replay_file *f, int link_type)
{
	const char *error;

	if (!add_link_type(&f->met, link_type)) {
		say_also(r, f, link_type);
		warn_unknown(r, f, link_type);
	}
	r->s->filter = programs_find(r->s->shared->programs, link_type, &error);
	if (error) {
		capture_trouble(r->s, LOG_LEVEL_ERROR,
			"%s: filter expression: link type %s: %s", f->name,
			link_name(link_type), error);
		f->over = true;
		worse(r, EXIT_USAGE);
		return false;
	}
	r->link_type = link_type;
	return true;
}

/* ---- frames -------------------------------------------------------------- */

/* Returns how many of them were taken. */
static int take(
	struct replay *r, struct replay_file *f, struct dlo_frame *v, int n)
{
	struct source *s = r->s;
	int i;

	for (i = 0; i < n && !s->done; i++) {
		if (v[i].link_type != r->link_type &&
			!change_link_type(r, f, v[i].link_type)) {
			break;
		}
		if (!capture_frame(s, &v[i])) {
			break;
		}
	}
	return i;
}

/* ---- other formats: libpcap ---------------------------------------------- */

struct foreign {
	struct replay *r;
	struct replay_file *f;
	pcap_t *pcap;
	uint64_t packet;
};

static ssize_t on_octets(void *cookie, char *buf, size_t n)
{
	struct foreign *x = cookie;
	ssize_t got = savefile_octets(x->f->file, buf, n);

	errno = got < 0 ? EIO : 0;
	return got < 0 ? -1 : got;
}

static void on_foreign(
	u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	struct foreign *x = (struct foreign *)(void *)user;
	struct dlo_frame v = {
		.ts_ns = (uint64_t)h->ts.tv_sec * 1000000000 +
			 (uint64_t)h->ts.tv_usec, /* nanoseconds: see open */
		.packet = x->packet + 1,
		.data = data,
		.caplen = h->caplen,
		.len = h->len,
		.link_type = pcap_datalink(x->pcap),
	};

	x->packet += (uint64_t)take(x->r, x->f, &v, 1);
	if (x->f->over || x->r->s->done) {
		pcap_breakloop(x->pcap);
	}
}

static void read_foreign(struct replay *r, struct replay_file *f)
{
	struct foreign x = {.r = r, .f = f};
	char error[PCAP_ERRBUF_SIZE] = "out of memory";
	FILE *file = fopencookie(
		&x, "r", (cookie_io_functions_t){.read = on_octets});
	int n = 1;

	x.pcap = file ? pcap_fopen_offline_with_tstamp_precision(
				file, PCAP_TSTAMP_PRECISION_NANO, error)
		      : NULL;
	if (!x.pcap) {
		fault(r, f, error);
		if (file) {
			fclose(file);
		}
		return;
	}
	begin(r, f, pcap_datalink(x.pcap), (unsigned)pcap_snapshot(x.pcap));
	while (n > 0 && !r->s->done && !capture_stopped(r->s)) {
		uint64_t before = x.packet;

		n = pcap_dispatch(
			x.pcap, BATCH, on_foreign, (u_char *)(void *)&x);
		capture_count(&r->s->counts.captured, x.packet - before);
	}
	if (n == PCAP_ERROR && !capture_stopped(r->s)) {
		fault(r, f, pcap_geterr(x.pcap));
	}
	f->over = true;
	pcap_close(x.pcap); /* and the FILE */
}

/* ---- a file -------------------------------------------------------------- */

void replay_init(struct replay *r, struct source *s)
{
	*r = (struct replay){.s = s, .link_type = -1};
}

bool replay_open(struct replay *r, struct replay_file *f, const char *path)
{
	char error[256];
	int verdict;

	*f = (struct replay_file){
		.name = strcmp(path, "-") == 0 ? "stdin" : path};
	verdict = savefile_open(
		path, &r->s->stop, &f->file, error, sizeof(error));
	if (verdict == SAVEFILE_ERROR) {
		fault(r, f, error);
	}
	return verdict == 0;
}

void replay_read(struct replay *r, struct replay_file *f)
{
	struct source *s = r->s;
	struct dlo_frame v[BATCH];
	unsigned snaplen;
	int link_type, n = 1;

	r->link_type = -1; /* another file, other messages */
	while (!f->over && !s->done && !capture_stopped(s)) {
		n = savefile_read(f->file, v, BATCH);
		if (n > 0) {
			n = take(r, f, v, n);
			capture_count(&s->counts.captured, (uint64_t)n);
		} else if (n == SAVEFILE_BEGIN) {
			savefile_head(f->file, &link_type, &snaplen);
			begin(r, f, link_type, snaplen);
		} else if (n == SAVEFILE_FOREIGN) {
			f->over = f->captures_only &&
				  !savefile_is_capture(f->file);
			if (!f->over) {
				read_foreign(r, f);
			}
		} else if (n == SAVEFILE_ERROR) {
			fault(r, f, savefile_error(f->file));
		} else {
			break; /* END, STOPPED */
		}
		capture_take_rules(s);
	}
}

void replay_close(struct replay *r, struct replay_file *f, bool ended)
{
	const char *cut = ended && !f->over ? savefile_cut(f->file) : NULL;

	if (cut) {
		fault(r, f, cut);
	}
	f->file = savefile_close(f->file);
}

/* ---- the files of -r, each with fresh state ------------------------------ */

/* What takes one file after the other. */
struct reader {
	struct replay replay;
	struct replay_file file;
	bool used; /* the engine has state of another file */
};

static void replay_file(struct source *s, struct reader *x, const char *path)
{
	if (!replay_open(&x->replay, &x->file, path)) {
		return;
	}
	if (x->used) {
		dlo_engine_restart(s->engine);
	}
	x->used = true;
	replay_read(&x->replay, &x->file);
	replay_close(&x->replay, &x->file, !s->done && !capture_stopped(s));
	dlo_engine_flush(s->engine, UINT64_MAX);
}

void replay_files(struct source *s)
{
	const struct texts *files = &s->shared->files;
	struct reader *x = calloc(1, sizeof(*x));
	unsigned i;

	if (!x) {
		capture_trouble(s, LOG_LEVEL_ERROR, "out of memory");
		capture_eof(s, EXIT_RUNTIME);
		return;
	}
	replay_init(&x->replay, s);
	while (!s->done && !capture_stopped(s)) {
		i = atomic_fetch_add(&s->shared->next_file, 1);
		if (i >= files->n) {
			break;
		}
		capture_turn(s, i);
		replay_file(s, x, files->text[i]);
		capture_turn_end(s);
	}
	capture_eof(s, x->replay.exit_code);
	free(x);
}
