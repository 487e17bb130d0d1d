/* SPDX-License-Identifier: BSD-2-Clause */
/* chain.c - from a question along the aliases of its answer. */
#include "wire/chain.h"

#include <string.h>

#include "wire/fold.h"

/*
 * Theory of operation
 *
 * Breadth first: order[] is the queue. A name that is taken from it takes all
 * links that begin there and that nobody has taken, and appends them. So each
 * link has one way, a shortest one, and loops end by themselves; they are found
 * by comparing what a link leads to with the names on its way.
 */

/* A name on the way, and where it comes from. */
struct place {
	const struct dlo_name *name;
	uint64_t hash;
	uint8_t from, n_hops;
	uint8_t label[DLO_LABELS_MAX + 1]; /* offsets, the root's too; only
					      where there are DNAMEs */
};

static const struct dlo_answer_link *link_of(
	const struct dlo_chain *c, unsigned i)
{
	return &c->answer->link[i];
}

static void find_labels(struct place *p)
{
	size_t at = 0;

	for (unsigned i = 0; i <= p->name->n_labels; i++) {
		p->label[i] = (uint8_t)at;
		at += p->name->wire[at] + 1u;
	}
}

/* Makes the name that DNAME i gives to a name; false: it gives none. */
static bool redirect(struct dlo_chain *c, unsigned i, const struct place *p)
{
	const struct dlo_name *name = p->name;
	const struct dlo_name *owner = &link_of(c, i)->owner;
	const struct dlo_name *target = &link_of(c, i)->target;
	uint8_t *wire = c->made[i].wire;
	size_t keep, off = 0;

	if (owner->n_labels >= name->n_labels) {
		return false;
	}
	keep = p->label[name->n_labels - owner->n_labels];
	if (name->len - keep != owner->len ||
		!dlo_fold_equal(name->wire + keep, owner->wire, owner->len) ||
		keep + target->len > DLO_NAME_MAX) {
		return false;
	}
	memset(c->made[i].pad, 0, sizeof(c->made[i].pad));
	memcpy(wire, name->wire, keep);
	memcpy(wire + keep, target->wire, target->len);
	(void)dlo_name_walk(wire, keep + target->len, &off, &c->link[i].name);
	c->name_hash[i] = dlo_fold_hash(&c->link[i].name, 0);
	return true;
}

static bool same(const struct dlo_name *a, uint64_t a_hash,
	const struct dlo_name *b, uint64_t b_hash)
{
	return a_hash == b_hash && dlo_fold_same(a, b);
}

/* Whether link i begins at the name; if so, link[i].name is what it leads to.*/
static bool begins_at(struct dlo_chain *c, unsigned i, const struct place *p)
{
	const struct dlo_answer_link *l = link_of(c, i);

	if (l->type == DLO_RR_DNAME) {
		return redirect(c, i, p);
	}
	return same(&l->owner, c->owner_hash[i], p->name, p->hash);
}

/* Whether another link in order[first..n_reached) leads to the same name. */
static bool has_twin(const struct dlo_chain *c, unsigned i, unsigned first)
{
	for (unsigned k = first; k < c->n_reached; k++) {
		unsigned other = c->order[k];

		if (same(&c->link[i].name, c->name_hash[i],
			    &c->link[other].name, c->name_hash[other])) {
			return true;
		}
	}
	return false;
}

/* Whether link i leads back to the question or to a name on its way. */
static bool leads_back(const struct dlo_chain *c, unsigned i,
	const struct dlo_name *question, uint64_t question_hash)
{
	const struct dlo_name *name = &c->link[i].name;
	unsigned at = c->link[i].from;

	for (; at != DLO_CHAIN_QUESTION; at = c->link[at].from) {
		if (same(name, c->name_hash[i], &c->link[at].name,
			    c->name_hash[at])) {
			return true;
		}
	}
	return same(name, c->name_hash[i], question, question_hash);
}

/* Takes all links that begin at a name. DNAMEs come second: they are twins of
 * their CNAMEs, not the other way round. */
static void take(struct dlo_chain *c, struct place *p)
{
	unsigned first = c->n_reached, n_passes = c->has_dname ? 2 : 1;

	if (c->has_dname) {
		find_labels(p);
	}
	for (unsigned pass = 0; pass < n_passes; pass++) {
		for (unsigned i = 0; i < c->answer->n_links; i++) {
			struct dlo_chain_link *l = &c->link[i];
			bool dname = link_of(c, i)->type == DLO_RR_DNAME;

			if (dname != pass || l->n_hops > 0 ||
				!begins_at(c, i, p)) {
				continue;
			}
			if (p->n_hops == DLO_CHAIN_HOPS) {
				c->too_long = true;
				l->name = link_of(c, i)->target;
				continue;
			}
			l->from = p->from;
			l->n_hops = (uint8_t)(p->n_hops + 1);
			l->twin = has_twin(c, i, first);
			c->order[c->n_reached++] = (uint8_t)i;
		}
	}
}

static void start(struct dlo_chain *c, const struct dlo_answer *a)
{
	c->answer = a;
	c->loop = false;
	c->too_long = false;
	c->has_dname = false;
	c->n_reached = 0;
	for (unsigned i = 0; i < a->n_links; i++) {
		c->link[i] = (struct dlo_chain_link){
			.name = a->link[i].target, .from = DLO_CHAIN_UNREACHED};
		c->has_dname |= a->link[i].type == DLO_RR_DNAME;
		c->owner_hash[i] = dlo_fold_hash(&a->link[i].owner, 0);
		c->name_hash[i] = dlo_fold_hash(&a->link[i].target, 0);
	}
}

/* Puts the links that no way leads to behind the others. */
static void append_unreached(struct dlo_chain *c)
{
	unsigned n = c->n_reached;

	for (unsigned i = 0; i < c->answer->n_links; i++) {
		if (c->link[i].n_hops == 0) {
			c->order[n++] = (uint8_t)i;
		}
	}
}

void dlo_chain_build(struct dlo_chain *c, const struct dlo_answer *a,
	const struct dlo_name *name)
{
	struct place p;
	uint64_t hash;

	start(c, a);
	if (a->n_links == 0) {
		return;
	}
	hash = dlo_fold_hash(name, 0);
	p.name = name;
	p.hash = hash;
	p.from = DLO_CHAIN_QUESTION;
	p.n_hops = 0;
	take(c, &p);
	for (unsigned k = 0; k < c->n_reached; k++) {
		unsigned i = c->order[k];
		struct dlo_chain_link *l = &c->link[i];

		l->loop = leads_back(c, i, name, hash);
		c->loop |= l->loop;
		if (!l->loop && !l->twin) {
			p.name = &l->name;
			p.hash = c->name_hash[i];
			p.from = (uint8_t)i;
			p.n_hops = l->n_hops;
			take(c, &p);
		}
	}
	append_unreached(c);
}

unsigned dlo_chain_path(const struct dlo_chain *c, unsigned link,
	struct dlo_hop path[DLO_CHAIN_HOPS])
{
	const struct dlo_answer_link *l = link_of(c, link);
	unsigned n = c->link[link].n_hops;

	if (n == 0) {
		path[0] = (struct dlo_hop){.name = l->owner};
		path[1] = (struct dlo_hop){.name = l->target, .type = l->type};
		return 2;
	}
	for (unsigned k = n; k > 0; link = c->link[link].from) {
		path[--k] = (struct dlo_hop){.name = c->link[link].name,
			.type = link_of(c, link)->type};
	}
	return n;
}
