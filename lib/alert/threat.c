/* SPDX-License-Identifier: BSD-2-Clause */
/* threat.c - a list's tags as ECS's threat object. */
#include "alert/threat.h"

#include "alert/names.h"

/* MITRE ATT&CK, Enterprise. */
static const struct {
	char tag[24], id[7], name[24];
} tactics[] = {
	{"reconnaissance", "TA0043", "Reconnaissance"},
	{"resource-development", "TA0042", "Resource Development"},
	{"initial-access", "TA0001", "Initial Access"},
	{"execution", "TA0002", "Execution"},
	{"persistence", "TA0003", "Persistence"},
	{"privilege-escalation", "TA0004", "Privilege Escalation"},
	{"defense-evasion", "TA0005", "Defense Evasion"},
	{"credential-access", "TA0006", "Credential Access"},
	{"discovery", "TA0007", "Discovery"},
	{"lateral-movement", "TA0008", "Lateral Movement"},
	{"collection", "TA0009", "Collection"},
	{"command-and-control", "TA0011", "Command and Control"},
	{"exfiltration", "TA0010", "Exfiltration"},
	{"impact", "TA0040", "Impact"},
};

/* Sigma wrote the tags with underscores before it wrote them with hyphens. */
static bool is_tactic(const char *tag, const char *name)
{
	if (strncmp(tag, "attack.", 7) != 0) {
		return false;
	}
	for (tag += 7; *tag && *name; tag++, name++) {
		if (*tag != *name && !(*tag == '_' && *name == '-')) {
			return false;
		}
	}
	return *tag == *name;
}

static void put_tactics(struct dlo_json *j, const char *const *tags, unsigned n)
{
	dlo_json_open(j, "tactic", '[');
	for (unsigned i = 0; i < n; i++) {
		for (size_t k = 0; k < sizeof(tactics) / sizeof(tactics[0]);
			k++) {
			if (!is_tactic(tags[i], tactics[k].tag)) {
				continue;
			}
			dlo_json_open(j, NULL, '{');
			dlo_json_word(j, "id", tactics[k].id);
			dlo_json_word(j, "name", tactics[k].name);
			dlo_json_close(j);
		}
	}
	dlo_json_close(j);
}

#define BASE_LEN 5 /* "T1090" of "T1090.002" */

/* Whether one of the first n tags is of the same technique. */
static bool seen(const char *const *tags, unsigned n, const char *technique)
{
	char other[DLO_TECHNIQUE_TEXT_MAX];

	for (unsigned i = 0; i < n; i++) {
		if (dlo_technique(tags[i], other) &&
			!memcmp(other, technique, BASE_LEN)) {
			return true;
		}
	}
	return false;
}

/* One technique and its subtechniques among tags[i..n). */
static void put_technique(struct dlo_json *j, const char *const *tags,
	unsigned i, unsigned n, const char *technique)
{
	char other[DLO_TECHNIQUE_TEXT_MAX], base[BASE_LEN + 1] = "";

	memcpy(base, technique, BASE_LEN);
	dlo_json_open(j, NULL, '{');
	dlo_json_word(j, "id", base);
	dlo_json_open(j, "subtechnique", '[');
	for (; i < n; i++) {
		if (!dlo_technique(tags[i], other) || !other[BASE_LEN] ||
			memcmp(other, technique, BASE_LEN) != 0) {
			continue;
		}
		dlo_json_open(j, NULL, '{');
		dlo_json_word(j, "id", other);
		dlo_json_close(j);
	}
	dlo_json_close(j);
	dlo_json_close(j);
}

void dlo_json_threat(struct dlo_json *j, const char *const *tags, unsigned n)
{
	char technique[DLO_TECHNIQUE_TEXT_MAX];
	size_t mark = j->b.len, bare;
	bool any;

	dlo_json_open(j, "threat", '{');
	dlo_json_word(j, "framework", "MITRE ATT&CK");
	bare = j->b.len;
	dlo_json_open(j, "technique", '[');
	for (unsigned i = 0; i < n; i++) {
		if (dlo_technique(tags[i], technique) &&
			!seen(tags, i, technique)) {
			put_technique(j, tags, i, n, technique);
		}
	}
	dlo_json_close(j);
	put_tactics(j, tags, n);
	any = j->b.len > bare;
	dlo_json_close(j);
	if (!any) { /* of the framework, nothing */
		dlo_buf_cut(&j->b, mark);
	}
}
