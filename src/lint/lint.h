/* The linter: what is dangerous about migrations, read off their SQL.
 * Owns: the table of rules (lint/lint.def), what the migrations of a plan make as they go on, and what their
 * comments let through. Pure: text in, findings out; no connection, no verdict about scope or limits. */
#ifndef KFMIG_LINT_LINT_H
#define KFMIG_LINT_LINT_H

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "model/finding.h"

enum hazard {
#define LINT(name, id, severities, from, to, also, what, why, instead, bad, good) LINT_##name,
#include "lint/lint.def"
#undef LINT
    LINTS
};

/* As the table says. bad may be NULL: no short text breaks it. */
struct lint_rule {
    const char *id;
    const char *severities; /* of class A, B, C, D */
    int from, to;           /* majors; 0: no bound */
    const char *also;       /* "squawk:NAME pgls:NAME", separated by blanks */
    const char *what, *why, *instead;
    const char *bad, *good;
};
const struct lint_rule *lint_rule(enum hazard r);
/* Of a migration of class 'A' .. 'D'. */
enum severity lint_severity(enum hazard r, char class);
/* What it is about, as lint/kind.def says. */
enum lint_kind { LINT_BY_SIZE = 1, LINT_POSTURE = 2 };
bool lint_is(enum hazard r, enum lint_kind k);
/* By its id; LINTS: there is none of that name. */
enum hazard lint_named(const char *id);

/* What a file is to the linter. */
enum lint_part {
    LINT_PAST,    /* applied: what it made is there, with rows; it is not judged */
    LINT_PLANNED, /* to be applied, and not asked for: what it makes is new */
    LINT_ASKED    /* the same, and judged */
};

/* class: 'A' .. 'D' as declared, 0: it is not. subject: the migration. is_rebuilt: it belongs to a
 * projection. is_fixed: nobody may change its text any more. text ends with a NUL, and is valid until
 * lint_end(). */
struct lint_file {
    const char *path, *subject;
    struct bytes text;
    enum lint_part part;
    char class;
    bool is_rebuilt, is_fixed;
};

/* A text-local change that mends it: in the file, from at to end there is text from then on. text NULL: there
 * is none. */
struct lint_edit {
    size_t at, end;
    const char *text;
};

/* One finding. mark: what it is known by in baselines and in SARIF's partialFingerprints: rule, path, words
 * of the statement, and which of several the same; another line does not change it.
 * migration: what the file was given as the subject of; lives as long as that text.
 * source: the line it stands in. end_col: behind what it is about, in that line; 0: not known. */
struct lint_found {
    struct finding finding;
    enum hazard rule;
    struct digest mark;
    const char *migration;
    const char *source;
    int end_col;
    struct lint_edit edit;
};
struct lint_result {
    struct lint_found *v; /* by path, line and column */
    size_t n;
    size_t n_files, n_statements; /* that were asked for */
    size_t n_error, n_warning, n_note, n_waived;
};

/* server: the major that it will run on, 0: any that kfmig knows. allowed: rule names that are not the
 * linter's, and may stand behind "kfmig:allow", NULL-terminated. */
struct lint_options {
    int server;
    const char *const *allowed;
};

struct lint;
/* In a, for as long as it. */
struct lint *lint_begin(struct arena *a, const struct lint_options *o);
/* Read one file, in the order of the plan. Returns 0, or -1 with ERR_CONFIG and the place where the text
 * cannot
 * be split into statements: what came before it is kept. */
int lint_read(struct lint *l, const struct lint_file *f, struct err *e) MUST_CHECK;
/* Whether a mark is one of those that are known and let be; NULL: none are. */
typedef bool lint_known_fn(void *ctx, const struct digest *mark);
/* No more comes: settle what depended on it. *out is in the arena of lint_begin(). */
void lint_end(struct lint *l, lint_known_fn *known, void *ctx, struct lint_result *out);

#endif
