/* Approvals: signed statements that something may be done, by its digest; who has to give how many;
 * whether those that are there are enough.
 * Owns: these as plain data, and the rule of many eyes. Pure. Must not know files, keys, signatures: whoever
 * reads them (site/approvals.h) says in why_not whether one counts. */
#ifndef KFMIG_MODEL_APPROVAL_H
#define KFMIG_MODEL_APPROVAL_H

#include <stdint.h>

#include "base/digest.h"
#include "model/env.h"

#define APPROVALS_FOLDER "registry/approvals" /* of what has no folder of its own */
#define STATEMENT_ENDING ".json"
#define SIGNATURE_ENDING ".sig" /* behind the statement's whole name */

struct bundle; /* model/decl.h */

/* What a statement is over: a migration's bundle digest, a projection's generation digest, a plan's (or a
 * rollback's) digest, a run of a plan by who signs. */
enum approval_kind {
    APPROVES_BUNDLE,
    APPROVES_PROJECTION,
    APPROVES_PLAN,
    APPROVES_RUN,
    APPROVAL_KINDS
};
const char *approval_kind_text(enum approval_kind k); /* "bundle", "projection", "plan", "run" */

/* A statement with its signature. subject: what it is called: an id, a name; "" of a plan.
 * environments: where it
 * counts, none: everywhere. waives: what it lets through besides ("force", "skip-backup", "limits",
 * "protected"). signed_at, expires_at: clock_text(), "": never. person, roles, key (its fingerprint):
 * of who signed, as registry/allowed_signers has him; "" where nobody knows him. why_not: why it does
 * not count; NULL: it does. statement, signature: the files' texts. */
struct approval {
    enum approval_kind kind;
    const char *path;
    const char *subject;
    struct digest digest;
    struct names environments, waives;
    const char *signed_at, *expires_at;
    const char *person, *key;
    struct names roles;
    const char *why_not;
    struct bytes statement, signature;
    struct digest statement_digest, signature_digest;
};
/* signers: the text of registry/allowed_signers by which they were looked at; p NULL: there is none. at,
 * at_us: the moment of consent, by which they were judged, as clock_text() and since 1970; "": none was. */
struct approvals {
    struct approval *v;
    size_t n, cap;
    /* who runs it, by the key that was given: that person's do not count; NULL: nobody says */
    const char *runner;
    const char *at;
    int64_t at_us;
    struct bytes signers;
    struct digest signers_digest;
};

/* Waivers, as statements name them. */
#define APPROVAL_FORCE "force"             /* build --force: what holds the environment back */
#define APPROVAL_SKIP_BACKUP "skip-backup" /* build --skip-backup */
#define APPROVAL_LIMITS "limits"           /* a migration touches more than its limits say */
#define APPROVAL_PROTECTED "protected"     /* it changes what stands in a protected domain */
/* The role that signs for what reduces what is enforced, in every protected environment: it is no matter of
 * what the environment declares. */
#define APPROVAL_GOVERNANCE "kfm-governance"
/* Is it one of them? */
bool approval_is_waiver(const char *word);

/* What a label of change_class asks for besides. */
struct approval_route {
    const char *label;
    struct names roles;
};
/* What an environment declares of approvals. reviewers: at least so many persons. roles: each of them
 * signs, for whatever it is; protected: for what touches a protected domain; plan: for the plan itself.
 * runners: the roles of who may run, shown by a signature; none: anybody. max_age_ms: how old one may
 * be; 0: any age. */
struct approval_rule {
    int64_t reviewers;
    struct names roles, protected, plan, runners;
    struct approval_route *routes;
    size_t n_routes;
    int64_t max_age_ms;
};
/* Of one that declares nothing: env->approvals may be NULL. */
const struct approval_rule *approval_rule_of(const struct env *env);

/* Who has to sign. roles: each by another person; n: persons in all. waives: each of them names it;
 * NULL: nothing is waived. */
struct approval_want {
    int64_t n;
    struct names roles;
    const char *waives;
    const char
        *subject; /* of which others, given over another content, are told, too; NULL: of none */
};
/* What a migration, or projection, wants in env: by its declaration's reviewers (NULL: it names none) and
 * change_class; is_protected: it touches a protected domain. Roles in a. */
void approval_wants(struct arena *a, const struct env *env, const struct names *reviewers,
                    const char *change_class, bool is_protected, struct approval_want *out);
/* That of the plan itself. */
void approval_wants_plan(struct arena *a, const struct env *env, const char *waives,
                         struct approval_want *out);

/* v[0..n): those that count, one per person, in the order of their persons. lacks: what is missing, one
 * line; NULL: nothing is. */
struct approval_verdict {
    const struct approval **v;
    size_t n;
    const char *lacks;
};
/* Are there enough of that digest, in env? Of one role another person each, and as many as there have
 * to be in all: who has two roles stands for one. all NULL: there is none. Memory in a. */
void approvals_judge(struct arena *a, const struct approvals *all, const struct digest *digest,
                     const struct env *env, const struct approval_want *want,
                     struct approval_verdict *out);
/* approval_wants() of a migration, by its declaration as far as that was read, and approvals_judge() of
 * its bundle digest. waives: NULL, or what each of them has to name. */
void approvals_of(struct arena *a, const struct approvals *all, const struct env *env,
                  const struct bundle *b, bool is_protected, const char *waives,
                  struct approval_verdict *out);
/* All that count over that digest, whoever has to sign it. */
void approvals_over(struct arena *a, const struct approvals *all, const struct digest *digest,
                    const struct env *env, struct approval_verdict *out);
/* "ann@example.org (kfm-platform), bob@example.org (kfm-governance)"; in a. */
const char *approval_persons(struct arena *a, const struct approval_verdict *v);

#endif
