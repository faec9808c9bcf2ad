/* Structs to text and JSON. Never decides, never asks a server. All text for terminals passes text_safe(). */
#ifndef KFMIG_REPORT_REPORT_H
#define KFMIG_REPORT_REPORT_H

#include "base/tell.h"
#include "doc/doc.h"
#include "lint/lint.h"
#include "model/account.h"
#include "model/comparison.h"
#include "model/finding.h"
#include "model/inspection.h"
#include "model/result.h"
#include "model/waited.h"
#include "plan/plan.h"

/* How to print: colour only where the stream is a terminal and NO_COLOR is unset; verbose adds detail. */
struct style {
    bool color;
    bool verbose;
};

/* Any of the documents below, as one line of canonical JSON. */
void report_json(struct buf *out, const struct doc *d);

/* "kfmig: migrations/x/forward.sql:3:14: column ... (hint on a line of its own)", with the source line and a
 * caret under the column where source is not NULL (the file's bytes). */
void report_err(struct buf *out, const struct style *st, const struct err *e,
                const struct bytes *source);
/* {"error":{"code","message","where","hint","sqlstate"}} as one line of canonical JSON. */
void report_err_json(struct buf *out, const struct err *e);
/* Everything in the list that stands in the way, a line each, with the line of migration.yml that would admit
 * it:
 *   "  scope: create of table other.t: not in scope.allowed_schemas; admitted by
 *    scope.allowed_schemas: [app, other]" for the place behind report_err(), which has told the first
 * already: of a single one only what admits it, if anything does. */
void report_findings(struct buf *out, const struct style *st, const struct findings *l);
/* All of a list, sorted, then "N faults". kind: "error" or "warning". */
void report_faults(struct buf *out, const struct style *st, const struct err_list *l,
                   const char *kind);

/* What a check of a project found: the three lists, sorted; is_fixed: the registry was written. */
struct check_report {
    const struct findings *faults, *findings, *warnings;
    size_t n_migrations;
    bool is_fixed;
};
void report_check(struct buf *out, const struct style *st, const struct check_report *r);
/* The same as a document, as registry/schemas/check.v1 says; in a. */
struct doc *report_check_doc(struct arena *a, const struct check_report *r);

/* What the linter found; n_fixed: changes made in files; has_kept, n_kept: a baseline was written, of so
 * many;
 * version: kfmig's. */
struct lint_report {
    const struct lint_result *result;
    size_t n_fixed, n_kept;
    bool has_kept;
    const char *version;
};
/* Errors and warnings, each with the line that it is in; st->verbose: notes and what is let through, too. */
void report_lint(struct buf *out, const struct style *st, const struct lint_report *o);
/* All of it, as registry/schemas/lint.v1 says; as SARIF 2.1.0; in a. */
struct doc *report_lint_doc(struct arena *a, const struct lint_report *o);
struct doc *report_lint_sarif(struct arena *a, const struct lint_report *o);
/* Annotations of GitHub, and JUnit. */
void report_lint_github(struct buf *out, const struct lint_report *o);
void report_lint_junit(struct buf *out, const struct lint_report *o);
/* The rules, a line each; and the page of one, as Markdown. */
void report_lint_rules(struct buf *out);
void report_lint_page(struct buf *out, enum hazard rule);

/* What a verb that writes has done: registry/schemas/result.v1.schema.json, with the members of r->more and,
 * where the verb failed, "error". r that was never begun gives only that. In a. */
struct doc *report_result_doc(struct arena *a, const struct result *r, const struct err *failure);
/* "dev: 2 applied, 1 failed, 1 blocked, 5 current; 0.3 s", without newline; each target of the build is in
 * one of the figures. was_run false: "dev: nothing to do (9 current)". */
void report_result(struct buf *out, const struct result *r, bool was_run);
/* Of the documents recovery.v1 and drill.v1. */
void report_recovery(struct buf *out, const struct doc *d);
void report_drill(struct buf *out, const struct doc *d);

/* The generations of a projection that stand in env, a line each; and the same as a document, in a. */
struct doc *report_generations(struct buf *out, struct arena *a, const char *env,
                               const struct step *x);

/* What was looked at before or after a change, check by check; st->verbose: also what does not concern the
 * environment. And as a document, as registry/schemas/inspection.v1 says; in a. */
void report_inspection(struct buf *out, const struct style *st, const struct inspection *x);
struct doc *report_inspection_doc(struct arena *a, const struct inspection *x);

/* What was proven, migration by migration; st->verbose: also what was known, and why the others
 * were tried. As a document, as registry/schemas/proofs.v1 says, in a; and as JUnit's XML. */
struct proofs;
void report_proofs(struct buf *out, const struct style *st, const struct proofs *o);
struct doc *report_proofs_doc(struct arena *a, const struct proofs *o);
void report_proofs_junit(struct buf *out, const struct proofs *o);

/* A schema of registry/schemas as help: what the file is, then every key with what it holds and whether it is
 * wanted; what a $ref means stands in its place. */
void report_schema(struct buf *out, const struct doc *schema);

/* One event as one line of NDJSON: {"event","time","target",...}; TELL_FAULTS: one line per fault. */
void report_tell(struct buf *out, const struct tell *t);
/* How far a backfill is, for people: "12 batches, 60000 rows written, 60000 of about 100000 gone over,
 * 3 s left". t: a TELL_BATCH. */
void report_batch(struct buf *out, const struct tell *t);

/* What a build would do, and why, for people; st->verbose: also what is current. */
void report_plan(struct buf *out, const struct style *st, const struct plan *p);
/* {"plan","plan_digest","targets"}, as registry/schemas/plan.v1 says; in a. */
struct doc *report_plan_doc(struct arena *a, const struct plan *p);
/* For a pull request: a table of what is to be done, one of statements and their locks. */
void report_plan_markdown(struct buf *out, const struct plan *p);
/* What a rollback would take back, and the rows that may go with it. */
struct undo_list;
void report_undo(struct buf *out, const struct style *st, const struct undo_list *u);
/* The same as a document, as registry/schemas/rollback.v1 says; in a. */
struct doc *report_undo_doc(struct arena *a, const struct undo_list *u);
/* Every selected step, its state and last result; st->verbose: every target of it. */
void report_status(struct buf *out, const struct style *st, const struct plan *p);
/* {"environment","targets":[...]}, in a. */
struct doc *report_status_doc(struct arena *a, const struct plan *p);

/* What env lacks of what those that it requires have: of each target that is not current there the receipts
 * that let it in, or what is missing, and what else stands in its way. */
void report_promote(struct buf *out, const struct style *st, const struct plan *p);
/* The same as a document, as registry/schemas/promote.v1 says; in a. */
struct doc *report_promote_doc(struct arena *a, const struct plan *p);
/* Of the targets that env lacks, how many have no receipt of one of those. *n_lacking: how many it lacks. */
size_t report_unpromoted(const struct plan *p, size_t *n_lacking);

/* The chain from one target of step to its root causes; changes: the files that differ, for
 * checksum_mismatch. */
void report_why(struct buf *out, const struct style *st, const struct plan *p, int step,
                enum stage stage, const struct file_change *changes, size_t n_changes);
/* The same as a document, {"target","state","chain","files"}, as registry/schemas/why.v1 says; in a. */
struct doc *report_why_doc(struct arena *a, const struct plan *p, int step, enum stage stage,
                           const struct file_change *changes, size_t n_changes);

/* As report_why(), of a projection by its index in p->projections, and one of its parts (plan_parts()). */
void report_why_projection(struct buf *out, const struct style *st, const struct plan *p,
                           int projection, int part, const struct file_change *changes,
                           size_t n_changes);
/* As report_why_doc(), of a projection. */
struct doc *report_why_projection_doc(struct arena *a, const struct plan *p, int projection,
                                      int part, const struct file_change *changes,
                                      size_t n_changes);

/* Migrations, projections and the dataset versions that those are made of. focus: -1 for the whole graph,
 * else what that depends on and what depends on it: the index of a step in p->v. */
void report_graph(struct buf *out, const struct plan *p, int focus);
/* The same for Graphviz. */
void report_graph_dot(struct buf *out, const struct plan *p, int focus);
/* The same as a document, {"nodes","edges"}; in a. */
struct doc *report_graph_doc(struct arena *a, const struct plan *p, int focus);

/* A line of what adopting would record: "changed table app.t, last written by M"; is_taken false: "stays
 * drift: ...". In a. */
const char *report_adoption(struct arena *a, const struct drift *d, bool is_taken);
/* What differs between env's ledger and its database, object by object: as expected, as it stands there, and
 * the statements of sql for either way. */
void report_diff(struct buf *out, const struct style *st, const char *env,
                 const struct drift_detail *v, size_t n, const struct drift_sql *sql);
/* The same as a document, {"environment","differences","sql"}, as registry/schemas/diff.v1 says; in a. */
struct doc *report_diff_doc(struct arena *a, const char *env, const struct drift_detail *v,
                            size_t n, const struct drift_sql *sql);

/* Two environments beside each other; objects that differ by their owner alone are counted, or listed
 * where st is verbose. And as a document, as registry/schemas/comparison.v1 says; in a. */
void report_comparison(struct buf *out, const struct style *st, const struct env_comparison *c);
struct doc *report_comparison_doc(struct arena *a, const struct env_comparison *c);

/* Why a dataset version is current or blocked. name: "dataset:SLUG/ID"; path: of its catalog; artifacts:
 * their bytes were compared, too; files: its artifacts; users: projections made of it. All borrowed. */
struct dataset_report {
    const char *name, *path;
    bool artifacts;
    const struct err_list *faults;
    struct named_digests files;
    struct names users;
};
void report_dataset(struct buf *out, const struct dataset_report *r);
/* The same as a document, as registry/schemas/why.v1 says; in a. */
struct doc *report_dataset_doc(struct arena *a, const struct dataset_report *r);

/* What stands in a database, for comparing: a line that says by what it was read, then per object
 * its name and behind a tab a line for each facet. The same as a document,
 * registry/schemas/dump.v1.schema.json; in a. */
void report_dump(struct buf *out, const struct dumped *d);
struct doc *report_dump_doc(struct arena *a, const struct dumped *d);
/* Two texts of report_dump(): [{"object", "how": "missing" | "added" | "changed"}] of what differs,
 * in order of names; what is not such a text differs. In a. */
struct doc *report_dump_compare(struct arena *a, const char *was, const char *now);
/* A line for each: "- only in was", "+ only in now", "~ another definition". */
void report_dump_differences(struct buf *out, const struct doc *list);

/* A server that was waited for, in a line; and the same as a document, registry/schemas/wait.v1.schema.json,
 * in a. */
void report_waited(struct buf *out, const struct waited *w);
struct doc *report_waited_doc(struct arena *a, const struct waited *w);

#endif
