/* SPDX-License-Identifier: BSD-2-Clause */
/* test_format.c - lists in the formats of others: AdBlock, dnscrypt-proxy,
 * response policy zones; and what their own exceptions hide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "listing.h"

#define NO_RULE "not a rule of an AdBlock list\n"

static const struct list_case cases[] = {
	/* which format */
	{"the ending tells the format", "d/x.adblock",
		TEXT("! c\n||a.example^\n"), "2 a.example\n"},
	{"the ending before that of a packing tells it", "x.AdBlock.gz",
		TEXT("||a.example^$3p\n"), "1 a.example\n"},
	{"and of the other packing", "x.rpz.zst", TEXT("a.example CNAME .\n"),
		"1 =a.example\n"},
	{"a packing alone tells nothing", "adblock.gz", TEXT("a.example\n"),
		"1 a.example\n"},
	{"a header tells the format", "x.list",
		TEXT("#: format: dnscrypt\n*.a.example\n#: format: rpz\n"
		     "b.example CNAME .\n#: format: adblock\n||c.example^\n"),
		"2 a.example\n4 =b.example\n6 c.example\n"},
	{"the first line of an AdBlock list tells it", "x.txt",
		TEXT("\xef\xbb\xbf\n[Adblock Plus 2.0]\na.example##.ad\n"
		     "||a.example^$3p\n"),
		"4 a.example\nskipped=1\n"},
	{"so does a comment", "x", TEXT("! Title: x\n||a.example^$3p\n"),
		"2 a.example\n"},
	{"the first line of a zone tells it", "x.txt",
		TEXT("$TTL 1h\na.example CNAME .\n"), "2 =a.example\n"},
	{"an ending is stronger than the first line", "x.hosts",
		TEXT("! x\n0.0.0.0 a.example\n"),
		"2 =a.example\nbad=1\nx.hosts:1:1: a hosts line begins with an "
		"address, as in \"0.0.0.0 name\"\n"},

	/* AdBlock: rules about names */
	{"AdBlock: a domain", "x.adblock",
		TEXT("||A.example^\n  ||b.example^| \n||c.example|\r\n"),
		"1 a.example\n2 b.example\n3 c.example\n"},
	{"AdBlock: IDN", "x.adblock",
		TEXT("||b\xc3\xbc"
		     "cher.example^\n"),
		"1 xn--bcher-kva.example\n"},
	{"AdBlock: wildcards begin at a label", "x.adblock",
		TEXT("||ad*.example^\n||*.b.example^\n||ads.\n||x.*^\n"),
		"1 ad*.example\n1 *.ad*.example\n2 *.b.example\n3 ads.*\n"
		"3 *.ads.*\n4 x.*\n4 *.x.*\n"},
	{"AdBlock: one name", "x.adblock",
		TEXT("|a.example^\na.example\n|ads.\n.a.example^\n|a*.example|"
		     "\n"),
		"1 =a.example\n2 =a.example\n3 ads.*\n4 *.a.example\n"
		"5 a*.example\n"},
	{"AdBlock: hosts lines", "x.adblock",
		TEXT("0.0.0.0 a.example b.example # c\n::1 c.example\n"
		     "127.0.0.1 localhost\n"),
		"1 =a.example\n1 =b.example\n2 =c.example\nskipped=1\n"},
	{"AdBlock: options that change nothing for a name", "x.adblock",
		TEXT("||a.example^$third-party,ALL,doc,_,___\n"
		     "||b.example^$important\n"),
		"1 a.example\n2 b.example\n"},
	{"AdBlock: options that make it about some requests", "x.adblock",
		TEXT("||a.example^$script\n||a.example^$~third-party\n"
		     "||a.example^$3p,domain=b.example|c.example\n"
		     "||a.example^$client=192.0.2.1\n||a.example^$dnstype=A\n"
		     "||a.example^$badfilter\n||a.example^$csp=script-src "
		     "'none'\n$popup,3p\n"),
		"skipped=8\n"},
	{"AdBlock: exceptions of its own alerts", "x.adblock",
		TEXT("||a.example^\n@@||b.a.example^\n@@|c.a.example^$"
		     "important\n"
		     "@@||cdn*.a.example^\n"),
		"1 a.example\n2 except b.a.example rule=x.adblock\n"
		"3 except =c.a.example rule=x.adblock\n"
		"4 except cdn*.a.example rule=x.adblock\n"
		"4 except *.cdn*.a.example rule=x.adblock\n"},
	{"AdBlock: exceptions have the id of the list", "x.adblock",
		TEXT("#: id: i-d\n@@||a.example^\n"),
		"2 except a.example rule=i-d\n"},
	{"AdBlock: exceptions of some requests hide nothing", "x.adblock",
		TEXT("@@||a.example^$document\n@@||a.example^$3p\n"
		     "@@/ads/*\n@@a.example/x\n"),
		"skipped=4\n"},

	/* AdBlock: what is about something else */
	{"AdBlock: parts of pages are skipped", "x.adblock",
		TEXT("##.ad\na.example##.ad > .b\na.example#@#.ad\n"
		     "a.example#?#.ad:has(> p)\na.example#$#body { x: y }\n"
		     "a.example#@$?#x { }\na.example#%#alert(\"x\")\n"
		     "a.example$$script[tag=\"x\"]\na.example$@$x\n"
		     "[$path=/x]a.example##.ad\n"),
		"skipped=10\n"},
	{"AdBlock: addresses and expressions are skipped", "x.adblock",
		TEXT("/ads/*\n/^ad[0-9]+ x$/\n-banner-\n&ad=\n_ads.\nadvert\n"
		     "||a.example/x\n||a.example^x\n||a.example:80^\n"
		     "|https://a.example^\n||192.0.2.1^\n192.0.2.1.js\n"
		     ".ads.\n||a.^\nads.example^\n"),
		"12 =192.0.2.1.js\nskipped=14\n"},
	{"AdBlock: comments", "x.adblock",
		TEXT("!\n! ## x\n# x\n#\n#x\n[Adblock Plus 2.0]\n[uBlock "
		     "Origin]"
		     "\n\n  \n"),
		""},
	{"AdBlock: what is no rule is bad", "x.adblock",
		TEXT("<html>\n<p>x</p>\n||a b^\n||\"a\"^\n"),
		"bad=4\nx.adblock:1:1: " NO_RULE "x.adblock:2:1: " NO_RULE
		"x.adblock:3:4: " NO_RULE "x.adblock:4:3: " NO_RULE},
	{"AdBlock: names are bad at their place", "x.adblock",
		TEXT("||a..b^\n||^\n|a..b\n@@||a..b^\n||ad*..b^\n"),
		"bad=5\nx.adblock:1:5: an empty label\n"
		"x.adblock:2:3: an empty pattern\n"
		"x.adblock:3:4: an empty label\nx.adblock:4:7: an empty label\n"
		"x.adblock:5:7: an empty label\n"},
	{"AdBlock: options are bad at their place", "x.adblock",
		TEXT("||a.example^$\n||a.example^$3p,,doc\n"),
		"bad=2\nx.adblock:1:14: an empty option\n"
		"x.adblock:2:17: an empty option\n"},
	{"AdBlock: exceptions of next to everything are bad", "x.adblock",
		TEXT("@@||a*\n@@||*^\n"),
		"bad=2\nx.adblock:1:5: an exception without three literal "
		"octets in a row\nx.adblock:2:5: an exception without three "
		"literal octets in a row\n"},
	{"AdBlock: ours is strict, and may have sections", "x.adblock",
		TEXT("#: level: low\n[Adblock Plus 2.0]\n[s]\n||a.example^\n"),
		"4 a.example level=low service=s\n"},
	{"AdBlock: ours, and bad", "x.adblock",
		TEXT("#: level: low\n##.x\n||a..b^\n"),
		"x.adblock:3:5: an empty label\n"},

	/* dnscrypt-proxy */
	{"dnscrypt: the domain, four times", "x.dnscrypt",
		TEXT("a.example\n*.a.example\n.a.example # c\n*a.example\n"),
		"1 a.example\n2 a.example\n3 a.example\n4 a.example\n"},
	{"dnscrypt: names, beginnings, parts, globs", "x.dnscrypt",
		TEXT("## c\n=a.example\nads.*\nads*\n*ads*\nad*.x.*\nad?.*\n"
		     "*.ads.*\n"),
		"2 =a.example\n3 ads.*\n4 ads*\n5 *ads*\n6 ad*.x.*\n7 ad?.*\n"
		"8 *.ads.*\n"},
	{"dnscrypt: classes", "x.dnscrypt",
		TEXT("ads[0-2]*\nx[aAb][-.]y.example\n[\\]z-]*\\[.example\n"),
		"1 ads0*\n1 ads1*\n1 ads2*\n2 =xa-y.example\n2 =xa.y.example\n"
		"2 =xb-y.example\n2 =xb.y.example\n3 ]*[.example\n"
		"3 z*[.example\n3 -*[.example\n"},
	{"dnscrypt: schedules are notes", "x.dnscrypt",
		TEXT("*.a.example  @work # "
		     "c\nb.example@work\n=c.example\t@x-y\n"
		     "d.example\n"),
		"1 a.example note=@work\n2 b.example note=@work\n"
		"3 =c.example note=@x-y\n4 d.example\n"},
	{"dnscrypt: ours has services and pairs", "x.dnscrypt",
		TEXT("#: level: low\n[s t] # c\n[ab]c.example\n"
		     "*.b.example @x level=high\n"),
		"3 =ac.example level=low service=s t\n"
		"3 =bc.example level=low service=s t\n"
		"4 b.example level=high service=s t note=@x\n"},
	{"dnscrypt: what is bad", "x.dnscrypt",
		TEXT("*\n**\n[^a]*.b.example\na[b.example\na[].example\n"
		     "[z-a].example\n[a-z][a-z].example\na.example @\n"
		     "a.example @x @y\n@x\n"),
		"bad=10\nx.dnscrypt:1:1: would match every name\n"
		"x.dnscrypt:2:1: would match every name\n"
		"x.dnscrypt:3:1: a class of all but some octets has no "
		"counterpart here\n"
		"x.dnscrypt:4:2: the closing ] is missing\n"
		"x.dnscrypt:5:2: an empty class\n"
		"x.dnscrypt:6:1: a range whose end is before its start\n"
		"x.dnscrypt:7:10: classes that stand for over 256 patterns\n"
		"x.dnscrypt:8:11: a schedule reads @name, behind the pattern\n"
		"x.dnscrypt:9:14: after the pattern only key=value (level=, "
		"note=) or a # comment\n"
		"x.dnscrypt:10:1: an empty pattern\n"},
	{"dnscrypt: what is bad behind a class", "x.dnscrypt",
		TEXT("[ab]..c\n"), "bad=1\nx.dnscrypt:1:1: an empty label\n"},

	/* response policy zones */
	{"RPZ: a zone", "x.rpz",
		TEXT("$TTL 2h ; two hours\n$ORIGIN rpz.local.\n"
		     "@ SOA localhost. root.localhost. (\n 1 2h 1h ; serial\n"
		     "\t2w 1h )\n\tNS localhost.\n"
		     "a.example CNAME . ; x\n*.A.example 300 IN CNAME *.\n"
		     "b.example IN 300 CNAME rpz-drop.\n"
		     "c.example cname walled.garden.\n"
		     "d.example A 192.0.2.1\n"),
		"7 =a.example\n8 *.a.example\n9 =b.example\n10 =c.example\n"
		"11 =d.example\nskipped=2\n"},
	{"RPZ: names with and without that of the zone", "x.rpz",
		TEXT("rpz.local. 60 IN SOA a. b. 1 2 3 4 5\n"
		     "a.example.RPZ.local. CNAME .\nb.example CNAME .\n"
		     "$ORIGIN example.rpz.local.\nc CNAME .\n* CNAME .\n"),
		"2 =a.example\n3 =b.example\n5 =c.example\n6 *.example\n"
		"skipped=1\n"},
	{"RPZ: the first origin is the zone, where nothing else tells", "x.rpz",
		TEXT("$ORIGIN rpz.\na CNAME .\n$ORIGIN b.rpz.\nc CNAME .\n"
		     "d.rpz. CNAME .\n"),
		"2 =a\n4 =c.b\n5 =d\n"},
	{"RPZ: nothing tells the zone", "x.rpz",
		TEXT("@ SOA a. b. 1 2 3 4 5\na.example CNAME .\n* CNAME .\n"),
		"2 =a.example\n3 *\nskipped=1\n"},
	{"RPZ: an owner has several records", "x.rpz",
		TEXT("a.example A 192.0.2.1\n  A 192.0.2.2\n\n"
		     "\tAAAA ::1 ; c\na.example TXT \"x;y\" \"(z\\\"\"\n"
		     "b.example TXT (\n \"x\"\n )\n"),
		"1 =a.example\n6 =b.example\nskipped=3\n"},
	{"RPZ: escapes and odd octets", "x.rpz",
		TEXT("a\\.b.example CNAME .\n\\*.c.example CNAME .\n"
		     "d\\;\\032.example CNAME .\nx.*.e CNAME .\n"),
		"1 =a\\.b.example\n2 *.c.example\n3 =d\\;\\032.example\n"
		"4 =x.\\*.e\n"},
	{"RPZ: what triggers on no name asked for is skipped", "x.rpz",
		TEXT("24.0.2.0.192.rpz-ip CNAME .\nns.example.rpz-nsdname A "
		     "192.0.2.1\n8.0.0.0.10.RPZ-client-ip CNAME rpz-drop.\n"
		     "32.1.2.0.192.rpz-nsip CNAME .\n"),
		"skipped=4\n"},
	{"RPZ: what signs a zone says nothing", "x.rpz",
		TEXT("a.example RRSIG CNAME 8 2 60 x y z a. b==\n"
		     "a.example NSEC b.example A\na.example DNSKEY 1 2 3 x\n"
		     "TYPE99.example TYPE65280 \\# 1 00\n"),
		"4 =type99.example\nskipped=3\n"},
	{"RPZ: what is let pass is an exception of the zone's alerts", "x.rpz",
		TEXT("*.a.example CNAME .\nb.a.example CNAME RPZ-passthru.\n"
		     "*.c.a.example CNAME rpz-passthru.\n"
		     "d.a.example CNAME D.a.example.\n"),
		"1 *.a.example\n"
		"2 except =b.a.example rule=x.rpz\n"
		"3 except *.c.a.example rule=x.rpz\n"
		"4 except =d.a.example rule=x.rpz\n"},
	{"RPZ: to let all pass that nothing else is about", "x.rpz",
		TEXT("* CNAME rpz-passthru.\na.example CNAME .\n"),
		"2 =a.example\nskipped=1\n"},
	{"RPZ: below the zone, rpz-passthru is any name", "x.rpz",
		TEXT("$ORIGIN rpz.\na.example CNAME rpz-passthru\n"),
		"2 =a.example\n"},
	{"RPZ: a hash that begins a line is a comment", "x.rpz",
		TEXT("# c\n#\na.example CNAME .\n"), "3 =a.example\n"},
	{"RPZ: places", "x.rpz",
		TEXT("a.example NONSENSE .\na.example 60 IN A 1.2.3\n"
		     "a..b CNAME .\na.example\na.example CNAME\n"
		     "  CNAME a..b\n$INCLUDE x\n$GENERATE 1-2 a$ A 192.0.2.$\n"
		     "$ORIGIN\na.example CNAME . x\na.example SOA a. b. 1\n"
		     "a.example MX x a.\n"),
		"bad=12\nx.rpz:1:11: not a type of record\n"
		"x.rpz:2:19: not what this type of record has here\n"
		"x.rpz:3:1: Empty label\n"
		"x.rpz:4:1: not a type of record\n"
		"x.rpz:5:11: a record cut short\n"
		"x.rpz:6:9: Empty label\n"
		"x.rpz:7:1: of directives only $ORIGIN and $TTL are read\n"
		"x.rpz:8:1: of directives only $ORIGIN and $TTL are read\n"
		"x.rpz:9:1: $ORIGIN without a name\n"
		"x.rpz:10:19: more than this type of record has\n"},
	{"RPZ: places of octets", "x.rpz",
		TEXT("a.example CNAME . )\na.ex\0mple CNAME .\n"
		     "\xc3\xbc CNAME .\na TXT \"x\nb.example CNAME .\n"),
		"5 =b.example\nbad=4\nx.rpz:1:19: a ) without a (\n"
		"x.rpz:2:5: octet 0x00 in a zone\n"
		"x.rpz:3:1: octet 0xc3 in a zone\n"
		"x.rpz:4:9: the closing quote is missing\n"},
	{"RPZ: a record is bad where it began", "x.rpz",
		TEXT("a.example (\n A\n 1.2.3 )\nb.example A (\n 192.0.2.1 )\n"
		     "c.example (\n CNAME .\n"),
		"4 =b.example\nbad=2\n"
		"x.rpz:1:1: not what this type of record has here\n"
		"x.rpz:6:1: the closing parenthesis is missing\n"},
	{"RPZ: what is not of the zone", "x.rpz",
		TEXT("$ORIGIN rpz.\na.example. CNAME .\nxrpz. CNAME .\n"),
		"bad=2\nx.rpz:2:1: a name outside of the zone\n"
		"x.rpz:3:1: a name outside of the zone\n"},
	{"RPZ: ours is strict, and may have sections", "x.rpz",
		TEXT("#: level: low\n[s]\na.example CNAME .\n"),
		"3 =a.example level=low service=s\n"},
	{"RPZ: ours, and bad where the record began", "x.rpz",
		TEXT("#: level: low\nb.example (\n\nA 1 )\nc.example CNAME "
		     ".\n"),
		"x.rpz:2:1: not what this type of record has here\n"},
	{"RPZ: ours ends in a record", "x.rpz",
		TEXT("#: level: low\nb.example (\n\n"),
		"x.rpz:2:1: the closing parenthesis is missing\n"},
};

/* A name of 200 octets and an origin of 100: ldns joins them. */
static void test_rpz_long_names(void **state)
{
	static char text[1024];
	static struct out o;
	char label[51];

	(void)state;
	memset(label, 'x', 50);
	label[50] = '\0';
	snprintf(text, sizeof(text),
		"$ORIGIN %s.%s.\n%s.%s.%s.%s CNAME .\n%s CNAME .\n"
		"%s CNAME %s.%s.%s\n",
		label, label, label, label, label, label, label, "a", label,
		label, label);
	read_list("x.rpz", text, strlen(text), &o);
	assert_non_null(strstr(o.text, "bad=2\n"));
	assert_non_null(strstr(o.text, "x.rpz:2:1: a name over 255 octets\n"));
	assert_non_null(strstr(o.text, "x.rpz:4:9: a name over 255 octets\n"));
}

static void test_rpz_long_record(void **state)
{
	char *text = malloc(20000);
	static struct out o;

	(void)state;
	assert_non_null(text);
	strcpy(text, "a.example (\n");
	for (unsigned i = 0; i < 2000; i++) {
		strcat(text, "CNAME .\n");
	}
	read_list("x.rpz", text, strlen(text), &o);
	assert_non_null(strstr(o.text, "a record over 4096 octets\n"));
	/* Lines with nothing on them take room, too. */
	memset(text, '\n', 19999);
	memcpy(text, "b (", 3);
	o.len = 0;
	read_list("x.rpz", text, 19999, &o);
	assert_string_equal(
		o.text, "bad=1\nx.rpz:4092:1: a record over 4096 octets\n");
	free(text);
}

/* AdBlock lines have no bound: cosmetic ones are long. */
static void test_adblock_long_lines(void **state)
{
	char *text = malloc(20000);
	static struct out o;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 19999);
	text[19999] = '\0';
	memcpy(text, "0.0.0.0 ", 8);
	read_list("x.adblock", text, 19999, &o);
	memcpy(text, "||xxxxxx", 8);
	text[19998] = '^';
	read_list("x.adblock", text, 19999, &o);
	memcpy(text + 19990, "##.x", 4);
	read_list("x.adblock", text, 19999, &o);
	assert_string_equal(o.text,
		"bad=1\nx.adblock:1:9: a name over 255 octets\n"
		"bad=1\nx.adblock:1:3: a name over 255 octets\nskipped=1\n");
	free(text);
}

/* ---- what exceptions of lists hide --------------------------------------- */

static const char adblock[] =
	"||a.example^\n@@||b.a.example^\n||i.b.a.example^$important\n"
	"@@||v.i.b.a.example^\n@@||w.i.b.a.example^$important\n"
	"@@||unused.example^\n";
static const char rpz[] =
	"*.r.example CNAME .\n*.p.r.example CNAME rpz-passthru.\n"
	"bad.p.r.example CNAME .\n*.bad.p.r.example CNAME .\n"
	"x.bad.p.r.example CNAME rpz-passthru.\n"
	"p.r.example CNAME rpz-passthru.\nboth.p.r.example CNAME .\n"
	"*.both.p.r.example CNAME rpz-passthru.\n";
static const char theirs[] = "a.example\nr.example\n";

static const struct hidden_case {
	const char *name;
	bool hidden; /* the alert of its list; never that of another */
} hidden_cases[] = {
	{"a.example", false},
	{"c.a.example", false},
	{"b.a.example", true},
	{"x.b.a.example", true},
	{"i.b.a.example", false},
	{"v.i.b.a.example", false},
	{"w.i.b.a.example", true},
	{"q.r.example", false},
	{"p.r.example", true},
	{"q.p.r.example", true},
	{"bad.p.r.example", false},
	{"y.bad.p.r.example", false},
	{"x.bad.p.r.example", true},
	{"both.p.r.example", false},
	{"z.both.p.r.example", true},
};

static void test_what_is_hidden(void **state)
{
	struct dlo_explainer *x;
	struct dlo_explanation e;
	struct dlo_builder *b;
	struct dlo_ruleset *rs;
	struct dlo_diag diag;
	enum dlo_need need[16];

	(void)state;
	assert_int_equal(dlo_builder_new(&b), 0);
	assert_int_equal(dlo_builder_add_list(b, "a.adblock", adblock,
				 sizeof(adblock) - 1, NULL, &diag),
		0);
	assert_int_equal(dlo_builder_add_list(
				 b, "r.rpz", rpz, sizeof(rpz) - 1, NULL, &diag),
		0);
	assert_int_equal(dlo_builder_add_list(b, "t.list", theirs,
				 sizeof(theirs) - 1, NULL, &diag),
		0);
	assert_int_equal(dlo_builder_build(b, &rs, &diag), 0);
	dlo_builder_free(b);
	assert_int_equal(dlo_ruleset_n_exceptions(rs), 8);
	assert_int_equal(dlo_ruleset_needs(rs, need), 0);
	for (size_t i = 0; i < 8; i++) { /* nobody is asked what for */
		assert_int_equal(need[i], DLO_NEED_NAME);
	}
	assert_int_equal(dlo_explainer_new(rs, &x), 0);
	for (size_t i = 0; i < sizeof(hidden_cases) / sizeof(*hidden_cases);
		i++) {
		const struct hidden_case *c = &hidden_cases[i];

		assert_int_equal(
			dlo_explain(x, c->name, strlen(c->name), &e, &diag), 0);
		assert_int_equal(e.n_alerts, 2);
		assert_int_equal(e.alert[1].excepted, 0);
		if (c->hidden != (e.alert[0].excepted > 0)) {
			fail_msg("%s", c->name);
		}
	}
	dlo_explainer_free(x);
	dlo_ruleset_free(rs);
}

/* A refused list leaves none of its exceptions behind. */
static void test_refused(void **state)
{
	static const char text[] = "#: id: x\n@@||a.example^\n||b..c^\n";
	struct dlo_builder *b;
	struct dlo_ruleset *rs;
	struct dlo_diag diag;

	(void)state;
	assert_int_equal(dlo_builder_new(&b), 0);
	assert_int_equal(dlo_builder_add_list(b, "x.adblock", text,
				 sizeof(text) - 1, NULL, &diag),
		1);
	assert_int_equal(dlo_builder_build(b, &rs, &diag), 0);
	assert_int_equal(dlo_ruleset_n_exceptions(rs), 0);
	dlo_builder_free(b);
	dlo_ruleset_free(rs);
}

#define N_CASES (sizeof(cases) / sizeof(*cases))

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_rpz_long_names),
		cmocka_unit_test(test_rpz_long_record),
		cmocka_unit_test(test_adblock_long_lines),
		cmocka_unit_test(test_what_is_hidden),
		cmocka_unit_test(test_refused),
	};
	static struct CMUnitTest
		tests[N_CASES + sizeof(others) / sizeof(*others)];

	for (size_t i = 0; i < N_CASES; i++) {
		tests[i] = (struct CMUnitTest){.name = cases[i].name,
			.test_func = test_list_case,
			.initial_state = (void *)(uintptr_t)&cases[i]};
	}
	memcpy(tests + N_CASES, others, sizeof(others));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
