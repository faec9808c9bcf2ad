/* What plan tells of, in text and in Markdown alike: which steps, which of them as one line, statements that
 * read the same, and what weighs most of a migration. For the .c files of report/ only. */
#ifndef KFMIG_REPORT_PLANNED_H
#define KFMIG_REPORT_PLANNED_H

#include "model/finding.h"
#include "report/words.h"

/* Is a step told of? What is current is not, but with st->verbose. */
bool planned_listed(const struct style *st, const struct plan *p, const struct step *s);

/* Per step the one that it waits for in the end; itself, if it waits for none. In a. */
const size_t *planned_roots(struct arena *a, const struct plan *p);
/* How many of those listed from i on wait for the same blocked one as i does; *last: of these. 0: so few that
 * each is told by itself, or i waits for none. */
size_t planned_waiting(const struct style *st, const struct plan *p, const size_t *root, size_t i,
                       size_t *last);

/* What the linter says of a migration that is pending, blocked or not: whoever is to approve it reads that;
 * none where nobody has looked. */
const struct findings *planned_lint(const struct plan *p, const struct step *s);
/* One of them as it is told: behind its text stands what its table holds, where that decides how grave it is,
 * and of a small table a warning is a note. text is borrowed, or in a. */
struct planned_finding {
    const struct finding *finding;
    enum severity severity;
    const char *text;
};
void planned_found(struct arena *a, const struct plan *p, const struct finding *f,
                   struct planned_finding *out);
/* Notes and what is let through are told with st->verbose. */
bool planned_found_shown(const struct style *st, const struct planned_finding *f);
/* All that is shown, a line each; and all of them: [{"rule","severity","where","subject","message","instead",
 * "waived_by"}]. */
void planned_put_lint(struct buf *out, const struct style *st, const struct plan *p,
                      const struct step *s);
struct doc *planned_lint_doc(struct arena *a, const struct plan *p, const struct step *s);
/* The rules of what reduces what is enforced, each once; for protected environments. */
struct doc *planned_reduced_doc(struct arena *a, const struct plan *p, const struct step *s);

/* BEGIN and COMMIT are not told of. */
bool planned_shown(const struct statement *t);
/* What a statement locks, behind "rewrites", "may rewrite" or "locks": "locks table s.t, 12 k rows,
 * AccessExclusive; locks ...". Nothing where that is nothing. */
void planned_locks(struct buf *out, const struct style *st, const struct plan *p,
                   const struct statement *t);
/* What it does, without its place: "DROP TABLE, destructive". */
void planned_deed(struct buf *out, const struct statement *t);
/* Of a backfill, behind that: ", batches of 5,000 rows by (id), about 200 of them, up to the greatest
 * key there is when it begins". Nothing for any other statement. */
void planned_batches(struct buf *out, const struct plan *p, const struct statement *t);
/* Roughly how many batches it takes; -1: nobody knows how many rows there are. */
int64_t planned_n_batches(struct arena *a, const struct plan *p, const struct statement *t);
/* How many statements of script from the shown one at first on read the same, to be told as one: 1 where it
 * is told by itself. */
size_t planned_alike(const struct style *st, const struct plan *p, const struct script *script,
                     size_t first);

/* How many statements an apply of s runs, BEGIN and COMMIT not counted; 0: they are not known, or none. */
size_t planned_statements(const struct step *s);
/* The heaviest thing that one of them does: "rewrites table s.t, 1.0 M rows, AccessExclusive", else the
 * strongest lock on the most rows; "holds code that is observed when it runs"; "locks nothing that is
 * there". */
void planned_weight(struct buf *out, const struct plan *p, const struct step *s);

#endif
