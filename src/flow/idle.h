/* That there was nothing to do, remembered: while nothing is another than it was then, there is nothing to
 * do now, which takes a look at each file, one round trip to the database and no plan.
 * Owns: one row of the cache for each environment, bound to what the verdict depends on: this program, how
 * every file looks, the ledger's instance, format, size and root as the database tells them now, and,
 * by the witness of the last look (site/witness.h), what stands there, server, database and role. A
 * row that is gone or damaged costs a plan and nothing else.
 * Not of an environment that asks others, keeps evidence in files or has other stores than the one that holds
 * the ledger, nor of projects with projections, flat migrations or repeatable definitions. */
#ifndef KFMIG_FLOW_IDLE_H
#define KFMIG_FLOW_IDLE_H

#include "flow/writing.h"
#include "load/looks.h"

/* Before p is loaded; its environments are read. */
void idle_begin(struct looks *looks, const struct project *p);

/* Is it known that the site's environment has nothing to do? Then *r says so, as result_end() would.
 * 1: yes; 0: nobody knows, and the site is closed; -1: nobody answers there. */
int idle_known(const struct looks *looks, struct site *s, struct result *r,
               struct err *e) MUST_CHECK;

/* Remember it, where r is the result of a plan for everything of which every target is current. */
void idle_keep(const struct looks *looks, const struct site *s, const struct result *r);

#endif
