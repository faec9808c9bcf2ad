/* layer: evidence */
/* Verification of a ledger of 1 GiB holds one receipt at a time. */
#include "tap.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "evidence/verify.h"
#include "evidence_ledger.h"

enum { LARGE_N = 1024, LARGE_BODY = 1024 * 1024 };

/* 1 GiB of receipts, made one at a time in one buffer. */
struct large {
    struct memory m;
    char *body;
    size_t n;
};

static struct bytes large_body(struct large *l, int64_t sequence)
{
    int n = snprintf(l->body, 256,
                     "{\"claim\":{},\"ledger\":{\"sequence\":%lld},\"result\":\"success\","
                     "\"run_id\":\"r\",\"notes\":\"",
                     (long long)sequence);
    memset(l->body + n, 'x', (size_t)(LARGE_BODY - n - 2));
    memcpy(l->body + LARGE_BODY - 2, "\"}", 2);
    return bytes_of(l->body, LARGE_BODY);
}

static int large_receipts(void *ctx, int64_t after, receipt_fn *each, void *each_ctx, struct err *e)
{
    struct large *l = ctx;
    (void)after;
    for (int64_t i = 1; i <= LARGE_N; i++) {
        struct receipt_row row = {i, "r", large_body(l, i)};
        l->n += row.body.n;
        if (each(each_ctx, &row, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static long peak_kb(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void check_large(void)
{
    struct arena a = {0};
    struct large l = {.body = mem_alloc(LARGE_BODY)};
    struct verified v;
    struct err e = {0};
    struct env env = {.name = "dev", .evidence = EVIDENCE_NONE};
    memory_begin(&l.m, &a);
    const struct digest leaf = merkle_leaf(bytes_str("{}"));
    for (int64_t i = 1; i <= LARGE_N; i++) {
        ARENA_GROW(&a, l.m.entries.v, l.m.entries.n, l.m.entries.cap);
        l.m.entries.v[l.m.entries.n++] = (struct entry){.sequence = i,
                                                        .run_id = "r",
                                                        .result = "success",
                                                        .instance = UUID,
                                                        .environment = "dev",
                                                        .previous = merkle_root(&l.m.tree),
                                                        .receipt = digest_of(large_body(&l, i)),
                                                        .leaf = leaf,
                                                        .text = bytes_str("{}")};
        merkle_add(&l.m.tree, &leaf);
    }
    l.m.id.root = merkle_root(&l.m.tree);
    l.m.id.size = LARGE_N;
    struct archive r = {.ledger = memory_source(&l.m), .env = &env, .dirfd = -1};
    r.ledger.receipts = large_receipts;
    r.ledger.ctx = &l;
    long before = peak_kb();
    ok(verify_ledger(&r, &a, &v, &e) == 0 && v.n_found == 0, "a ledger of 1 GiB is sound");
    is_int(l.n, (long long)LARGE_N * LARGE_BODY, "all of it was read");
    is_int(v.n_receipts, LARGE_N, "every receipt");
    is_int(v.n_held, LARGE_BODY, "one at a time");
    long grown = peak_kb() - before;
    if (!ok(grown < 32 * 1024, "memory does not grow with it")) {
        printf("# grew by %ld KiB\n", grown);
    }
    free(l.body);
    arena_release(&a);
}

int main(void)
{
    tap_plan(5);
    check_large();
    return tap_done();
}
