/* registry/keys.v1.json: which keys sign for which ledgers, and which entries of them.
 * Owns: that list, and the answer whether a key counts for an entry. A key counts for positions, never for
 * times: a clock can be set back, a ledger cannot. */
#ifndef KFMIG_ATTEST_KEYS_H
#define KFMIG_ATTEST_KEYS_H

#include "base/ed25519.h"
#include "doc/schema.h"

#define KEYS_PATH "registry/keys.v1.json"

/* Signs entries from to to of the ledger instance (NULL: of every one) of env; from revoked on nothing that
 * it signed counts (INT64_MAX: it is not revoked). */
struct key_row {
    struct digest id;
    struct ed25519_public key;
    const char *env, *instance;
    int64_t from, to, revoked;
};
struct key_list {
    struct key_row *v;
    size_t n;
};

/* In a. schema: of "keys.v1". -1 with ERR_CONFIG: it is not there, or every fault that was found first; its
 * place is in e. */
int key_list_load(struct arena *a, int dirfd, const struct schema *schema, struct key_list *out,
                  struct err *e) MUST_CHECK;

/* What is asked for: the key that is called id, for an entry. */
struct key_want {
    const struct digest *id;
    const char *env, *instance; /* instance "": of a ledger that is not there yet */
    int64_t sequence;
};
/* NULL: it does not count there, and why ("is revoked from entry 5 on") in *why, in a. */
const struct key_row *key_row_find(struct arena *a, const struct key_list *l,
                                   const struct key_want *w, const char **why);
/* Does any key sign that entry? What none signs is owed no attestation. */
bool key_list_covers(const struct key_list *l, const char *env, const char *instance,
                     int64_t sequence);

#endif
