/* Backups: before an environment is changed, by `kfmig backup`, and tried by restoring one.
 * Owns: what is backed up, and when; the files beneath state/backups; what the ledger says of it. A
 * backup holds rows: its folders are of mode 0700, and nothing of kfmig's reads its content. */
#ifndef KFMIG_FLOW_BACKUP_H
#define KFMIG_FLOW_BACKUP_H

#include "flow/writing.h"

/* What a run is about to change. v: migrations that are applied, or taken back. rebuilds: projections, whose
 * rows come from artifacts. skips: --skip-backup. forced: what --force let through; none: it let nothing
 * through, is_forced: it was given. */
struct backup_needs {
    const struct bundle **v;
    size_t n;
    bool rebuilds, skips, is_forced;
    struct names forced;
};
/* Of the plan as it is restricted now, at most so many migrations (0: all); in s->a. */
void backup_needs_of(const struct site *s, int64_t most, struct backup_needs *out);

/* To be called by a run's work before its first write, under the lock. Where the environment
 * declares `backup:`, makes what n may touch, or runs the declared command if its last backup is
 * too old, records it (an entry of kind "backup"), and from then on every receipt of the run says
 * so, or why there is none. -1: ERR_PREFLIGHT, ERR_INTERRUPTED: there is no backup, and nothing may
 * be changed. */
int backup_before(struct writing *w, const struct backup_needs *n, struct err *e) MUST_CHECK;

/* `kfmig backup`: all of what is declared, now: the command, or pg_dump of the whole database, with
 * plan_only of what the plan may touch. drills: the whole database, restored in a throwaway one
 * beside it and compared with the snapshot that it was made of; ERR_VALIDATE: they differ. s is
 * planned; r begun. r->more has the member "backup", as claim.backup of its receipt. */
struct backup_wish {
    bool plan_only, drills;
};
int backup(struct site *s, const struct backup_wish *wish, const struct writing_order *o,
           struct result *r, struct err *e) MUST_CHECK;

/* What holds for s: as its options have it, else as its environment declares. */
const struct backup_rule *backup_rule_of(const struct site *s);
/* Could pg_dump read that server? Finding it runs programs. -1: why not. */
int backup_can(const struct site *s, struct err *e) MUST_CHECK;

#endif
