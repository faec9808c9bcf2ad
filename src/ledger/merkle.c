/* The Merkle tree of RFC 6962 section 2.1: adding leaves, roots, proofs and their checks. Pure. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/ledger.h"

enum { LEAF = 0x00, NODE = 0x01, SMALL = 4096 };

static struct digest hash_node(const struct digest *left, const struct digest *right)
{
    char text[1 + 2 * sizeof *left];
    text[0] = NODE;
    memcpy(text + 1, left->b, sizeof left->b);
    memcpy(text + 1 + sizeof left->b, right->b, sizeof right->b);
    return digest_of(bytes_of(text, sizeof text));
}

struct digest merkle_leaf(struct bytes text)
{
    char small[SMALL];
    char *p = text.n < sizeof small ? small : mem_alloc(text.n + 1);
    p[0] = LEAF;
    if (text.n > 0) {
        memcpy(p + 1, text.p, text.n);
    }
    struct digest d = digest_of(bytes_of(p, text.n + 1));
    if (p != small) {
        free(p);
    }
    return d;
}

/* Each complete subtree is a one in the binary form of size, so adding a leaf carries like adding one. */
void merkle_add(struct merkle *m, const struct digest *leaf)
{
    struct digest d = *leaf;
    for (int64_t carry = m->size; (carry & 1) != 0; carry >>= 1) {
        d = hash_node(&m->frontier[--m->n_frontier], &d);
    }
    m->frontier[m->n_frontier++] = d;
    m->size++;
}

struct digest merkle_root(const struct merkle *m)
{
    if (m->n_frontier == 0) {
        return digest_of(bytes_of("", 0));
    }
    struct digest d = m->frontier[m->n_frontier - 1];
    for (int i = m->n_frontier - 2; i >= 0; i--) {
        d = hash_node(&m->frontier[i], &d);
    }
    return d;
}

static struct digest root_of(const struct digest *leaves, int64_t n)
{
    struct merkle m = {0};
    for (int64_t i = 0; i < n; i++) {
        merkle_add(&m, &leaves[i]);
    }
    return merkle_root(&m);
}

/* Where RFC 6962 splits n > 1 leaves: the largest power of two smaller than n. */
static int64_t split_of(int64_t n)
{
    int64_t k = 1;
    while (k < n - k) {
        k *= 2;
    }
    return k;
}

int merkle_inclusion(const struct digest *leaves, int64_t n, int64_t index, struct digest *out)
{
    if (index < 0 || index >= n) {
        return -1;
    }
    if (n == 1) {
        return 0;
    }
    int64_t k = split_of(n);
    bool is_left = index < k;
    int n_path = is_left ? merkle_inclusion(leaves, k, index, out)
                         : merkle_inclusion(leaves + k, n - k, index - k, out);
    out[n_path] = is_left ? root_of(leaves + k, n - k) : root_of(leaves, k);
    return n_path + 1;
}

/* SUBPROOF of RFC 6962 section 2.1.2; is_known: the old root of these leaves is the one the reader has. */
static int subproof(const struct digest *leaves, int64_t n, int64_t old_n, bool is_known,
                    struct digest *out)
{
    if (old_n == n) {
        if (!is_known) {
            out[0] = root_of(leaves, n);
        }
        return is_known ? 0 : 1;
    }
    int64_t k = split_of(n);
    bool is_left = old_n <= k;
    int n_path = is_left ? subproof(leaves, k, old_n, is_known, out)
                         : subproof(leaves + k, n - k, old_n - k, false, out);
    out[n_path] = is_left ? root_of(leaves + k, n - k) : root_of(leaves, k);
    return n_path + 1;
}

int merkle_consistency(const struct digest *leaves, int64_t n, int64_t old_n, struct digest *out)
{
    if (old_n < 0 || old_n > n) {
        return -1;
    }
    return old_n == 0 ? 0 : subproof(leaves, n, old_n, true, out);
}

/* One level up on the way from a leaf to the root: is the node on the path a left neighbour? RFC 9162 section
 * 2.1.3.2 steps 4b and 4c; node and last are the positions of the own and of the last node of a level. */
static bool climb(int64_t *node, int64_t *last)
{
    bool is_right = (*node & 1) != 0 || *node == *last;
    while (is_right && *node != 0 && (*node & 1) == 0) {
        *node >>= 1;
        *last >>= 1;
    }
    *node >>= 1;
    *last >>= 1;
    return is_right;
}

bool merkle_check_inclusion(const struct digest *leaf, int64_t index, int64_t n,
                            const struct digest *path, int n_path, const struct digest *root)
{
    if (index < 0 || index >= n) {
        return false;
    }
    struct digest d = *leaf;
    int64_t node = index;
    int64_t last = n - 1;
    for (int i = 0; i < n_path; i++) {
        if (last == 0) {
            return false;
        }
        d = climb(&node, &last) ? hash_node(&path[i], &d) : hash_node(&d, &path[i]);
    }
    return last == 0 && digest_eq(&d, root);
}

/* Both roots at once from 0 < old_n < n: RFC 9162 section 2.1.4.2. */
static bool check_growth(int64_t old_n, const struct digest *old_root, int64_t n,
                         const struct digest *root, const struct digest *path, int n_path)
{
    int64_t node = old_n - 1;
    int64_t last = n - 1;
    while ((node & 1) != 0) {
        node >>= 1;
        last >>= 1;
    }
    /* An old tree that is complete is a node of the new one, and its root the start of the path. */
    bool is_complete = (old_n & (old_n - 1)) == 0;
    if (!is_complete && n_path == 0) {
        return false;
    }
    struct digest old_d = is_complete ? *old_root : path[0];
    struct digest d = old_d;
    for (int i = is_complete ? 0 : 1; i < n_path; i++) {
        if (last == 0) {
            return false;
        }
        if (climb(&node, &last)) {
            old_d = hash_node(&path[i], &old_d);
            d = hash_node(&path[i], &d);
        } else {
            d = hash_node(&d, &path[i]);
        }
    }
    return last == 0 && digest_eq(&old_d, old_root) && digest_eq(&d, root);
}

bool merkle_check_consistency(int64_t old_n, const struct digest *old_root, int64_t n,
                              const struct digest *root, const struct digest *path, int n_path)
{
    if (old_n < 0 || old_n > n) {
        return false;
    }
    if (old_n == n) {
        return n_path == 0 && digest_eq(old_root, root);
    }
    if (old_n == 0) {
        struct digest nothing = digest_of(bytes_of("", 0));
        return n_path == 0 && digest_eq(old_root, &nothing);
    }
    return check_growth(old_n, old_root, n, root, path, n_path);
}
