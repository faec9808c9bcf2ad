/* Who may sign: registry/allowed_signers as ssh-keygen(1) has it, and registry/revoked_signers. A line
 * of the first is PRINCIPALS [OPTIONS] TYPE KEY [COMMENT]. The first principal is the person; the
 * others are the roles that person has: "ann@example.org,kfm-platform". Of the options valid-after,
 * valid-before (UTC, with a Z) and namespaces are taken; what ssh-keygen would take otherwise, or by
 * the machine's own time, is a fault. A line of the second is a public key (TYPE KEY) or its
 * fingerprint (SHA256:...): what it ever signed counts no more.
 * Owns: reading both, and what a key is worth at a moment. Must not know signatures. */
#ifndef KFMIG_APPROVAL_SIGNERS_H
#define KFMIG_APPROVAL_SIGNERS_H

#include "base/digest.h"
#include "model/env.h"

#define SIGNERS_PATH "registry/allowed_signers"
#define REVOKED_PATH "registry/revoked_signers"
#define SIGNERS_NAMESPACE "kfmig"

/* from_us, until_us: when its signatures count, since 1970; from INT64_MIN until INT64_MAX where
 * nothing is said. */
struct signer {
    const char *person;
    struct names roles;
    const char *type, *encoded; /* as they stand there */
    struct bytes key;
    const char *fingerprint;
    int64_t from_us, until_us;
    const char *from, *until; /* clock_text(); "" */
    bool is_ours;             /* its namespaces, where it has any, have SIGNERS_NAMESPACE */
    int line;
};
/* is_there: the first file is; text, digest: its own. revoked: fingerprints. */
struct signers {
    struct signer *v;
    size_t n, cap;
    bool is_there;
    struct bytes text;
    struct digest digest;
    struct names revoked;
};

/* Read both beneath dirfd, in a. What is wrong with them is added to faults, each at its place: then no
 * signature counts. Where the first is not there nobody can sign; the second must be there with it, be
 * it empty: without it nobody could tell a revocation that is lost from none. */
void signers_load(struct arena *a, int dirfd, struct signers *out, struct err_list *faults);
/* The same of texts; path: for places. Receipts hold the first, too; the second alone is for tests. */
void signers_read(struct arena *a, struct bytes text, const char *path, struct signers *out,
                  struct err_list *faults);
void signers_read_revoked(struct arena *a, struct bytes text, const char *path, struct signers *out,
                          struct err_list *faults);

/* Whose key it is; NULL: nobody's that is known. */
const struct signer *signers_find(const struct signers *l, struct bytes key);
/* Why a signature by x, made then and looked at now, does not count; NULL: it does. In a. */
const char *signer_fault(struct arena *a, const struct signers *l, const struct signer *x,
                         int64_t signed_us, int64_t now_us);
/* Has anybody that role? */
bool signers_have_role(const struct signers *l, const char *role);

#endif
