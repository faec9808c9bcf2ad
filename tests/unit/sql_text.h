/* A script's findings as one line of text, for tables of cases. */
#ifndef KFMIG_TESTS_UNIT_SQL_TEXT_H
#define KFMIG_TESTS_UNIT_SQL_TEXT_H

#include <pg_query.h>
#include <string.h>

#include "sql/script.h"

/* What is said by a grammar of that major or newer, and by older ones. */
#define SINCE(major, newer, older) (PG_VERSION_NUM >= (major)*10000 ? (newer) : (older))

static inline void sql_touches(struct arena *a, const struct statement *st, struct buf *out)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        buf_printf(out, "%s%s %s", i > 0 ? ", " : "", effect_text(t->effect),
                   object_text(a, &t->object));
    }
    buf_printf(out, "%s%s%s%s%s", st->analysed ? "" : " UNREAD", st->opaque ? " OPAQUE" : "",
               st->destructive ? " DESTRUCTIVE" : "", st->counts_rows_before ? " ROWS" : "",
               st->cascade ? " CASCADE" : "");
    if (st->index_delta != 0) {
        buf_printf(out, " INDEX%+d", st->index_delta);
    }
}

static inline void sql_locks(struct arena *a, const struct statement *st, struct buf *out)
{
    for (size_t i = 0; i < st->n_locks; i++) {
        buf_printf(out, "%s%d %s", i > 0 ? ", " : "", st->locks[i].level,
                   object_text(a, &st->locks[i].object));
    }
}

static inline void sql_kind(struct arena *a, const struct statement *st, struct buf *out)
{
    static const char *const kinds[] = {"plain",   "begin",          "commit", "set transaction",
                                        "control", "no transaction", "refused"};
    (void)a;
    buf_printf(out, "%s: %s", kinds[st->kind], st->tag);
}

static inline void sql_where(struct arena *a, const struct statement *st, struct buf *out)
{
    (void)a;
    buf_printf(out, "%d:%d%s <%.*s>", st->line, st->col, st->analysed ? "" : " unread",
               (int)st->text.n, st->text.p);
    if (st->data.p != NULL) {
        buf_printf(out, " rows %d: [%.*s]", st->data_line, (int)st->data.n, st->data.p);
    }
}

typedef void sql_text_fn(struct arena *a, const struct statement *st, struct buf *out);

/* All statements of sql, " / " between them; an error as "error LINE:COL MESSAGE". In a. */
static inline const char *sql_text(struct arena *a, const char *sql, sql_text_fn *fn)
{
    struct script s;
    struct err e = {0};
    struct buf out = {0};
    if (script_parse(a, "t.sql", bytes_str(sql), &s, &e) != 0) {
        return arena_printf(a, "error %d:%d %s", e.where.line, e.where.col, e.msg);
    }
    for (size_t i = 0; i < s.n; i++) {
        buf_puts(&out, i > 0 ? " / " : "");
        fn(a, &s.forms[i], &out);
    }
    const char *text = arena_strdup(a, buf_str(&out));
    buf_release(&out);
    return text;
}

struct sql_case {
    const char *sql, *want;
};

#endif
