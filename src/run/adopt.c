/* Adoption: a store as it stands becomes what the ledger says. */
#include <string.h>

#include "base/clock.h"
#include "run/record.h"

enum { MAJOR = 10000 }; /* of a server's version number */

/* An adoption on its way: what is recorded, and what its receipt says. */
struct adopting {
    struct run *r;
    struct outcome *o;
    const struct adoption *what;
    struct object_row *rows;
    size_t n_rows;
    struct evidence_set evidence;
    struct receipt_input in;
};

/* An object as it stands. Whoever wrote it stays its writer where it is only recorded anew. */
static void take(struct adopting *ad, const struct object_row *was, const struct catalog_object *o)
{
    const char *definition = catalog_definition(ad->r->a, o);
    if (was != NULL && ad->what->keeps_writers) {
        definition = object_written(ad->r->a, definition, was->written);
    }
    ad->rows[ad->n_rows++] = (struct object_row){
        .object = o->text, .fingerprint = o->fingerprint, .definition = definition};
}

/* Both lists are sorted by object text: one merge finds what differs, or, where everything is recorded anew,
 * all there is. */
static void find_rows(struct adopting *ad, const struct object_rows *sum)
{
    const struct catalog *base = ad->what->found != NULL ? ad->what->found : ad->r->base;
    const struct table *only = ad->what->only;
    size_t i = 0;
    size_t k = 0;
    ad->rows = ARENA_ARRAY(ad->r->a, struct object_row, sum->n + base->n + 1);
    while (i < sum->n || k < base->n) {
        int order = i >= sum->n    ? 1
                    : k >= base->n ? -1
                                   : strcmp(sum->v[i].object, base->v[k]->text);
        const char *object = order <= 0 ? sum->v[i].object : base->v[k]->text;
        const struct object_row *was = order <= 0 ? &sum->v[i++] : NULL;
        const struct catalog_object *now = order >= 0 ? base->v[k++] : NULL;
        bool same = was != NULL && now != NULL && ad->what->format == 0 &&
                    digest_eq(&was->fingerprint, &now->fingerprint);
        if (same || (only != NULL && table_gets(only, object) == NULL)) {
            continue;
        }
        if (now == NULL) {
            ad->rows[ad->n_rows++] = (struct object_row){.object = object};
        } else {
            take(ad, was, now);
        }
    }
}

/* The ledger's sum, with what is recorded laid over it. */
static void find_sum(struct adopting *ad, const struct object_rows *sum)
{
    struct run *r = ad->r;
    baseline_release(r->sum);
    baseline_begin(r->sum, sum, r->domains, r->id->version / MAJOR);
    baseline_lay(r->sum, ad->rows, ad->n_rows);
    baseline_keep(r->sum);
}

static void prepare(struct adopting *ad, struct run *r, const struct object_rows *sum,
                    const struct adoption *what, struct outcome *o)
{
    char now[CLOCK_TEXT];
    const struct object_rows known = object_rows_of(r->a, sum, what->store);
    *o = (struct outcome){0};
    random_uuid(o->run_id);
    *ad = (struct adopting){.r = r, .o = o, .what = what};
    find_rows(ad, &known);
    find_sum(ad, sum);
    ad->evidence.post = baseline_digest(r->sum);
    ad->in =
        (struct receipt_input){.kind = "adopt",
                               .store = what->store,
                               .identity = what->identity,
                               .outcome = o,
                               .evidence = &ad->evidence,
                               .notes = what->notes,
                               .reason = what->reason,
                               .format = what->format,
                               .started_at = arena_strdup(r->a, clock_text(clock_unix_us(), now))};
}

int run_adopt(struct run *r, const struct object_rows *sum, const struct adoption *what,
              size_t *n_changed, struct outcome *o, struct err *e)
{
    struct adopting ad;
    int64_t start = clock_ms();
    prepare(&ad, r, sum, what, o);
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
    struct adopting *ad = ctx;
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
    const struct adopting *ad = ctx;
    tell(ad->r->ear, &(struct tell){.kind = TELL_RESOLVING, .target = "contact"});
    return ad->r->reconnect(ad->r->reconnect_ctx, e);
}

int run_first_contact(struct run *r, const struct checkpoint *cites, const char *notes,
                      size_t *n_changed, struct outcome *o, struct err *e)
{
    struct adopting ad;
    const struct adoption what = {.notes = notes};
    const struct object_rows nothing = {0};
    struct first_contact f = {.env = r->env->name,
                              .env_kind = env_kind_text(r->env->kind),
                              .cites = cites,
                              .reconnect = connect_again,
                              .ctx = &ad};
    if (notes != NULL) {
        prepare(&ad, r, &nothing, &what, o);
        f.follow = follow;
    } else {
        *o = (struct outcome){0};
        ad = (struct adopting){.r = r, .o = o};
    }
    *n_changed = ad.n_rows;
    return ledger_create_with(r->pg, &f, e);
}
