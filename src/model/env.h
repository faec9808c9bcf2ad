/* Environments and the project's policy, as declared in registry/environments.v1.yml. Plain data. */
#ifndef KFMIG_MODEL_ENV_H
#define KFMIG_MODEL_ENV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "doc/doc.h"
#include "model/store_kind.h"

struct operations;    /* model/operations.h */
struct approval_rule; /* model/approval.h */
struct variables;     /* model/variables.h */

struct names {
    const char **v;
    size_t n, cap;
};
/* Is name among them, byte for byte? */
bool names_have(const struct names *l, const char *name);
/* The same ones in the same order? */
bool names_same(const struct names *x, const struct names *y);
/* Put name behind them, where it is not among them. Borrowed; room is taken in a. */
void names_add(struct arena *a, struct names *l, const char *name);
/* With their texts, in a. */
struct names names_copy(struct arena *a, const struct names *l);
/* "one, two", in their order; in a. */
const char *names_text(struct arena *a, const struct names *l);
/* The list of them, in their order; in a. */
struct doc *names_doc(struct arena *a, const struct names *l);

enum approval_mode { APPROVAL_NONE, APPROVAL_REVIEW, APPROVAL_SIGNATURE };
/* What an environment is for: receipts say it, and the statuses of the registry follow from it. */
enum env_kind { ENV_DEV, ENV_STAGE, ENV_PROD };
const char *env_kind_text(enum env_kind k); /* "dev", "stage", "prod" */
enum evidence { EVIDENCE_NONE, EVIDENCE_BUNDLE, EVIDENCE_FOLDER, EVIDENCE_POINTER };
/* What is found where an applied migration's evidence should stand. */
enum export_state { EXPORT_DONE, EXPORT_MISSING, EXPORT_ALTERED };
/* When what was committed is on disk. BATCH: migrations are committed without waiting for it, and together
 * before anything is said of them (flow/durable.h); EACH: each before the next one begins. */
enum durability { DURABILITY_BATCH, DURABILITY_EACH };
const char *durability_text(enum durability d); /* "batch", "each" */
const char *approval_text(enum approval_mode a);
enum approval_mode approval_parse(const char *text); /* APPROVAL_NONE for anything else */
const char *evidence_text(enum evidence e);

/* protected: a protected environment (asks, refuses superusers, wants signatures). kind, approval, evidence
 * and durability hold the effective value, defaults applied. line, col: of the environment's name in its
 * file. */
struct env {
    const char *name;
    enum env_kind kind;
    bool is_protected;
    bool is_default;
    struct names requires;
    enum approval_mode approval;
    enum evidence evidence;
    enum durability durability;
    bool store[STORE_COUNT]; /* configured here? */
    /* Where each of them is but the ledger's, by the keys of its row, as declared; NULL: not given. */
    const char *place[STORE_COUNT][STORE_KEYS];
    bool embedded; /* stores.postgis.server: embedded */
    const char *
        dsn_ref; /* NULL if embedded; a name of an environment variable, or a path if it has a '/' */
    const char *attest_key; /* attestations.key_ref, as dsn_ref; NULL: runs are not signed */
    bool implicit; /* no environments.v1.yml: takes DATABASE_URL or the libpq PG* variables */
    const struct operations *operations;   /* model/operations.h; NULL: nothing of it is declared */
    const struct approval_rule *approvals; /* model/approval.h; NULL: nothing of it is declared */
    const struct variables *variables;     /* values for ${NAME}, if any */
    struct names extensions;               /* provision */
    struct names roles;
    int line, col;
};

/* policy.protected: existing objects there may not change without a signed approval. */
struct domains {
    struct names schemas;
    struct names tables; /* "schema.table", or "table" for any schema */
    struct names roles;
};

#endif
