/* Adoption: a store as it stands becomes what the ledger says. */
#include <string.h>

#include "base/clock.h"
#include "run/record.h"

/* An adoption on its way: what differs, and what its receipt says. */
struct adoption {
    struct run *r;
    struct outcome *o;
    struct object_row *rows;
    size_t n_rows;
    struct evidence_set evidence;
    struct receipt_input in;
};

/* Both lists are sorted by object text: one merge finds what differs. */
static void find_differences(struct adoption *ad, const struct object_rows *sum,
                             const struct catalog *found)
{
    struct run *r = ad->r;
    size_t i = 0;
    size_t k = 0;
    ad->rows = ARENA_ARRAY(r->a, struct object_row, sum->n + found->n + 1);
    while (i < sum->n || k < found->n) {
        int order = i >= sum->n     ? 1
                    : k >= found->n ? -1
                                    : strcmp(sum->v[i].object, found->v[k]->text);
        if (order < 0) {
            ad->rows[ad->n_rows++] = (struct object_row){.object = sum->v[i].object};
        } else if (order > 0 || !digest_eq(&sum->v[i].fingerprint, &found->v[k]->fingerprint)) {
            const struct catalog_object *o = found->v[k];
            ad->rows[ad->n_rows++] =
                (struct object_row){o->text, o->fingerprint, catalog_definition(r->a, o), 0};
        }
        i += order <= 0;
        k += order >= 0;
    }
}

/* What other stores hold stays as the sum has it. */
static void prepare(struct adoption *ad, struct run *r, const struct adopted *what,
                    const char *notes, struct outcome *o)
{
    char now[CLOCK_TEXT];
    struct baseline old = {0};
    const struct object_rows known = object_rows_of(r->a, what->sum, what->store);
    *o = (struct outcome){0};
    random_uuid(o->run_id);
    *ad = (struct adoption){.r = r, .o = o};
    find_differences(ad, &known, what->found);
    baseline_of_rows(&old, r->a, what->sum);
    baseline_release(r->sum);
    baseline_merge(r->sum, &old, ad->rows, ad->n_rows);
    baseline_release(&old);
    ad->evidence.post = baseline_digest(r->sum, r->domains, r->id->version / 10000);
    ad->in =
        (struct receipt_input){.kind = "adopt",
                               .store = what->store,
                               .identity = what->identity,
                               .outcome = o,
                               .evidence = &ad->evidence,
                               .notes = notes,
                               .started_at = arena_strdup(r->a, clock_text(clock_unix_us(), now))};
}

int run_adopt(struct run *r, const struct adopted *what, const char *notes, size_t *n_changed,
              struct outcome *o, struct err *e)
{
    struct adoption ad;
    int64_t start = clock_ms();
    prepare(&ad, r, what, notes, o);
    *n_changed = ad.n_rows;
    if (record_alone(r, &ad.in, ENTRY_ADOPT, ad.rows, ad.n_rows, o, e) != 0) {
        return -1;
    }
    o->elapsed_ms = clock_ms() - start;
    return 0;
}

/* The entry behind the contact. The run knows nothing of that ledger yet: a copy of it does. */
static int follow(void *ctx, const char *instance, const struct merkle *m, const char *now,
                  struct recording *out, struct err *e)
{
    struct adoption *ad = ctx;
    struct run there = *ad->r;
    there.id = arena_dup(there.a, ad->r->id, sizeof *ad->r->id);
    there.merkle = arena_dup(there.a, m, sizeof *m);
    memcpy(there.id->uuid, instance, strlen(instance) + 1);
    ad->in.finished_at = now;
    if (record_make(&there, &ad->in, ENTRY_ADOPT, ad->rows, ad->n_rows, out, e) != 0) {
        return -1;
    }
    ad->o->sequence = out->entry->sequence;
    return 0;
}

static int connect_again(void *ctx, struct pg **s, struct err *e)
{
    (void)s; /* it is the run's */
    const struct adoption *ad = ctx;
    tell(ad->r->ear, &(struct tell){.kind = TELL_RESOLVING, .target = "contact"});
    return ad->r->reconnect(ad->r->reconnect_ctx, e);
}

int run_first_contact(struct run *r, const struct checkpoint *cites, const char *notes,
                      size_t *n_changed, struct outcome *o, struct err *e)
{
    struct adoption ad;
    const struct object_rows nothing = {0};
    struct first_contact f = {.env = r->env->name,
                              .env_kind = env_kind_text(r->env->kind),
                              .cites = cites,
                              .reconnect = connect_again,
                              .ctx = &ad};
    if (notes != NULL) {
        prepare(&ad, r, &(struct adopted){.sum = &nothing, .found = r->base}, notes, o);
        f.follow = follow;
    } else {
        *o = (struct outcome){0};
        ad = (struct adoption){.r = r, .o = o};
    }
    *n_changed = ad.n_rows;
    return ledger_create_with(r->pg, &f, e);
}
