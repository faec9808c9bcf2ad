/* layer: ledger */
/* What steps that take something back are to leave: objects as the ledger had them, each by the last step that changes it. */
#include "tap.h"

#include "ledger/journal.h"

enum { STEPS = 4, OBJECTS = 3 };

static struct arena a;

static const struct store_step steps[STEPS] = {
    {.verb = "rollback", .object = "other:state a"},
    {.verb = "rollback", .object = "other:state b"},
    {.verb = "rollback", .object = "other:state a"},
    {.verb = "rollback", .object = "other:state unknown"},
};

static const char *leaves_of(const struct program *p, size_t at)
{
    return p->v[at].leaves != NULL ? p->v[at].leaves : "nobody knows";
}

int main(void)
{
    const struct object_row before[OBJECTS] = {
        {.object = "other:state a",
         .fingerprint = digest_of(bytes_str("a")),
         .definition = "digest\ta\n"},
        {.object = "other:state b"},
        {.object = "other:state c",
         .fingerprint = digest_of(bytes_str("c")),
         .definition = "digest\tc\n"},
    };
    struct program p = {steps, STEPS};
    tap_plan(4 + 1 + 1 + 1);
    journal_leaves(&a, &p, before, OBJECTS);
    is_str(leaves_of(&p, 0), "nobody knows", "what a later step changes, too, is that one's");
    is_str(leaves_of(&p, 1), "", "what was not there is to be gone");
    is_str(leaves_of(&p, 2), "digest\ta\n", "what was there is to be there");
    is_str(leaves_of(&p, 3), "nobody knows", "of an object that was never changed");
    is_str(p.v[3].object, "other:state unknown", "nothing else of a step changes");
    ok(steps[2].leaves == NULL, "and the steps that were given do not");
    p = (struct program){steps, STEPS};
    journal_leaves(&a, &p, NULL, 0);
    is_str(leaves_of(&p, 2), "nobody knows", "nothing is known of nothing");
    arena_release(&a);
    return tap_done();
}
