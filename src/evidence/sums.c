/* Sums of a ledger's objects, moved on by what entries changed. */
#include "evidence/sums.h"

#include <string.h>

enum { AHEAD = 250 }; /* entries whose changes are held at one time */

void sums_begin(struct sums *s, const struct ledger_source *l, int64_t last)
{
    *s = (struct sums){.l = l, .last = last};
}

void sums_release(struct sums *s)
{
    baseline_release(&s->sum);
    arena_release(&s->policy);
    arena_release(&s->rows);
}

/* --- what is protected ------------------------------------------------------------------------------ */

static bool same_domains(const struct domains *x, const struct domains *y)
{
    return names_same(&x->schemas, &y->schemas) && names_same(&x->tables, &y->tables) &&
           names_same(&x->roles, &y->roles);
}

/* --- the sum ---------------------------------------------------------------------------------------- */

/* rows may be of the sum that is there. */
static void make(struct sums *s, const struct object_rows *rows, const struct domains *d,
                 int server_major)
{
    struct baseline old = s->sum;
    struct arena policy = s->policy;
    s->policy = (struct arena){0};
    s->domains =
        (struct domains){names_copy(&s->policy, &d->schemas), names_copy(&s->policy, &d->tables),
                         names_copy(&s->policy, &d->roles)};
    baseline_begin(&s->sum, rows, &s->domains, server_major);
    baseline_release(&old);
    arena_release(&policy);
}

static int read_whole(struct sums *s, int64_t upto, const struct domains *d, int server_major,
                      struct err *e)
{
    struct arena a = {0};
    struct object_rows rows = {0};
    int rc = upto > 0 ? s->l->objects(s->l->ctx, upto, &a, &rows, e) : 0;
    if (rc == 0) {
        make(s, &rows, d, server_major);
        s->has_begun = true;
        s->read = upto > 0 ? upto : INT64_MIN;
        s->ahead.n = s->n_laid = 0;
    }
    arena_release(&a);
    return rc;
}

static void make_again(struct sums *s, const struct domains *d, int server_major)
{
    struct arena a = {0};
    struct object_rows rows;
    baseline_rows(&s->sum, &a, &rows);
    make(s, &rows, d, server_major);
    arena_release(&a);
}

static void lay(struct sums *s, int64_t upto)
{
    size_t from = s->n_laid;
    while (s->n_laid < s->ahead.n && s->ahead.v[s->n_laid].sequence <= upto) {
        s->n_laid++;
    }
    if (s->n_laid > from) {
        baseline_lay(&s->sum, s->ahead.v + from, s->n_laid - from);
        baseline_keep(&s->sum);
    }
}

static int read_ahead(struct sums *s, int64_t upto, struct err *e)
{
    int64_t to = upto + AHEAD < s->last ? upto + AHEAD : s->last > upto ? s->last : upto;
    arena_release(&s->rows);
    s->n_laid = 0;
    if (s->l->changes(s->l->ctx, s->read, to, &s->rows, &s->ahead, e) != 0) {
        s->has_begun = false;
        return -1;
    }
    s->read = to;
    return 0;
}

int sums_at(struct sums *s, int64_t upto, const struct domains *d, int server_major,
            struct baseline **out, struct err *e)
{
    if (!s->has_begun || upto < s->at) {
        if (read_whole(s, upto, d, server_major, e) != 0) {
            return -1;
        }
    } else if (s->sum.server_major != server_major || !same_domains(&s->domains, d)) {
        make_again(s, d, server_major);
    }
    s->at = upto;
    lay(s, upto);
    if (s->read < upto && upto > 0) {
        if (read_ahead(s, upto, e) != 0) {
            return -1;
        }
        lay(s, upto);
    }
    *out = &s->sum;
    return 0;
}
