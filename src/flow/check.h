/* Everything that can be said about a project without a database: `kfmig check`.
 * Owns: that each fault becomes a finding, with the check that found it. Must not know how it
 * is told. */
#ifndef KFMIG_FLOW_CHECK_H
#define KFMIG_FLOW_CHECK_H

#include "load/load.h"
#include "model/finding.h"

/* faults: what cannot be used. findings: what a script would do is not what was declared. warnings: the rest.
 * Sorted by place; rule is check_rule(), subject the migration or projection that it is
 * about, "" where it is about the project. is_fixed: the registry was written. */
struct checked {
    struct findings faults, findings, warnings;
    size_t n_migrations;
    bool is_fixed;
};

struct cache;

/* Check p, which is loaded with its faults in it. is_strict: whoever reads looks at the exit status only, so
 * that missing evidence is a finding. may_fix: write what is missing into the registry. *out lives in p->a.
 * Scripts that an earlier check found good are not read again where the cache says so (flow/check_kept.h);
 * it may be NULL. -1: the registry could not be written. */
int check_project(struct project *p, struct cache *cache, bool is_strict, bool may_fix,
                  struct checked *out, struct err *e) MUST_CHECK;

#endif
