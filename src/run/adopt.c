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

int run_adopt(struct run *r, const struct object_rows *sum, const char *notes, size_t *n_changed,
              struct outcome *o, struct err *e)
{
    char now[CLOCK_TEXT];
    struct evidence_set evidence = {0};
    int64_t start = clock_ms();
    *o = (struct outcome){0};
    random_uuid(o->run_id);
    struct object_row *rows = differences(r, sum, n_changed);
    baseline_release(r->sum);
    struct object_rows found = record_catalog(r->a, r->base);
    baseline_of_rows(r->sum, r->a, &found);
    evidence.post = baseline_digest(r->sum, r->domains, r->id->version / 10000);
    struct receipt_input in = {.kind = "adopt",
                               .outcome = o,
                               .evidence = &evidence,
                               .notes = notes,
                               .started_at = arena_strdup(r->a, clock_text(clock_unix_us(), now))};
    if (record_alone(r, &in, ENTRY_ADOPT, rows, *n_changed, o, e) != 0) {
        return -1;
    }
    o->elapsed_ms = clock_ms() - start;
    return 0;
}
