/* Waiting until an environment's server answers. */
#ifndef KFMIG_SITE_WAIT_H
#define KFMIG_SITE_WAIT_H

#include "model/waited.h"
#include "site/site.h"

/* s is begun, not connected, and is not afterwards. Tries to connect and to be told who answers
 * until that is a server that kfmig could work on, pausing longer and longer, at most a second; a
 * replica may yet be promoted. Why not yet is told once for each reason. What no waiting mends (a
 * password, a database that is not there, another environment's) ends it at once. timeout_ms 0:
 * tries once. *out in s->a. -1: ERR_PREFLIGHT, ERR_CONFIG, ERR_INTERRUPTED. */
int site_wait(struct site *s, int64_t timeout_ms, struct waited *out, struct err *e) MUST_CHECK;

#endif
