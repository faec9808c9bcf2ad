/* The plan: what build would do, and why. build, plan, why, status and graph all print from the one struct
 * plan.
 * Owns: graph, order, keys, selection, decision, digest. Pure: no I/O; the same project, past and world give
 * the same plan, byte for byte. */
#ifndef KFMIG_PLAN_PLAN_H
#define KFMIG_PLAN_PLAN_H

#include "doc/doc.h"
#include "model/approval.h"
#include "model/class.h"
#include "model/decl.h"
#include "model/fact.h"
#include "model/lineage.h"
#include "model/projection.h"
#include "model/script.h"

#define PLAN_RULES 2 /* version of the decision rules; part of the plan digest */

enum plan_state { STATE_CURRENT, STATE_STALE, STATE_BLOCKED, STATE_NOT_APPLICABLE };
const char *
plan_state_text(enum plan_state s); /* "current", "stale", "blocked", "not-applicable" */

/* ACTION_REBUILD: make a new generation of a projection, or go on with the one begun, and publish it;
 * ACTION_PUBLISH: only publish it. ACTION_PRUNE: drop what a definition made, whose file is gone. */
enum plan_action {
    ACTION_NONE,
    ACTION_APPLY,
    ACTION_EXPORT,
    ACTION_REBUILD,
    ACTION_PUBLISH,
    ACTION_PRUNE
};
const char *
plan_action_text(enum plan_action a); /* "none", "apply", "export", "rebuild", "publish", "prune" */

enum stage {
    STAGE_DECLARATION,
    STAGE_PRE,
    STAGE_APPLY,
    STAGE_POST,
    STAGE_DIFF,
    STAGE_INVARIANTS,
    STAGE_RECEIPT,
    STAGE_COUNT
};
/* "declaration", "pre", ... */
const char *stage_text(enum stage s);

enum reason_code {
#define REASON(name, code, state, text) REASON_##name,
#include "plan/reason.def"
#undef REASON
    REASON_COUNT
};
const char *reason_text(enum reason_code c); /* code */
const char *reason_sentence(enum reason_code c);
enum plan_state reason_state(enum reason_code c);

/* cause: a target ("dev/X@apply"), a file ("migrations/.../forward.sql") or a database fact ("ledger entry
 * 7"); was, now: digests or values, "" where there is none; detail: one sentence, "" if the code says it all.
 * step: index of the step that is the cause, or -1. path, line, col: the place in a project file to look at;
 * path NULL if none. */
struct reason {
    enum reason_code code;
    const char *cause, *was, *now, *detail;
    int step;
    const char *path;
    int line, col;
};

/* Take place, words and hint of a fault of a file over into r. */
void reason_from_fault(struct arena *a, struct reason *r, const struct err *fault);

/* A file that was published, and is another one now: its path, why, the digests of its tiles then and now
 * (zero: there are none). */
struct altered_file {
    const char *path, *why;
    struct digest was, now;
};

/* A projection as the session found it. digest, parts: of the generation that the declaration wants now;
 * digest zero: it cannot be known, faults say why (catalogs that are missing, disagree, are unknown or
 * restricted). artifact_bytes: what its artifacts occupy; free_bytes: what is free at the server, -1:
 * unknown. v[0..n): its generations, by number. has_schema: its schema stands in the database. has_dml: the
 * path of a chain file (not rebuild: after-load) that changes rows, which an empty schema would not repeat;
 * NULL: none. */
struct projection_input {
    const struct projection *p;
    struct digest digest;
    struct parts parts;
    const struct err_list *faults;
    int64_t artifact_bytes, free_bytes;
    const struct generation *v;
    size_t n;
    bool has_schema;
    const char *has_dml;
    const struct err_list *script_faults; /* of its chain, if that has to run; NULL: none */
    const struct altered_file *altered;   /* its live file; NULL: it is as it was published */
};

/* From what the generation of basis took and occupies, in proportion to the artifacts: its own live one, or
 * else another projection's. ms -1: nothing was measured yet; bytes are then those of the artifacts. */
struct cost {
    int64_t ms, bytes;
    const char *basis; /* a projection; NULL: none */
};

enum step_kind { STEP_MIGRATION, STEP_PROJECTION, STEP_KINDS };

/* One unit of atomicity in one environment, with one key and many targets. What its kind decides stands in a
 * row of plan/step_kind.h. A migration has STAGE_COUNT targets that share state and reasons, except that the
 * receipt stage alone can be stale for want of an export. A projection has ENV/NAME@schema, @load:DATASET
 * (one per source; DATASET/VERSION where one dataset comes twice), @index, @validate, @publish, @receipt. */
struct step {
    enum step_kind kind;
    enum plan_state state;
    enum plan_action action;
    bool selected;
    /* Asked for by its name: what was switched back to by hand does not hold it, nor that the same content is
     * applied under another id. */
    bool is_named;
    bool
        awaits; /* nothing blocks it but a deployment that is not recorded, of its own or of an upstream */
    bool order_only;        /* upstream is the default order, not depends_on */
    struct reason *reasons; /* at least one; the decisive one first */
    size_t n_reasons, cap_reasons;
    const struct history *history; /* NULL: nothing known */
    /* Indexes of steps that come first: depends_on, or the order-only predecessor; of a projection: those
     * outside its chain that members come after. */
    int *upstream;
    size_t n_upstream;
    /* Of a migration; else NULL. exported: its evidence. class: bundle_class(), D of a projection; 0 if the
     * scripts were not parsed. moved: where its content is another than was applied, the id of a pending
     * bundle here that has what was. */
    const struct bundle *bundle;
    enum export_state exported;
    char class;
    const char *moved;
    /* Whose signatures let it in, where the environment wants any. */
    struct approval_verdict approved;
    /* Of a projection; else NULL and 0. live: what readers see; next: the generation begun or made for the
     * wanted digest, or kept with it; NULL: none. members: indexes of the steps of its chain, in order. cost:
     * what a new generation should take. */
    const struct projection_input *in;
    const struct generation *live, *next;
    int *members;
    size_t n_members;
    struct cost cost;
};
/* A migration's id, a projection's name. */
const char *step_name(const struct step *s);
/* Is it something that only the ledger knows? */
bool step_is_absent(const struct step *s);
/* A checksum; a generation's digest, zero where it is not known. */
const struct digest *step_key(const struct step *s);
/* "migration", "repeatable", "projection" */
const char *step_kind_text(const struct step *s);

struct plan {
    struct arena *a;
    const struct env *env;
    const struct past *past;
    const struct world *world;
    const struct domains *domains;
    bool prunes; /* as struct plan_input says */
    struct step *
        v; /* in the order in which they run: all migrations, then projections in order of name, those
         * that are made from others behind them */
    size_t n_steps, n_migrations, n_projections;
    struct step *projections; /* in v */
    size_t n_state[4];        /* selected steps by state */
    size_t n_awaits;          /* of those that are blocked: step.awaits */
    size_t n_apply, n_export;
    size_t n_rebuild;                      /* selected projections with something to do */
    const struct projection_input *inputs; /* of the projections */
    struct table by_name;                  /* of a projection -> its input */
    size_t n_absent;                       /* steps that only the ledger knows */
    struct table by_content;         /* what is applied, by checksum; made when it is asked for */
    struct table pending_by_content; /* the first step of each checksum that is not applied, and */
    struct table pending_like; /* of each absent id that it resembles; made together, as above */
    struct table
        newest; /* of a folder -> a pointer to its last applied bundle, outside of chains */
    struct names selection; /* as given, "" none: everything */
};
/* The success of s in a required environment that lets it in: it has the same key. NULL: there is none. */
const struct fact *step_promoted(const struct step *s, const struct upstream *u);
/* Where that is NULL: what is lacking, one line, in a. */
const char *step_unpromoted(struct arena *a, const struct step *s, const struct upstream *u);
/* The target that stands for all of them: "dev/X@apply", "dev/feature_index@publish"; in a. */
const char *step_target_text(struct arena *a, const struct plan *p, const struct step *s);

/* A migration in its place. upstream: places in the order of what comes first; order_only: they are the
 * default order, not depends_on. */
struct ordered {
    const struct bundle *bundle;
    size_t index; /* where it stood in what was ordered */
    int *upstream;
    size_t n_upstream;
    bool order_only;
};
struct plan_order {
    struct ordered *v;
    size_t n;
};
/* The order in which migrations run, known before anything is decided about them. bundles[0..n) in (store,
 * folder, id) order. A migration with depends_on follows those; one without follows the previous id of its
 * folder. Among those that are free the first of bundles goes next, so the same input gives the same order.
 * Memory in a. -1 with ERR_CONFIG naming the whole cycle, or an unknown dependency. */
int plan_order(struct arena *a, const struct bundle *const *bundles, size_t n,
               struct plan_order *out, struct err *e) MUST_CHECK;

/* Everything that goes into a plan. Steps that need it have their scripts parsed (plan_needs_scripts()
 * before, plan_scripts()). */
struct plan_input {
    const struct env *env;
    const struct domains *domains;
    const struct plan_order *order; /* of all migrations */
    const struct past *past;
    const struct world *world;
    const struct projection_input *projections; /* sorted by name */
    size_t n_projections;
    const enum export_state *
        exports; /* per bundle as it was ordered (its index): its exported evidence; NULL: none is wanted */
    bool prunes;  /* definitions whose files are gone are dropped */
    bool defines; /* repeatable definitions may have to run: plan_defines() */
};

/* Does the decision about b in env look into its scripts? True for what is not applied there and whose store
 * is configured; never for a member of a projection: whether a new generation is wanted, and so whether its
 * scripts matter, is known only with the whole projection. */
bool plan_needs_scripts(const struct plan_input *in, const struct bundle *b);
/* May a repeatable definition among bundles[0..n) have to run? Where one is new or changed, what it stands on
 * was changed, or something is pending that may change that. */
bool plan_defines(const struct plan_input *in, const struct bundle *bundles, size_t n);
/* Parse what applying b runs: its forward files and invariants (idempotent). What kfmig cannot run
 * (transaction control, non-transactional statements, psql meta-commands) are faults of b, ERR_CONFIG with
 * their place: they block the step that needs them and nothing else. */
void plan_scripts(struct arena *a, struct bundle *b);
/* Add b's faults to a list, as plan_scripts() found them. */
void plan_script_faults(const struct bundle *b, struct err_list *faults);
/* Statements of b's forward files and invariants that the grammar does not know, unless their file allows
 * them: for `kfmig check` and `kfmig new`. A run leaves the last word to the server. */
void plan_unread_faults(const struct bundle *b, struct err_list *faults);
/* Forward files that hold more data than a migration should (1,000 rows or 1 MiB of literals each), and do
 * not say why: faults of `check`, not of runs. */
void plan_data_faults(const struct bundle *b, struct err_list *faults);
/* Faults of b's rollback files: for `kfmig check`, and for whoever is about to run them. Where a rollback is
 * required: what kfmig cannot run, what is left to be written by hand, and files without a statement although
 * forward (parsed before) has something to undo. */
void plan_rollback_faults(struct arena *a, const struct bundle *b, struct err_list *faults);
/* The rollback files of b, ready to run; what cannot be run, and lines that are left to be written by hand,
 * are faults. NULL: they hold no statement (or there is none), and the forward files, parsed then, have
 * something to undo. In a. */
const struct script *plan_rollback(struct arena *a, struct bundle *b, struct err_list *faults);
/* What counts to what by b's forward scripts, which must be parsed: what they make as a part of another, or
 * make and attach, and what has a new name and is a part by known (may be NULL). Into l. */
void plan_lineage(const struct bundle *b, const struct lineage *known, struct lineage *l);
/* Does a forward script of b say anything of that? False before they are parsed. */
bool plan_has_kin(const struct bundle *b);
/* Roles that scripts need to find and do not make. Zeroed, with a, at first; needed: a role's name -> the
 * first statement; is_open: something runs whose text does not say which roles it makes. */
struct role_wants {
    struct arena *a;
    struct table needed, made;
    bool is_open;
};
/* Add those of b's forward scripts, which are parsed or none; bundles come in the order in which they run. */
void plan_roles(const struct bundle *b, struct role_wants *w);
/* Judge b's forward statically: reasons (scope, protected domain, limits) into *out. base knowledge
 * about what exists is not needed: a protected schema that b itself creates counts as new. known:
 * which relations count to which, as the database says, or (`kfmig check`) all scripts of the
 * project; NULL: only what b's own scripts say. */
void plan_judge(struct arena *a, const struct bundle *b, const struct domains *d,
                const struct lineage *known, struct reason **out, size_t *n);
/* The class of reference 000: what its scripts do, which must be parsed (model/class.h), D where it runs
 * inside a projection, U where it cannot be run; or what its declaration says, where that is stricter.
 * Works in a. */
char bundle_class(struct arena *a, const struct bundle *b);

/* Compute the plan, everything selected. Memory in a; what in points to must live as long. -1 with
 * ERR_CONFIG: a migration outside depends on one that runs inside a projection. */
int plan_make(struct arena *a, const struct plan_input *in, struct plan *out,
              struct err *e) MUST_CHECK;
/* Selected steps that are neither blocked nor current and of which nothing is to be done: what runs inside
 * generations or waits for that; what only the ledger knows; what is not for this environment. With n_apply,
 * n_rebuild, n_export and n_state of blocked and current these are all. */
struct plan_idle {
    size_t waiting, not_here, not_applicable;
};
struct plan_idle plan_idle(const struct plan *p);
/* Restrict to targets and what they need. -1 with ERR_CONFIG: unknown or ambiguous target, with near misses
 * as hint. */
int plan_restrict(struct plan *p, const char *const *targets, size_t n, struct err *e) MUST_CHECK;

/* Everything that a target can be about. by_name: filled by plan_subjects(). */
struct subjects {
    const struct bundle *const *bundles;
    size_t n_bundles;
    const struct projection *const *projections;
    size_t n_projections;
    struct table by_name;
};
/* Fill s->by_name, in a, so that each plan_target() finds a whole name at once; else it walks through all
 * names. */
void plan_subjects(struct arena *a, struct subjects *s);
/* What p is about, in its order: also what only the ledger knows. Memory in p->a. */
struct subjects plan_all_subjects(const struct plan *p);
/* What a text means: "ENV/SUBJECT@STAGE", "SUBJECT@STAGE", "SUBJECT", a unique
 * abbreviation (prefix, else substring) of SUBJECT and STAGE (prefix). SUBJECT: a migration's id or a
 * projection's name. The stage follows the last '@' (a version in "@load:DATASET/VERSION" may hold more of
 * them); the first segment is an environment if one is declared by that name. */
struct target {
    const char *env;  /* NULL: not given */
    int bundle;       /* index into bundles; -1: it is a projection */
    enum stage stage; /* of a migration; STAGE_COUNT: not given */
    int projection;   /* index into projections; -1: it is a migration */
    int part;         /* of a projection, see plan_parts(); -1: not given */
};
/* Resolve text, in a. -1 with ERR_CONFIG: unknown or ambiguous subject or stage, with near misses as hint. */
int plan_target(const char *text, const struct env *envs, size_t n_envs,
                const struct subjects *subjects, struct arena *a, struct target *out,
                struct err *e) MUST_CHECK;
/* "dev/X@apply", "X@declaration"; STAGE_COUNT: "dev/X". Of a migration; in a. */
const char *plan_target_text(struct arena *a, const struct plan *p, const struct step *s,
                             enum stage stage);

int plan_find(const struct plan *p, const char *id);              /* index of its step, or -1 */
int plan_find_projection(const struct plan *p, const char *name); /* in p->projections, or -1 */
/* The state of one target of a migration. */
enum plan_state plan_stage_state(const struct step *s, enum stage stage);

/* The stages of a projection are numbered: schema, a load per source, index, validate, publish, receipt. */
enum phase {
    PHASE_SCHEMA,
    PHASE_LOAD,
    PHASE_INDEX,
    PHASE_VALIDATE,
    PHASE_PUBLISH,
    PHASE_RECEIPT,
    PHASES
};
int plan_parts(const struct projection *p); /* how many */
/* What kind of stage its part of that number is. */
enum phase plan_phase(const struct projection *p, int part);
/* "publish", "load:kansas_counties"; "load:kansas_counties/2026-02.1a2b3c4d" where one dataset comes twice,
 * with "#ASSET" where one version does. */
const char *plan_part_text(struct arena *a, const struct projection *p, int part);
/* The number of the part that publishes. */
int plan_part_publish(const struct projection *p);
/* "dev/feature_index@publish"; part -1: without a stage. */
const char *plan_projection_text(struct arena *a, const struct plan *p, const struct step *x,
                                 int part);
/* A generation that is only to be published has all stages before that behind it. */
enum plan_state plan_part_state(const struct step *x, int part);
/* The member "plan" of plan --json of format kfmig.plan: what the digest covers. */
struct doc *plan_doc(struct arena *a, const struct plan *p);
/* SHA-256 over plan_doc() in canonical form. */
struct digest plan_digest(const struct plan *p);

/* What of s, if it is pending, reduces what is enforced, as far as its text tells: privileges for all, row
 * security off, policies dropped or open, powerful or new login roles, code with its owner's rights for
 * all, views past policies, foreign servers. In a protected environment that wants a signature of
 * governance. NULL: nothing does, or nobody has looked. */
const struct findings *plan_needs_governance(const struct plan *p, const struct step *s);

/* The chain from a step to its root causes: indexes of steps, following reason.step of the decisive reason,
 * the step itself first. */
size_t plan_chain(const struct plan *p, int step, int *out, size_t cap);

#endif
