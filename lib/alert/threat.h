/* SPDX-License-Identifier: BSD-2-Clause */
/* threat.h - a list's tags as ECS's threat object. */
#ifndef DLO_ALERT_THREAT_H
#define DLO_ALERT_THREAT_H

#include "alert/json.h"

/*
 * "threat": MITRE ATT&CK techniques, each with its subtechniques, and tactics
 * of n Sigma tags ("attack.t1090.002", "attack.command-and-control"). Nothing
 * when no tag is one.
 */
void dlo_json_threat(struct dlo_json *j, const char *const *tags, unsigned n);

#endif
