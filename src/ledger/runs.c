/* What receipts tell of their runs, for people. A receipt never changes, so what was read out of one is
 * remembered by its digest: reading a receipt takes the server a tenth of a millisecond. */
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/queries.h"

enum {
    SEQ,
    ACTOR,
    STARTED,
    MS,
    CODE,
    PATH,
    SQLSTATE,
    CONDITION,
    OBJECT,
    STATEMENT,
    LINE,
    COL,
    GATES,
    INTENT,
    PR,
    COLUMNS
};

#define KIND "run"

/* One row of the query; NULL where it is null. SEQ of a remembered one: NULL. */
struct columns {
    const char *v[COLUMNS];
};

static struct columns columns_of(struct arena *a, const struct pg_rows *r, size_t row)
{
    struct columns out = {{NULL}};
    for (int i = 0; i < COLUMNS; i++) {
        out.v[i] = pg_null(r, row, i) ? NULL : arena_strdup(a, pg_text(r, row, i));
    }
    return out;
}

static const char *text_at(const struct columns *c, int col)
{
    return c->v[col] == NULL ? "" : c->v[col];
}

static int64_t number_at(const struct columns *c, int col, int64_t otherwise)
{
    return c->v[col] == NULL ? otherwise : strtoll(c->v[col], NULL, 10);
}

static const struct fact_run *run_of(struct arena *a, const struct columns *c)
{
    struct fact_run *run = ARENA_NEW(a, struct fact_run);
    *run = (struct fact_run){.actor = text_at(c, ACTOR),
                             .started_at = text_at(c, STARTED),
                             .intent = text_at(c, INTENT),
                             .pr = text_at(c, PR),
                             .ms = number_at(c, MS, -1),
                             .code = c->v[CODE],
                             .path = text_at(c, PATH),
                             .sqlstate = text_at(c, SQLSTATE),
                             .condition = text_at(c, CONDITION),
                             .object = text_at(c, OBJECT),
                             .gates = text_at(c, GATES),
                             .statement = (int)number_at(c, STATEMENT, 0),
                             .line = (int)number_at(c, LINE, 0),
                             .col = (int)number_at(c, COL, 0)};
    return run;
}

/* --- remembered ------------------------------------------------------------------------------------ */

static struct bytes name_of(const struct fact *f)
{
    return bytes_of((const char *)f->receipt.b, sizeof f->receipt.b);
}

/* "=TEXT" or "-", each with its end. */
static void remember(struct cache *cache, const struct fact *f, const struct columns *c)
{
    struct buf row = {0};
    for (int i = SEQ + 1; i < COLUMNS; i++) {
        buf_putc(&row, c->v[i] == NULL ? '-' : '=');
        buf_puts(&row, text_at(c, i));
        buf_putc(&row, '\0');
    }
    cache_put(cache, KIND, name_of(f), buf_bytes(&row));
    buf_release(&row);
}

static bool recall(struct cache *cache, struct arena *a, struct fact *f)
{
    struct bytes row;
    struct columns c = {{NULL}};
    if (digest_is_zero(&f->receipt) || !cache_get(cache, KIND, name_of(f), a, &row)) {
        return false;
    }
    const char *end = row.p + row.n;
    for (int i = SEQ + 1; i < COLUMNS; i++) {
        const char *stop = row.p == end ? NULL : memchr(row.p, '\0', (size_t)(end - row.p));
        if (stop == NULL) {
            return false; /* of a kfmig that asked for less */
        }
        c.v[i] = *row.p == '=' ? row.p + 1 : NULL;
        row.p = stop + 1;
    }
    f->run = run_of(a, &c);
    return true;
}

/* --- asked ----------------------------------------------------------------------------------------- */

static int ask(struct pg *s, struct cache *cache, struct arena *a, struct fact *const *f, size_t n,
               struct err *e)
{
    struct pg_rows *r = NULL;
    struct table by_seq = {.a = a};
    const char **list = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        list[i] = arena_printf(a, "%lld", (long long)f[i]->sequence);
        (void)table_puts(&by_seq, list[i], f[i]);
    }
    const char *params[] = {pg_array(a, list, n)};
    if (pg_query(s, &ledger_read_runs, params, 1, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        const struct columns c = columns_of(a, r, i);
        struct fact *of = table_gets(&by_seq, text_at(&c, SEQ));
        if (of != NULL) {
            of->run = run_of(a, &c);
        }
        if (of != NULL && !digest_is_zero(&of->receipt)) {
            remember(cache, of, &c);
        }
    }
    pg_rows_free(r);
    return 0;
}

int ledger_runs(struct pg *s, struct cache *cache, struct arena *a, struct fact *const *f, size_t n,
                struct err *e)
{
    struct fact **unknown = ARENA_ARRAY(a, struct fact *, n + 1);
    size_t n_unknown = 0;
    for (size_t i = 0; i < n; i++) {
        if (!recall(cache, a, f[i])) {
            unknown[n_unknown++] = f[i];
        }
    }
    return n_unknown == 0 ? 0 : ask(s, cache, a, unknown, n_unknown, e);
}
