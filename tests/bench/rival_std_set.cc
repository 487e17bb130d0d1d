/* SPDX-License-Identifier: BSD-2-Clause */
/* rival_std_set.cc - the plain suffix hash set: std::unordered_set of text. */
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>

#include "rivals.h"

namespace {

enum { DOMAIN, EXACT, BELOW }; // as enum dlo_pattern_kind

struct set {
	std::string text;
	std::unordered_map<std::string_view, unsigned> kinds;
};

std::string to_text(const struct bench_pattern &p)
{
	std::string s;

	for (uint32_t at = 0; at < p.wire_len; at += p.wire[at] + 1u) {
		s += at ? "." : "";
		s.append(reinterpret_cast<const char *>(p.wire) + at + 1,
			p.wire[at]);
	}
	return s;
}

void *build(const struct bench_pattern *p, size_t n)
{
	set *s = new set;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		len += p[i].wire_len;
	}
	s->text.reserve(len);
	for (size_t i = 0; i < n; i++) {
		std::string one = to_text(p[i]);
		size_t at = s->text.size();

		s->text += one;
		s->kinds[std::string_view(s->text.data() + at, one.size())] |=
			1u << p[i].kind;
	}
	return s;
}

bool match(void *x, const struct bench_name *n)
{
	const set *s = static_cast<set *>(x);
	std::string_view rest(n->text, n->text_len);

	for (bool whole = true;; whole = false) {
		auto it = s->kinds.find(rest);
		unsigned want = 1u << DOMAIN | 1u << (whole ? EXACT : BELOW);

		if (it != s->kinds.end() && (it->second & want)) {
			return true;
		}
		size_t dot = rest.find('.');
		if (dot == std::string_view::npos) {
			return false;
		}
		rest.remove_prefix(dot + 1);
	}
}

void set_free(void *x)
{
	delete static_cast<set *>(x);
}

} // namespace

const struct rival rival_std_set = {"suffix set, std::unordered_map", false,
	SIZE_MAX, build, match, set_free};
