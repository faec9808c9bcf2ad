/* layer: ledger */
#include "tap.h"

#include "ledger/ledger.h"

enum { MOST = 65 };

static struct digest leaves[MOST + 1];

/* RFC 6962 section 2.1 as it is written, without a frontier. */
static struct digest naive_root(const struct digest *v, int64_t n)
{
    if (n == 0) {
        return digest_of(bytes_of("", 0));
    }
    if (n == 1) {
        return v[0];
    }
    int64_t k = 1;
    while (2 * k < n) {
        k *= 2;
    }
    struct digest left = naive_root(v, k);
    struct digest right = naive_root(v + k, n - k);
    char node[65] = {1};
    memcpy(node + 1, left.b, 32);
    memcpy(node + 33, right.b, 32);
    return digest_of(bytes_of(node, sizeof node));
}

static struct merkle tree_of(const struct digest *v, int64_t n)
{
    struct merkle m = {0};
    for (int64_t i = 0; i < n; i++) {
        merkle_add(&m, &v[i]);
    }
    return m;
}

/* The vectors of the certificate-transparency project. */
static void test_vectors(void)
{
    static const struct {
        const char *leaf, *root; /* of the tree that ends with leaf */
        size_t n;
    } vectors[] = {
        {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", 0},
        {"\x00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125", 1},
        {"\x10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", 1},
        {"\x20\x21", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7", 2},
        {"\x30\x31", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", 2},
        {"\x40\x41\x42\x43", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef", 4},
        {"\x50\x51\x52\x53\x54\x55\x56\x57",
         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", 8},
        {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328", 16},
    };
    struct merkle m = {0};
    char hex[65];
    struct digest root = merkle_root(&m);
    hex_encode(root.b, sizeof root.b, hex);
    is_str(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
           "the empty tree's root is the SHA-256 of nothing");
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char name[64];
        struct digest leaf = merkle_leaf(bytes_of(vectors[i].leaf, vectors[i].n));
        merkle_add(&m, &leaf);
        root = merkle_root(&m);
        hex_encode(root.b, sizeof root.b, hex);
        (void)snprintf(name, sizeof name, "known root of %zu leaves", i + 1);
        is_str(hex, vectors[i].root, name);
    }
}

static void test_roots(void)
{
    bool same = true;
    bool counted = true;
    for (int64_t n = 0; n <= MOST; n++) {
        struct merkle m = tree_of(leaves, n);
        struct digest root = merkle_root(&m);
        struct digest want = naive_root(leaves, n);
        same = same && digest_eq(&root, &want);
        counted =
            counted && m.size == n && m.n_frontier == __builtin_popcountll((unsigned long long)n);
    }
    ok(same, "roots of 0 to 65 leaves are those of the definition");
    ok(counted, "the frontier has one root per complete subtree");
}

static void test_leaves(void)
{
    static char text[9001];
    struct digest want = digest_of(bytes_of(text, sizeof text));
    struct digest got = merkle_leaf(bytes_of(text + 1, sizeof text - 1));
    ok(digest_eq(&got, &want), "a leaf of 9,000 bytes has the prefix 00");
    want = digest_of(bytes_of(text, 4096));
    got = merkle_leaf(bytes_of(text + 1, 4095));
    ok(digest_eq(&got, &want), "and one of 4,095");
    want = digest_of(bytes_of(text, 4097));
    got = merkle_leaf(bytes_of(text + 1, 4096));
    ok(digest_eq(&got, &want), "and one of 4,096");
}

struct tally {
    bool accepts, shortest, leaf, index, root, node, less, more;
};

static void try_inclusion(int64_t n, int64_t i, struct tally *t)
{
    struct digest path[66];
    struct digest root = naive_root(leaves, n);
    struct digest other = leaves[MOST];
    int n_path = merkle_inclusion(leaves, n, i, path);
    t->shortest &= n_path >= 0 && n_path <= 7;
    t->accepts &= merkle_check_inclusion(&leaves[i], i, n, path, n_path, &root);
    t->leaf &= !merkle_check_inclusion(&other, i, n, path, n_path, &root);
    t->root &= !merkle_check_inclusion(&leaves[i], i, n, path, n_path, &other);
    for (int64_t j = -1; j <= n; j++) {
        t->index &= j == i || !merkle_check_inclusion(&leaves[i], j, n, path, n_path, &root);
    }
    path[n_path] = other;
    t->more &= !merkle_check_inclusion(&leaves[i], i, n, path, n_path + 1, &root);
    for (int k = 0; k < n_path; k++) {
        struct digest was = path[k];
        t->less &= !merkle_check_inclusion(&leaves[i], i, n, path, k, &root);
        path[k].b[31] ^= 1;
        t->node &= !merkle_check_inclusion(&leaves[i], i, n, path, n_path, &root);
        path[k] = was;
    }
}

static void test_inclusion(void)
{
    struct tally t = {true, true, true, true, true, true, true, true};
    struct digest path[64];
    for (int64_t n = 1; n < MOST; n++) {
        for (int64_t i = 0; i < n; i++) {
            try_inclusion(n, i, &t);
        }
    }
    ok(t.accepts, "inclusion: every leaf of every tree up to 64 is proven");
    ok(t.shortest, "inclusion: by at most 7 nodes");
    ok(t.leaf, "inclusion: another leaf is not");
    ok(t.index, "inclusion: nor another position");
    ok(t.root, "inclusion: nor another root");
    ok(t.node, "inclusion: nor a path with one bit changed");
    ok(t.less, "inclusion: nor a shorter path");
    ok(t.more, "inclusion: nor a longer one");
    is_int(merkle_inclusion(leaves, 5, 5, path), -1,
           "inclusion: no proof for a leaf behind the last");
    is_int(merkle_inclusion(leaves, 5, -1, path), -1, "inclusion: nor before the first");
    is_int(merkle_inclusion(leaves, 0, 0, path), -1, "inclusion: nor in an empty tree");
}

static void try_consistency(int64_t old_n, int64_t n, struct tally *t)
{
    struct digest path[66];
    struct digest old_root = naive_root(leaves, old_n);
    struct digest root = naive_root(leaves, n);
    struct digest other = leaves[MOST];
    int n_path = merkle_consistency(leaves, n, old_n, path);
    t->shortest &= n_path >= 0 && n_path <= 8;
    t->accepts &= merkle_check_consistency(old_n, &old_root, n, &root, path, n_path);
    t->leaf &= !merkle_check_consistency(old_n, &other, n, &root, path, n_path);
    /* From nothing to anything is consistent. */
    t->root &= old_n == 0 || !merkle_check_consistency(old_n, &old_root, n, &other, path, n_path);
    for (int64_t k = 1; k <= n && old_n > 0; k++) {
        t->index &= k == old_n || !merkle_check_consistency(k, &old_root, n, &root, path, n_path);
    }
    path[n_path] = other;
    t->more &= !merkle_check_consistency(old_n, &old_root, n, &root, path, n_path + 1);
    for (int k = 0; k < n_path; k++) {
        struct digest was = path[k];
        t->less &= !merkle_check_consistency(old_n, &old_root, n, &root, path, k);
        path[k].b[0] ^= 128;
        t->node &= !merkle_check_consistency(old_n, &old_root, n, &root, path, n_path);
        path[k] = was;
    }
}

static void test_consistency(void)
{
    struct tally t = {true, true, true, true, true, true, true, true};
    struct digest path[64];
    struct digest root = naive_root(leaves, 5);
    for (int64_t n = 0; n <= MOST; n++) {
        for (int64_t old_n = 0; old_n <= n; old_n++) {
            try_consistency(old_n, n, &t);
        }
    }
    ok(t.accepts, "consistency: every tree up to 65 is proven to continue every smaller one");
    ok(t.shortest, "consistency: by at most 8 nodes");
    ok(t.leaf, "consistency: another old root is not");
    ok(t.index, "consistency: nor another old size");
    ok(t.root, "consistency: nor another root");
    ok(t.node, "consistency: nor a path with one bit changed");
    ok(t.less, "consistency: nor a shorter path");
    ok(t.more, "consistency: nor a longer one");
    is_int(merkle_consistency(leaves, 5, 6, path), -1, "consistency: no proof that a tree shrank");
    is_int(merkle_consistency(leaves, 5, -1, path), -1, "consistency: nor from fewer than none");
    ok(!merkle_check_consistency(6, &root, 5, &root, path, 0),
       "consistency: a shorter tree is refused");
    ok(!merkle_check_consistency(-1, &root, 5, &root, path, 0),
       "consistency: a negative size as well");
    ok(!merkle_check_consistency(3, &root, 5, &root, path, 0),
       "consistency: a path is needed from 3 to 5");
}

/* A rewritten history: leaf 3 of 7 is another one than in the old tree of 5. */
static void test_rewriting(void)
{
    struct digest forged[7];
    struct digest path[64];
    memcpy(forged, leaves, sizeof forged);
    forged[3].b[0] ^= 1;
    struct digest old_root = naive_root(leaves, 5);
    struct digest root = naive_root(forged, 7);
    int n = merkle_consistency(forged, 7, 5, path);
    ok(!merkle_check_consistency(5, &old_root, 7, &root, path, n),
       "a rewritten leaf breaks consistency");
}

int main(void)
{
    tap_plan(9 + 2 + 3 + 11 + 13 + 1);
    for (int i = 0; i <= MOST; i++) {
        char text[2] = {(char)i, 'x'};
        leaves[i] = merkle_leaf(bytes_of(text, sizeof text));
    }
    test_vectors();
    test_roots();
    test_leaves();
    test_inclusion();
    test_consistency();
    test_rewriting();
    return tap_done();
}
