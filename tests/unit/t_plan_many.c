/* layer: plan */
/* What many targets, steps and projections take: bytes handed out grow as their number does, not as its square. */
#include "plan/plan.h"
#include "tap.h"

enum { CHAIN = 10 }; /* members of a projection */

static const char *name(struct arena *a, const char *what, size_t i)
{
    return arena_printf(a, "%s-%06zu", what, i);
}

/* n migrations; with_projections: each ten of them the chain of one. */
static const struct bundle **give_bundles(struct arena *a, size_t n, bool with_projections,
                                          struct plan_input *in)
{
    struct bundle *b = ARENA_ARRAY(a, struct bundle, n);
    const struct bundle **order = ARENA_ARRAY(a, const struct bundle *, n);
    struct projection *p = ARENA_ARRAY(a, struct projection, n / CHAIN);
    struct projection_input *inputs = ARENA_ARRAY(a, struct projection_input, n / CHAIN);
    for (size_t i = 0; i < n; i++) {
        b[i] = (struct bundle){.id = name(a, "PG-MIG", i), .dir = "d", .folder = "f", .status = ""};
        b[i].checksum.b[0] = 1;
        order[i] = &b[i];
    }
    for (size_t i = 0; i < n / CHAIN && with_projections; i++) {
        p[i] =
            (struct projection){.name = name(a, "wells", i), .schema = "s", .file = {.path = "f"}};
        inputs[i] = (struct projection_input){.p = &p[i], .free_bytes = -1};
        inputs[i].digest.b[0] = 2;
        for (size_t k = 0; k < CHAIN; k++) {
            b[i * CHAIN + k].projection = p[i].name;
        }
    }
    in->projections = inputs;
    in->n_projections = with_projections ? n / CHAIN : 0;
    return order;
}

/* Bytes that a plan of n steps takes, restricted to every one of them by name. */
static size_t bytes_of_plan(size_t n, bool with_projections, size_t *n_selected)
{
    struct arena given = {0};
    struct arena a = {0};
    struct plan p;
    struct err e = {0};
    struct env env = {.name = "dev", .approval = APPROVAL_REVIEW, .store = {true}};
    struct world world = {.reachable = true, .why_not = "", .has_ledger = true, .instance = "uuid"};
    struct past past = {.by_id = {.a = &given}};
    struct domains domains = {0};
    struct plan_input in = {.env = &env, .past = &past, .world = &world, .domains = &domains};
    struct plan_order order;
    const struct bundle **bundles = give_bundles(&given, n, with_projections, &in);
    in.order = &order;
    const char **targets = ARENA_ARRAY(&given, const char *, n);
    for (size_t i = 0; i < n; i++) {
        targets[i] = bundles[i]->id;
    }
    *n_selected = 0;
    if (plan_order(&a, bundles, n, &order, &e) == 0 && plan_make(&a, &in, &p, &e) == 0 &&
        plan_restrict(&p, targets, n, &e) == 0) {
        for (size_t i = 0; i < p.n_migrations; i++) {
            *n_selected += p.v[i].selected;
        }
    }
    size_t used = a.used;
    arena_release(&a);
    arena_release(&given);
    return used;
}

static void try_growth(bool with_projections, const char *what)
{
    size_t n_few = 0;
    size_t n_many = 0;
    size_t few = bytes_of_plan(500, with_projections, &n_few);
    size_t many = bytes_of_plan(4000, with_projections, &n_many);
    is_int((int)n_few, 500, "all of few");
    is_int((int)n_many, 4000, "all of many");
    if (!ok(many <= 10 * few, what)) {
        printf("# %zu bytes for 500, %zu for 4,000\n", few, many);
    }
    if (!ok(many / 4000 <= 2048, "and within two KiB for each")) {
        printf("# %zu bytes for each\n", many / 4000);
    }
}

int main(void)
{
    tap_plan(8);
    try_growth(false, "eight times the migrations, each named: eight times the bytes");
    try_growth(true, "the same in projections");
    return tap_done();
}
