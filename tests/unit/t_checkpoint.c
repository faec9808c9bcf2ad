/* layer: ledger */
/* The citation of a lost ledger, written and read. */
#include "tap.h"

#include "doc/canon.h"
#include "doc/json.h"
#include "ledger/ledger.h"

static struct arena arena;

static struct doc *receipt_with(const struct checkpoint *c)
{
    struct doc *receipt = doc_new(&arena, DOC_MAP);
    struct doc *claim = doc_put(&arena, receipt, "claim", doc_new(&arena, DOC_MAP));
    struct doc *recovery = doc_put(&arena, claim, "recovery", doc_new(&arena, DOC_MAP));
    doc_put(&arena, recovery, "cites", checkpoint_doc(&arena, c));
    return receipt;
}

static void test_round(void)
{
    struct checkpoint got;
    struct checkpoint c = {.instance = "11111111-2222-4333-8444-555555555555",
                           .sequence = 12,
                           .found_in = {"sink", NULL, "cache"}};
    c.root = digest_of(bytes_str("root"));
    ok(checkpoint_of(receipt_with(&c), &got), "what was written is read");
    is_str(got.instance, c.instance, "the instance");
    is_int(got.sequence, 12, "the position");
    ok(digest_eq(&got.root, &c.root), "the root");
    ok(digest_is_zero(&got.previous) && digest_is_zero(&got.receipt), "what is not known");
    is_str(got.found_in[1], "cache", "where it was found");
}

static void test_none(void)
{
    struct checkpoint got;
    const struct checkpoint none = {.sequence = 0};
    struct buf text = {0};
    struct doc *receipt = receipt_with(&none);
    canon_write(&text, receipt);
    is_str(buf_str(&text), "{\"claim\":{\"recovery\":{\"cites\":null}}}", "nothing is known: null");
    buf_release(&text);
    ok(checkpoint_of(receipt, &got) && got.sequence == 0, "and that is a recovery all the same");
    ok(!checkpoint_of(doc_new(&arena, DOC_MAP), &got), "an ordinary first contact is none");
}

static void test_damaged(void)
{
    static const char text[] = "{\"claim\":{\"recovery\":{\"cites\":{\"instance\":\"x\","
                               "\"sequence\":1,\"root\":\"sha256:1\"}}}}";
    struct err e = {0};
    struct checkpoint got;
    struct doc *d = json_read(&arena, bytes_str(text), "receipt", &e);
    ok(d != NULL && !checkpoint_of(d, &got), "a digest that is none makes it unreadable");
}

int main(void)
{
    tap_plan(10);
    test_round();
    test_none();
    test_damaged();
    arena_release(&arena);
    return tap_done();
}
