/* What the reports share, for the .c files of report/ only: escaped text, columns, colour, the parts of JSON
 * that appear in several. */
#ifndef KFMIG_REPORT_WORDS_H
#define KFMIG_REPORT_WORDS_H

#include "model/finding.h"
#include "report/report.h"

enum paint { PAINT_GOOD, PAINT_BUSY, PAINT_BAD, PAINT_DIM, PAINT_BOLD };

/* Append s as text_safe() has it; NULL counts as "". */
void words_safe(struct buf *out, const char *s);
/* As text of XML: markup escaped, what no XML may hold as text_safe() has it. */
void words_xml(struct buf *out, const char *s);
/* words_safe(), followed by blanks up to width characters (at least one if width > 0). */
void words_cell(struct buf *out, const char *s, size_t width);
/* The same between colour codes, if st wants colour. */
void words_paint(struct buf *out, const struct style *st, enum paint p, const char *s,
                 size_t width);
/* A state in its colour, as words_cell(). */
void words_state(struct buf *out, const struct style *st, enum plan_state s, size_t width);
/* The state of a step: where only the ledger knows it and nothing is blocked, "not here". */
void words_step_state(struct buf *out, const struct style *st, const struct step *s, size_t width);
/* A step's line in a plan begins with two blanks and this many columns: what is to be done, or its state. */
enum { VERB_WIDTH = 9 };
void words_verb(struct buf *out, const struct style *st, const struct step *s);
/* The first of its targets that there is to tell of: what is not here has no declaration. */
enum stage words_first_stage(const struct step *s);
size_t words_width(const char *s); /* columns of the escaped text */
/* Columns that n bytes of valid UTF-8 take on a terminal: wide characters two, combining ones none. */
size_t words_columns(const char *p, size_t n);

/* "3 faults", "1 fault". */
void words_count(struct buf *out, size_t n, const char *noun);
/* What is to be known of ledger and server before the targets: an upgrade that reads objects differently,
 * fingerprints that the next build records anew. Nothing where there is neither. */
void words_versions(struct buf *out, const struct plan *p);
/* That as members of d: "upgrade", {"from","to","objects"}, and "fingerprints", {"format","next"}; or
 * null. */
void words_put_versions(struct arena *a, struct doc *d, const struct plan *p);
/* "dev: 2 to apply, 1 blocked, 5 current" for the selected steps: together they are all of them. */
void words_summary(struct buf *out, const struct plan *p);

/* Member name of d: a list of what drifted and no version of the server explains, each as words_drift(). */
void words_put_drift(struct arena *a, struct doc *d, const char *name, const struct world *w);
/* Member "moved_from" of d: where the last run here found the ledger, if not in this database, or null. */
void words_put_moved(struct arena *a, struct doc *d, const struct world *w);

/* Why the environment could not be asked: "dev could not be asked: ...", the server's words, what to do. */
void words_unreachable(struct buf *out, const struct style *st, const struct plan *p);

/* "a build is running now: ..."; nothing if none is, or nobody has looked. */
void words_running(struct buf *out, const struct style *st, const struct plan *p);
/* What holds the environment back now, a line each: "held back: it is mon 12:00 UTC, ..."; and into d, as a
 * member "held" where there is such. */
void words_held(struct buf *out, const struct style *st, const struct plan *p);
void words_put_held(struct arena *a, struct doc *d, const struct world *w);
/* {"rule","result","severity","subject","text","hint"}, in a. */
struct doc *words_finding(struct arena *a, const struct finding *f);
/* Why the run of f failed, as its receipt says, each line behind indent: "forward.sql:3:1, statement 2:
 * undefined_table (42P01)", then the gates that failed. Nothing where that is not known, or it did not. */
void words_failure(struct buf *out, const struct bundle *b, const struct fact *f,
                   const char *indent);
/* Members of a document d that say the same: "intent" (of a migration) and "last_run", which has who, when,
 * how long and why it failed where somebody has looked into its receipt; "running". Null for what there is
 * not. */
void words_put_step(struct arena *a, struct doc *d, const struct step *s);
void words_put_running(struct arena *a, struct doc *d, const struct plan *p);
/* "1 row", "950 rows", "12 k rows", "1.0 M rows". */
void words_rows(struct buf *out, int64_t n);
/* "8.0 MiB", "1.2 GiB" behind a text; neither for less than a mebibyte. */
void words_bytes(struct buf *out, const char *before, int64_t n);
/* "0.3 s", "12 min"; "" for -1. */
void words_time(struct buf *out, int64_t ms);

/* An escaped text node; null for NULL and "". */
struct doc *words_doc(struct arena *a, const char *s);
/* "path:line:col", as far as it is known; nothing where path is "". */
void words_where(struct buf *out, const char *path, int line, int col);
/* The same as a text node; null where path is NULL or "". */
struct doc *words_place(struct arena *a, const char *path, int line, int col);
/* The member "error" wherever one is told: {"code","message","where","hint","sqlstate"}. */
struct doc *words_error(struct arena *a, const struct err *e);
/* Of an object that drifted: "appeared", "vanished" or "changed"; a row {"object","change","last_writer",
 * "sequence"}. */
const char *words_change(const struct drift *d);
struct doc *words_drift(struct arena *a, const struct drift *d);
/* Findings that stand in the way: [{"rule","subject","text","fix"}]. */
struct doc *words_gates(struct arena *a, const struct findings *gates);

/* Which reasons of a step speak of one of its targets: those that lead to that target's state. */
bool words_reason_counts(const struct step *s, enum stage stage, const struct reason *r);
/* One element of "targets" in plan --json and status --json. */
struct doc *words_target(struct arena *a, const struct plan *p, const struct step *s,
                         enum stage stage);
/* What a stage's output hashes to: declaration, apply: of the files; the others: as the ledger has them. Zero
 * if there is none. */
struct digest words_output(const struct step *s, enum stage stage);

/* words_reason() for a projection: "sentence: detail (place, if it is blocked, or cause)". */
void words_projection_reason(struct buf *out, const struct reason *r);
/* A projection's lines in plan; width: of names. */
void words_projection(struct buf *out, const struct style *st, const struct step *x, size_t width);
/* How it is to be done, and what that should cost. */
void words_projection_way(struct buf *out, const struct step *x);
/* Its line in status, and with st->verbose one for each of its targets. */
void words_projection_status(struct buf *out, const struct style *st, const struct plan *p,
                             const struct step *x, size_t id_width);
/* Append the targets of all selected projections to list. */
void words_projection_targets(struct arena *a, const struct plan *p, struct doc *list);

/* The name of a lock level as pg_locks shows it, without "Lock": "AccessExclusive". */
const char *words_lock(int level);
/* The last part of a path in the bundle: "forward.sql". */
const char *words_in_bundle(const struct bundle *b, const char *path);

/* "sentence: detail (place or cause)": a reason in one line, without newline. */
void words_reason(struct buf *out, const struct step *s, const struct reason *r);

#endif
