/* Adoption: the database as it stands becomes what the ledger says. */
#include <string.h>

#include "base/clock.h"
#include "run/record.h"

/* Both lists are sorted by object text: one merge finds what differs. */
static struct object_row *differences(struct run *r, const struct object_rows *sum, size_t *n)
{
    struct object_row *rows = ARENA_ARRAY(r->a, struct object_row, sum->n + r->base->n + 1);
    size_t i = 0;
    size_t k = 0;
    *n = 0;
    while (i < sum->n || k < r->base->n) {
        int order = i >= sum->n       ? 1
                    : k >= r->base->n ? -1
                                      : strcmp(sum->v[i].object, r->base->v[k]->text);
        if (order < 0) {
            rows[(*n)++] = (struct object_row){.object = sum->v[i].object};
        } else if (order > 0 || !digest_eq(&sum->v[i].fingerprint, &r->base->v[k]->fingerprint)) {
            const struct catalog_object *o = r->base->v[k];
            rows[(*n)++] =
                (struct object_row){o->text, o->fingerprint, catalog_definition(r->a, o), 0};
        }
        i += order <= 0;
        k += order >= 0;
    }
    return rows;
}

/* An adoption on its way: what differs, and what its receipt says. */
struct adoption {
    struct run *r;
    struct outcome *o;
    struct object_row *rows;
    size_t n_rows;
    struct evidence_set evidence;
    struct receipt_input in;
};

static void prepare(struct adoption *ad, struct run *r, const struct object_rows *sum,
                    const char *notes, struct outcome *o)
{
    char now[CLOCK_TEXT];
    *o = (struct outcome){0};
    random_uuid(o->run_id);
    *ad = (struct adoption){.r = r, .o = o};
    ad->rows = differences(r, sum, &ad->n_rows);
    baseline_release(r->sum);
    struct object_rows found = record_catalog(r->a, r->base);
    baseline_of_rows(r->sum, r->a, &found);
    ad->evidence.post = baseline_digest(r->sum, r->domains, r->id->version / 10000);
    ad->in =
        (struct receipt_input){.kind = "adopt",
                               .outcome = o,
                               .evidence = &ad->evidence,
                               .notes = notes,
                               .started_at = arena_strdup(r->a, clock_text(clock_unix_us(), now))};
}

int run_adopt(struct run *r, const struct object_rows *sum, const char *notes, size_t *n_changed,
              struct outcome *o, struct err *e)
{
    struct adoption ad;
    int64_t start = clock_ms();
    prepare(&ad, r, sum, notes, o);
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
        prepare(&ad, r, &nothing, notes, o);
        f.follow = follow;
    } else {
        *o = (struct outcome){0};
        ad = (struct adoption){.r = r, .o = o};
    }
    *n_changed = ad.n_rows;
    return ledger_create_with(r->pg, &f, e);
}
