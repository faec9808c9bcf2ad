/* Which member names stand in the objects that are open: each may stand there once.
 * Owns: that stack, and finding a name in it in constant time however many there are. Must not know
 * readers. */
#ifndef KFMIG_DATA_KEYS_H
#define KFMIG_DATA_KEYS_H

#include "base/digest.h"

/* Names by their numbers (key_of()). key: all of the open objects, the innermost one's last. Up to
 * KEYS_FEW of an object are compared one by one. Of an object that has more, all stand in many as well, in
 * the same order: chained by buckets that a factor picks which nobody outside knows, so that no artifact
 * is slow to read by design. full: how many names may be open before anything but that has to be thought
 * of: 0 in the beginning, then KEYS_FEW. n_probes: comparisons along those chains, for tests.
 * Zero-initialise; keys_release() frees. */
enum { KEYS_FEW = 32 };
struct key_of_many {
    uint64_t key;
    uint32_t before; /* of its chain: index + 1; 0: none */
};
struct keys {
    uint64_t *key;
    size_t n, cap, full;
    struct key_of_many *many;
    size_t n_many, cap_many;
    uint32_t *head; /* cap_many of them: the last of its chain, index + 1 */
    uint64_t factor;
    uint64_t n_probes;
};

/* Four bytes, the first one lowest. */
static inline uint64_t key_word(const unsigned char *p)
{
    return p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
}

/* A number for a name: one of up to seven bytes is its own, with its length; what longer ones hash to is
 * none of those. */
static inline uint64_t key_of(struct bytes name)
{
    const unsigned char *p = (const unsigned char *)name.p;
    size_t n = name.n;
    if (n >= sizeof(uint64_t)) {
        return hint_of(name).lo | (uint64_t)0xFF << 56;
    }
    if (n >= 4) { /* the last four as well, less those that are among the first */
        return key_word(p) | key_word(p + n - 4) >> 8 * (8 - n) << 32 | (uint64_t)n << 56;
    }
    return n == 0 ? 0
                  : p[0] | (uint64_t)p[n / 2] << 8 | (uint64_t)p[n - 1] << 16 | (uint64_t)n << 56;
}

/* keys_add() where k->full names or more are open. */
bool keys_add_slowly(struct keys *k, size_t from, uint64_t key);

/* Take a name of the innermost object, whose first stands at from (k->n when it was opened). False: it
 * stands there already. */
static inline bool keys_add(struct keys *k, size_t from, uint64_t key)
{
    if (k->n >= k->full) {
        return keys_add_slowly(k, from, key);
    }
    for (size_t i = from; i < k->n; i++) {
        if (k->key[i] == key) {
            return false;
        }
    }
    k->key[k->n++] = key;
    return true;
}

/* Forget the last n of those that stand in many. */
void keys_leave_many(struct keys *k, size_t n);

/* The innermost object ends: its names are forgotten. */
static inline void keys_leave(struct keys *k, size_t from)
{
    if (k->n - from > KEYS_FEW) {
        keys_leave_many(k, k->n - from);
    }
    k->n = from;
}

/* Frees everything; of a zeroed struct is fine. */
void keys_release(struct keys *k);

#endif
