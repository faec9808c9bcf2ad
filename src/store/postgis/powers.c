/* What a role can do so that no sensor tells, and what of it receipts say. */
#include "store/postgis/powers.h"

#include "store/postgis/queries.h"

enum { VERSION_15 = 150000 };
enum { COL_SUPER, COL_REPLICATES, COL_MEMBER, COL_UNTRUSTED, COL_SWITCHES };

void powers_add(struct pg *s, struct powers_asked *q)
{
    *q = (struct powers_asked){0};
    pg_batch_add(s, &postgis_observe_powers, NULL, 0, &q->powers);
    if (pg_server_version(s) >= VERSION_15) {
        pg_batch_add(s, &postgis_observe_powers_since_15, NULL, 0, &q->since_15);
    }
}

static const char *text_or_null(struct arena *a, const struct pg_rows *r, int col)
{
    return pg_null(r, 0, col) ? NULL : arena_strdup(a, pg_text(r, 0, col));
}

int powers_take(struct arena *a, struct powers_asked *q, struct powers *out, struct err *e)
{
    int rc = 0;
    *out = (struct powers){0};
    if (q->powers == NULL || pg_rows_n(q->powers) != 1) {
        rc = err_set(e, ERR_INTERNAL, "what the role can do was not asked");
    } else {
        out->is_super = pg_bool(q->powers, 0, COL_SUPER);
        out->replicates = pg_bool(q->powers, 0, COL_REPLICATES);
        out->member_of = text_or_null(a, q->powers, COL_MEMBER);
        out->untrusted = text_or_null(a, q->powers, COL_UNTRUSTED);
        out->switches = text_or_null(a, q->powers, COL_SWITCHES);
        out->sets_counters =
            q->since_15 != NULL && pg_rows_n(q->since_15) == 1 && pg_bool(q->since_15, 0, 0);
    }
    pg_rows_free(q->powers);
    pg_rows_free(q->since_15);
    *q = (struct powers_asked){0};
    return rc;
}

int postgis_powers(struct pg *s, struct arena *a, struct powers *out, struct err *e)
{
    struct powers_asked q;
    powers_add(s, &q);
    return pg_batch_run(s, NULL, e) != 0 ? -1 : powers_take(a, &q, out, e);
}

static void say(struct arena *a, struct names *out, const char *text)
{
    ARENA_GROW(a, out->v, out->n, out->cap);
    out->v[out->n++] = text;
}

struct names powers_residue(struct arena *a, const struct powers *p)
{
    struct names out = {0};
    if (p->is_super || p->sets_counters) {
        say(a, &out, "rows not countable as this role");
    }
    if (p->is_super) {
        say(a, &out, "not observable as superuser");
        return out;
    }
    if (p->member_of != NULL) {
        say(a, &out, arena_printf(a, "not observable as member of %s", p->member_of));
    }
    if (p->untrusted != NULL) {
        say(a, &out, arena_printf(a, "not observable with functions in %s", p->untrusted));
    }
    return out;
}
