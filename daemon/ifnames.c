/* SPDX-License-Identifier: BSD-2-Clause */
/* ifnames.c - the name that belongs to an interface's index. */
#include "ifnames.h"

#include <string.h>

#include "clock.h"

/* An interface may be renamed; its index is not given to another one soon. */
#define ASK_AGAIN_S 5
#define NS_PER_S 1000000000u

const char *ifnames_get(struct ifnames *n, uint32_t index)
{
	struct ifnames_row *row = &n->row[index % IFNAMES_ROWS];
	uint64_t now = clock_steady_ns() / NS_PER_S;
	char name[IF_NAMESIZE];

	if (row->index != index) {
		*row = (struct ifnames_row){.index = index};
	} else if (now - row->asked_s < ASK_AGAIN_S) {
		return row->name[0] ? row->name : NULL;
	}
	row->asked_s = now;
	if (if_indextoname(index, name)) {
		memcpy(row->name, name, sizeof(row->name));
	}
	return row->name[0] ? row->name : NULL;
}
