/* SPDX-License-Identifier: BSD-2-Clause */
/* rival_re2.cc - RE2::Set. */
#include <re2/set.h>
#include <vector>

#include "rivals.h"

namespace {

void *build(const struct bench_pattern *p, size_t n)
{
	re2::RE2::Options options;

	options.set_max_mem(int64_t(1) << 30);
	options.set_dot_nl(true);
	options.set_encoding(re2::RE2::Options::EncodingLatin1);
	auto *set = new re2::RE2::Set(options, re2::RE2::UNANCHORED);
	for (size_t i = 0; i < n; i++) {
		set->Add(p[i].regex, nullptr);
	}
	set->Compile();
	return set;
}

bool match(void *x, const struct bench_name *n)
{
	static std::vector<int> found;

	return static_cast<re2::RE2::Set *>(x)->Match(
		re2::StringPiece(n->text, n->text_len), &found);
}

void set_free(void *x)
{
	delete static_cast<re2::RE2::Set *>(x);
}

} // namespace

const struct rival rival_re2 = {"RE2::Set", true, 1000, build, match, set_free};
