/* What receipts tell of their runs, for people. */
#include <stdio.h>

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
    PR
};

static const char *text_at(struct arena *a, const struct pg_rows *r, size_t row, int col)
{
    return pg_null(r, row, col) ? "" : arena_strdup(a, pg_text(r, row, col));
}

static int64_t number_at(const struct pg_rows *r, size_t row, int col, int64_t otherwise)
{
    return pg_null(r, row, col) ? otherwise : pg_int(r, row, col);
}

static const struct fact_run *run_of(struct arena *a, const struct pg_rows *r, size_t i)
{
    struct fact_run *run = ARENA_NEW(a, struct fact_run);
    *run = (struct fact_run){.actor = text_at(a, r, i, ACTOR),
                             .started_at = text_at(a, r, i, STARTED),
                             .intent = text_at(a, r, i, INTENT),
                             .pr = text_at(a, r, i, PR),
                             .ms = number_at(r, i, MS, -1),
                             .code = pg_null(r, i, CODE) ? NULL : text_at(a, r, i, CODE),
                             .path = text_at(a, r, i, PATH),
                             .sqlstate = text_at(a, r, i, SQLSTATE),
                             .condition = text_at(a, r, i, CONDITION),
                             .object = text_at(a, r, i, OBJECT),
                             .gates = text_at(a, r, i, GATES),
                             .statement = (int)number_at(r, i, STATEMENT, 0),
                             .line = (int)number_at(r, i, LINE, 0),
                             .col = (int)number_at(r, i, COL, 0)};
    return run;
}

int ledger_runs(struct pg *s, struct arena *a, struct fact *const *f, size_t n, struct err *e)
{
    struct pg_rows *r = NULL;
    const char **list = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        list[i] = arena_printf(a, "%lld", (long long)f[i]->sequence);
    }
    const char *params[] = {pg_array(a, list, n)};
    if (pg_query(s, &ledger_read_runs, params, 1, &r, e) != 0) {
        return -1;
    }
    struct table by_seq = {.a = a};
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        (void)table_put(&by_seq, bytes_str(text_at(a, r, i, SEQ)),
                        (void *)(uintptr_t)run_of(a, r, i));
    }
    for (size_t i = 0; i < n; i++) {
        f[i]->run = table_gets(&by_seq, list[i]);
    }
    pg_rows_free(r);
    return 0;
}
