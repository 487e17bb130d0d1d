/* SPDX-License-Identifier: BSD-2-Clause */
/* test_list.c - the list language: what is read, and how errors are said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "listing.h"

static const struct list_case cases[] = {
	/* patterns, blanks, comments */
	{"an empty file is an empty list", "x.list", TEXT(""), ""},
	{"a pattern a line", "x.list", TEXT("a.example\n=b.example\n"),
		"1 a.example\n2 =b.example\n"},
	{"the last line needs no newline", "x.list", TEXT("a.example"),
		"1 a.example\n"},
	{"blanks around a pattern mean nothing", "x.list",
		TEXT(" \ta.example \t\n"), "1 a.example\n"},
	{"patterns are shown in canonical text", "x.list",
		TEXT("A.Example.\n*.Portmap.*\n||B.example^\n"),
		"1 a.example\n2 *.portmap.*\n3 b.example\n"},
	{"CRLF ends a line", "x.list",
		TEXT("a.example\r\n\r\n# c\r\nb.example\r\n"),
		"1 a.example\n4 b.example\n"},
	{"a byte order mark is left out", "x.list",
		TEXT("\xef\xbb\xbf#: level: low\na.example\n"),
		"2 a.example level=low\n"},
	{"columns count after the byte order mark", "x.list",
		TEXT("\xef\xbb\xbf#: level: lo\n"),
		"x.list:1:11: unknown level \"lo\", did you mean \"low\"?\n"},
	{"a hash at the beginning is a comment", "x.list",
		TEXT("# a.example\n#b.example\n  # c\n"), ""},
	{"blank, hash begins a comment", "x.list",
		TEXT("a.example # x y\nb.example\t#\n"),
		"1 a.example\n2 b.example\n"},
	{"a hash within a pattern is no comment", "x.list",
		TEXT("a#b.example\n"), "1 a#b.example\n"},
	{"non-ASCII labels become A-labels", "x.list",
		TEXT("b\xc3\xbc"
		     "cher.example\n"),
		"1 xn--bcher-kva.example\n"},

	/* headers */
	{"headers say what patterns stand for", "d/x.list",
		TEXT("#: title: Tunnels and more\n#: id: 0b7f-1\n"
		     "#: level: high\n#: tags: attack.T1572, attack.t1090.002\n"
		     "#: category: tunnel\n#: action: count\n[ngrok]\n"
		     "ngrok.io\n"),
		"8 ngrok.io id=0b7f-1 title=Tunnels and more level=high "
		"tags=attack.t1572,attack.t1090.002 category=tunnel "
		"action=count service=ngrok\n"},
	{"a header holds until the next of that name", "x.list",
		TEXT("#: level: low\na.example\n#: level: high\nb.example\n"
		     "#: category: c\nc.example\n"),
		"2 a.example level=low\n4 b.example level=high\n"
		"6 c.example level=high category=c\n"},
	{"category and tags may end", "x.list",
		TEXT("#: tags: a\n#: category: c\na.example\n#: tags:\n"
		     "#: category: # none\nb.example\n"),
		"3 a.example tags=a category=c\n6 b.example\n"},
	{"blanks around a header's parts mean nothing", "x.list",
		TEXT("#:level:low\n#:  title  :  A  b \n#:tags:\ta ,b\n"
		     "a.example\n"),
		"4 a.example title=A  b level=low tags=a,b\n"},
	{"a comment may follow a header", "x.list",
		TEXT("#: level: low # for now\n#: title: C#\na.example\n"),
		"3 a.example title=C# level=low\n"},
	{"a quoted value holds hashes and quotes", "x.list",
		TEXT("#: title: \"No. #1 \\\"x\\\" \\\\\" # y\na.example\n"),
		"2 a.example title=No. #1 \"x\" \\\n"},
	{"a list of ours may be empty", "x.list", TEXT("#: title: t\n"), ""},
	{"a header anywhere makes the list ours", "x.list",
		TEXT("a..b\n#: title: t\n"), "x.list:1:3: an empty label\n"},
	{"a title is text in UTF-8", "x.list",
		TEXT("#: title: \xe2\x82\xac \xc3\xbc\na.example\n"),
		"2 a.example title=\xe2\x82\xac \xc3\xbc\n"},

	/* what is wrong with headers */
	{"an unknown header: the near one is named", "x.list",
		TEXT("#: titel: x\n"),
		"x.list:1:4: unknown header \"titel\", did you mean "
		"\"title\"?\n"},
	{"an unknown header: none is near", "x.list",
		TEXT("# c\n#: author: x\n"),
		"x.list:2:4: unknown header \"author\", known are title, id, "
		"level, tags, category, action, format\n"},
	{"headers are lower case", "x.list", TEXT("#: Level: high\n"),
		"x.list:1:4: unknown header \"Level\", did you mean "
		"\"level\"?\n"},
	{"what is quoted is cut and printable", "x.list",
		TEXT("#: id: x\n#: \x01\xff"
		     "4567890123456789012345678901234567890123456789: x\n"),
		"x.list:2:4: unknown header \"\\x01\\xff"
		"45678901234567890123456789012345678901...\", "
		"known are title, id, level, tags, category, action, "
		"format\n"},
	{"a header without a colon", "x.list", TEXT("#: id: x\n#: author\n"),
		"x.list:2:4: a header reads \"#: name: value\"; for a comment, "
		"put a blank after the #\n"},
	{"a header without a name", "x.list", TEXT("#: id: x\n#:\n"),
		"x.list:2:3: a header reads \"#: name: value\"; for a comment, "
		"put a blank after the #\n"},
	{"a header without a value", "x.list", TEXT("#: title: # x\n"),
		"x.list:1:11: \"title\" has no value\n"},
	{"a header that is indented", "x.list",
		TEXT("#: id: x\n  #: level: high\n"),
		"x.list:2:3: a header stands at the beginning of its line\n"},
	{"an id is one word", "x.list", TEXT("#: id: a b\n"),
		"x.list:1:9: \"id\" is one word, without blanks\n"},
	{"an unknown level: the near one is named", "x.list",
		TEXT("#: level: hihg\n"),
		"x.list:1:11: unknown level \"hihg\", did you mean "
		"\"high\"?\n"},
	{"an unknown level: a beginning is near", "x.list",
		TEXT("#: level: crit\n"),
		"x.list:1:11: unknown level \"crit\", did you mean "
		"\"critical\"?\n"},
	{"an unknown level: none is near", "x.list", TEXT("#: level: 3\n"),
		"x.list:1:11: unknown level \"3\", known are informational, "
		"low, medium, high, critical\n"},
	{"an unknown action: the near one is named", "x.list",
		TEXT("#: action: alarm\n"),
		"x.list:1:12: unknown action \"alarm\", did you mean "
		"\"alert\"?\n"},
	{"first-seen is yet to come", "x.list", TEXT("#: action: first-seen\n"),
		"x.list:1:12: action \"first-seen\" is not built yet; alert, "
		"count and off are\n"},
	{"an empty tag", "x.list", TEXT("#: tags: a,,b\n"),
		"x.list:1:12: an empty tag\n"},
	{"an empty tag at the end", "x.list", TEXT("#: tags: a,\n"),
		"x.list:1:12: an empty tag\n"},
	{"a blank in a tag", "x.list", TEXT("#: tags: a, b c\n"),
		"x.list:1:14: a blank in a tag; tags are separated by "
		"commas\n"},
	{"a control character in a value", "x.list",
		TEXT("#: title: a\x1b[31m\n"),
		"x.list:1:12: control character 0x1b\n"},
	{"a control character of C1 in a value", "x.list",
		TEXT("#: title: a\xc2\x9b"
		     "31m\n"),
		"x.list:1:12: octet 0xc2 is not UTF-8 text\n"},
	{"a value that is not UTF-8", "x.list", TEXT("#: title: a\xe9 b\n"),
		"x.list:1:12: octet 0xe9 is not UTF-8 text\n"},
	{"a surrogate is not UTF-8", "x.list", TEXT("#: title: \xed\xa0\x80\n"),
		"x.list:1:11: octet 0xed is not UTF-8 text\n"},
	{"an overlong form is not UTF-8", "x.list",
		TEXT("#: title: \xf0\x8f\xbf\xbf\n"),
		"x.list:1:11: octet 0xf0 is not UTF-8 text\n"},
	{"beyond U+10FFFF is not UTF-8", "x.list",
		TEXT("#: title: \xf0\x9f\x98\x80\xf4\x90\x80\x80\n"),
		"x.list:1:15: octet 0xf4 is not UTF-8 text\n"},
	{"a character that is cut is not UTF-8", "x.list",
		TEXT("#: title: \xe2\x82\n"),
		"x.list:1:11: octet 0xe2 is not UTF-8 text\n"},
	{"a control character between quotes", "x.list",
		TEXT("#: title: \"\\\"\x07\"\n"),
		"x.list:1:14: control character 0x07\n"},
	{"text after the closing quote", "x.list", TEXT("#: title: \"a\" b\n"),
		"x.list:1:15: text after the closing quote\n"},

	/* sections */
	{"a section holds until the next one", "x.list",
		TEXT("a.example\n[s one] # c\nb.example\n  [ t ]\nc.example\n"),
		"1 a.example\n3 b.example service=s one\n"
		"5 c.example service=t\n"},
	{"a section without its bracket", "x.list", TEXT("#: id: x\n[s\n"),
		"x.list:2:1: the closing ] is missing\n"},
	{"a section without a name", "x.list", TEXT("#: id: x\n[ ]\n"),
		"x.list:2:3: [service] without a name\n"},
	{"text at a section's bracket", "x.list", TEXT("#: id: x\n[s]x\n"),
		"x.list:2:4: text after [service]\n"},
	{"text after a section", "x.list", TEXT("#: id: x\n[s] a.b\n"),
		"x.list:2:5: text after [service]\n"},
	{"a control character in a section", "x.list",
		TEXT("#: id: x\n[s\x7f]\n"),
		"x.list:2:3: control character 0x7f\n"},

	/* pairs */
	{"pairs are for their pattern alone", "x.list",
		TEXT("#: level: high\n"
		     "a.example level=low note=\"see #12 \\\"x\\\\\" # c\n"
		     "b.example note=word\nc.example note=\"\"\n"),
		"2 a.example level=low note=see #12 \"x\\\n"
		"3 b.example level=high note=word\n"
		"4 c.example level=high\n"},
	{"an unknown key", "x.list", TEXT("#: id: x\na.example levle=low\n"),
		"x.list:2:11: unknown key \"levle\", did you mean "
		"\"level\"?\n"},
	{"a second word", "x.list", TEXT("#: id: x\na.example b.example\n"),
		"x.list:2:11: after the pattern only key=value (level=, note=) "
		"or a # comment\n"},
	{"a key twice", "x.list", TEXT("#: id: x\na.b level=low level=low\n"),
		"x.list:2:15: \"level\" stands here already\n"},
	{"a key without a value", "x.list", TEXT("#: id: x\na.b note=\n"),
		"x.list:2:10: \"note\" has no value\n"},
	{"a level without a value", "x.list",
		TEXT("#: id: x\na.b level=\"\"\n"),
		"x.list:2:12: \"level\" has no value\n"},
	{"an unknown level in a pair", "x.list",
		TEXT("#: id: x\na.b level=med\n"),
		"x.list:2:11: unknown level \"med\", did you mean "
		"\"medium\"?\n"},
	{"a quote that does not close", "x.list",
		TEXT("#: id: x\na.b note=\"c # d\n"),
		"x.list:2:10: the closing quote is missing\n"},
	{"a quote that closes within a word", "x.list",
		TEXT("#: id: x\na.b note=\"c\"d\n"),
		"x.list:2:13: text directly after the closing quote\n"},
	{"an escape that is none", "x.list",
		TEXT("#: id: x\na.b note=\"c\\n\"\n"),
		"x.list:2:12: a backslash between quotes begins \\\" or \\\\ "
		"only\n"},
	{"a backslash at the end", "x.list", TEXT("#: id: x\na.b note=\"c\\\n"),
		"x.list:2:12: a backslash between quotes begins \\\" or \\\\ "
		"only\n"},

	/* hosts lines */
	{"an address makes a hosts line", "x.list",
		TEXT("0.0.0.0 a.example B.example # c\n::1\tc.example\n"
		     "fe80::1%lo0 d.example\n"),
		"1 =a.example\n1 =b.example\n2 =c.example\n3 =d.example\n"},
	{"local names of hosts files are skipped", "x.hosts",
		TEXT("127.0.0.1 localhost localhost.localdomain local\n"
		     "255.255.255.255 broadcasthost\n::1 ip6-localhost "
		     "ip6-loopback\nfe00::0 ip6-localnet\n"
		     "ff00::0 ip6-mcastprefix\nff02::1 ip6-allnodes\n"
		     "ff02::2 ip6-allrouters\nff02::3 ip6-allhosts\n"
		     "0.0.0.0 0.0.0.0\n::1 LocalHost a.example\n"),
		"10 =a.example\nskipped=9\n"},
	{"a bad name of a hosts line spoils no other", "x.hosts",
		TEXT("::1 a..b c.example d..e\n"),
		"1 =c.example\nbad=1\nx.hosts:1:7: an empty label\n"},
	{"no wildcard in a hosts line", "x.hosts", TEXT("::1 *.example\n"),
		"bad=1\nx.hosts:1:5: a wildcard after = or ||\n"},
	{"no pairs on a hosts line", "x.list",
		TEXT("#: id: x\n::1 a.example level=low\n"),
		"x.list:2:15: after the names of a hosts line only a # "
		"comment\n"},
	{"a control character in a hosts line", "x.hosts",
		TEXT("::1 a.example b\x01 c.example\n"),
		"1 =a.example\nbad=1\nx.hosts:1:16: control character 0x01\n"},
	{"an address alone is no pattern", "x.list", TEXT(" 192.0.2.1 # x\n"),
		"bad=1\nx.list:1:2: an address without a name; lists hold "
		"names only\n"},
	{"a hosts file holds hosts lines only", "x.hosts", TEXT("a.example\n"),
		"bad=1\nx.hosts:1:1: a hosts line begins with an address, as "
		"in \"0.0.0.0 name\"\n"},
	{"a name like an address is a pattern", "x.list",
		TEXT("1.2.3\n1.2.3.4.example\n256.1.1.1\n"),
		"1 1.2.3\n2 1.2.3.4.example\n3 256.1.1.1\n"},

	/* formats */
	{"a header's format wins over the ending", "x.hosts",
		TEXT("#: format: domains\na.example\n"), "2 a.example\n"},
	{"a format header makes a hosts file", "x.list",
		TEXT("#: format: hosts\na.example\n"),
		"x.list:2:1: a hosts line begins with an address, as in "
		"\"0.0.0.0 name\"\n"},
	{"an unknown format", "x.list", TEXT("#: format: domain\n"),
		"x.list:1:12: unknown format \"domain\", did you mean "
		"\"domains\"?\n"},
	/* other people's lists */
	{"bad lines of other people's lists are left out", "x.list",
		TEXT("a..b\na.example\nb.example c\n*\xc3\xbc\nd.example\n"),
		"2 a.example\n5 d.example\nbad=3\nx.list:1:3: an empty label\n"
		"x.list:3:11: after the pattern only key=value (level=, note=) "
		"or a # comment\n"
		"x.list:4:2: a non-ASCII character in a glob\n"},
	{"the first ten bad lines have their places", "x.list",
		TEXT("..\n..\n..\n..\n..\n..\n..\n..\n..\n..\n..\n..\n"),
		"bad=12\nx.list:1:1: an empty label\n"
		"x.list:2:1: an empty label\nx.list:3:1: an empty label\n"
		"x.list:4:1: an empty label\nx.list:5:1: an empty label\n"
		"x.list:6:1: an empty label\nx.list:7:1: an empty label\n"
		"x.list:8:1: an empty label\nx.list:9:1: an empty label\n"
		"x.list:10:1: an empty label\n"},
	{"other people's lists may draw lines of #:", "x.list",
		TEXT("#:\n#:::::::\n#: ---\n#:\t-- a: b\n#: 12:30 x\n"
		     "#: see also: x\n#: from https://a.example/\n"
		     "a.example\n#:"),
		"8 a.example\n"},
	{"a header without a colon does not make the list ours", "x.list",
		TEXT("#: level high\n#: level\n#: levels high\na.example\n"),
		"4 a.example\nbad=2\n"
		"x.list:1:4: a header reads \"#: name: value\"; for a comment, "
		"put a blank after the #\n"
		"x.list:2:4: a header reads \"#: name: value\"; for a comment, "
		"put a blank after the #\n"},
	{"a header after lines of #: makes the list ours", "x.list",
		TEXT("#:::::::\na.example\n#: x\n#:a-b_1\t:\n"),
		"x.list:1:3: a header reads \"#: name: value\"; for a comment, "
		"put a blank after the #\n"},
	{"other people's lists may have sections", "x.list",
		TEXT("[s]\na.example\n"), "2 a.example service=s\n"},
	{"a NUL octet is an error of its line", "x.list",
		TEXT("a.exa\0mple\nb.example\n"),
		"2 b.example\nbad=1\nx.list:1:6: control character 0x00\n"},
	{"a lone CR is no line end", "x.list", TEXT("a.example\rb\n"),
		"bad=1\nx.list:1:10: control character 0x0d\n"},
	{"a comment may hold anything", "x.list", TEXT("#\0\x01\xff\n"), ""},
};

/* Lines and values of some length, each with the error it must raise. */
static const struct long_case {
	const char *name, *before;
	size_t n; /* octets 'x' */
	const char *after, *want;
} long_cases[] = {
	{"a line over the bound", "a.example ", 4087, "\n",
		"bad=1\nx.list:1:4097: a line over 4096 octets\n"},
	{"a line at the bound", "a.example ", 4086, "\n",
		"bad=1\nx.list:1:11: after the pattern only key=value (level=, "
		"note=) or a # comment\n"},
	{"a line over the bound, ours", "#: id: x\na.example ", 4087, "\n",
		"x.list:2:4097: a line over 4096 octets\n"},
	{"a header over the bound", "#: title: ", 4087, "\n",
		"x.list:1:4097: a line over 4096 octets\n"},
	{"a comment has no bound", "#", 9000, "\na.example\n", "2 a.example\n"},
	{"a title over its bound", "#: title: ", 256, "\n",
		"x.list:1:11: \"title\" is over 255 octets\n"},
	{"a note over its bound", "#: id: x\na.example note=\"", 256, "\"\n",
		"x.list:2:17: \"note\" is over 255 octets\n"},
	{"a service over its bound", "#: id: x\n[", 256, "]\n",
		"x.list:2:2: \"[service]\" is over 255 octets\n"},
	{"a tag over its bound", "#: tags: a,", 256, "\n",
		"x.list:1:12: a tag is over 255 octets\n"},
	{"a label over its bound", "#: id: x\n", 64, ".example\n",
		"x.list:2:64: a label over 63 octets\n"},
};

static void test_long_case(void **state)
{
	const struct long_case *c = *state;
	size_t before = strlen(c->before), after = strlen(c->after);
	char *text = malloc(before + c->n + after);
	struct out o = {.len = 0};

	assert_non_null(text);
	memcpy(text, c->before, before);
	memset(text + before, 'x', c->n);
	memcpy(text + before + c->n, c->after, after);
	read_list("x.list", text, before + c->n + after, &o);
	free(text);
	assert_string_equal(o.text, c->want);
}

static void test_many_tags(void **state)
{
	char text[256] = "#: tags: a";
	struct out o = {.len = 0};
	unsigned i;

	(void)state;
	for (i = 0; i < 64; i++) {
		strcat(text, ",a");
	}
	read_list("x.list", text, strlen(text), &o);
	assert_string_equal(o.text, "x.list:1:138: over 64 tags\n");
}

#define N_CASES (sizeof(cases) / sizeof(*cases))
#define N_LONG (sizeof(long_cases) / sizeof(*long_cases))

int main(void)
{
	static struct CMUnitTest tests[N_CASES + N_LONG + 1];
	size_t i;

	for (i = 0; i < N_CASES; i++) {
		tests[i] = (struct CMUnitTest){.name = cases[i].name,
			.test_func = test_list_case,
			.initial_state = (void *)(uintptr_t)&cases[i]};
	}
	for (i = 0; i < N_LONG; i++) {
		tests[N_CASES + i] = (struct CMUnitTest){
			.name = long_cases[i].name,
			.test_func = test_long_case,
			.initial_state = (void *)(uintptr_t)&long_cases[i]};
	}
	tests[N_CASES + N_LONG] = (struct CMUnitTest){
		.name = "tags are bounded", .test_func = test_many_tags};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
