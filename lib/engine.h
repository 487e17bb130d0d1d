/* SPDX-License-Identifier: BSD-2-Clause */
/* engine.h - the one path of a frame; its public half is in dnslookout.h. */
#ifndef DLO_ENGINE_H
#define DLO_ENGINE_H

#include "dnslookout.h"

/* Time that runs back by more than this has jumped; less is packets that
 * overtook each other. */
#define DLO_TIME_BACK_NS 1000000000u

#endif
