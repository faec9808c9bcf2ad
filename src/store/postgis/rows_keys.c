/* Constraints and indexes of relations from rows of pg_constraint and pg_index.
 * Owns: how their facets are written. Keys are shown; conditions, which may hold values, are digests. */
#include <stdlib.h>
#include <string.h>

#include "store/postgis/facet_text.h"
#include "store/postgis/rows.h"

struct numbers numbers_of(struct arena *a, const char *text)
{
    struct numbers out = {0};
    const char *p = text + (*text == '{' ? 1 : 0);
    while (*p != '\0' && *p != '}') {
        char *end = NULL;
        ARENA_GROW(a, out.v, out.n, out.cap);
        out.v[out.n++] = strtoll(p, &end, 10);
        p = end + (*end == ',' || *end == ' ' ? 1 : 0);
    }
    return out;
}

static void add_columns(struct buf *out, const struct object_draft *d, const struct numbers *key)
{
    const char *between = "";
    for (size_t i = 0; i < key->n; i++) {
        const struct column_draft *c = build_column(d, key->v[i]);
        if (c != NULL) {
            buf_printf(out, "%s%s", between, c->quoted);
            between = ", ";
        }
    }
}

static void add_comment(struct buf *out, const struct pg_rows *r, size_t i, int col)
{
    if (!pg_null(r, i, col)) {
        buf_puts(out, " comment ");
        facet_mark(out, 'd', pg_text(r, i, col));
    }
}

static void add_if(struct buf *out, bool holds, const char *words)
{
    buf_puts(out, holds ? words : "");
}

/* --- constraints -------------------------------------------------------------------------------------- */

static int by_number(const void *x, const void *y)
{
    const int64_t *a = x;
    const int64_t *b = y;
    return (*a > *b) - (*a < *b);
}

static void add_action(struct buf *out, const char *event, char action)
{
    const char *words = action == 'r'   ? "restrict"
                        : action == 'c' ? "cascade"
                        : action == 'n' ? "set null"
                        : action == 'd' ? "set default"
                                        : NULL;
    if (words != NULL) {
        buf_printf(out, " on %s %s", event, words);
    }
}

static void add_foreign_key(struct buf *out, const struct build *b, const struct object_draft *d,
                            const struct pg_rows *r, size_t i)
{
    char matches = pg_text(r, i, CON_MATCHES)[0];
    struct numbers set = numbers_of(b->a, pg_text(r, i, CON_SET_COLUMNS));
    buf_printf(out, " REFERENCES %s (%s)", pg_text(r, i, CON_OTHER), pg_text(r, i, CON_OTHER_KEY));
    add_if(out, matches == 'f', " match full");
    add_if(out, matches == 'p', " match partial");
    add_action(out, "update", pg_text(r, i, CON_ON_UPDATE)[0]);
    add_action(out, "delete", pg_text(r, i, CON_ON_DELETE)[0]);
    if (set.n > 0) {
        qsort(set.v, set.n, sizeof *set.v, by_number);
        buf_puts(out, " (");
        add_columns(out, d, &set);
        buf_puts(out, ")");
    }
}

static void add_key(struct buf *out, const struct build *b, const struct object_draft *d,
                    const struct pg_rows *r, size_t i, const char *words)
{
    struct numbers key = numbers_of(b->a, pg_text(r, i, CON_KEY));
    buf_printf(out, "%s (", words);
    add_columns(out, d, &key);
    buf_puts(out, ")");
}

/* As pg_get_constraintdef() has it, which would look the constraint up once more. */
static void add_check(struct buf *out, const struct pg_rows *r, size_t i)
{
    struct buf text = {0};
    bool is_enforced = pg_bool(r, i, CON_IS_ENFORCED);
    buf_printf(&text, "CHECK (%s)", pg_text(r, i, CON_EXPRESSION));
    add_if(&text, pg_bool(r, i, CON_NO_INHERIT), " NO INHERIT");
    add_if(&text, !is_enforced, " NOT ENFORCED");
    add_if(&text, is_enforced && !pg_bool(r, i, CON_IS_VALID), " NOT VALID");
    buf_puts(out, "CHECK ");
    facet_mark(out, 'c', buf_str(&text));
    buf_release(&text);
}

static void add_what(struct buf *out, const struct build *b, const struct object_draft *d,
                     const struct pg_rows *r, size_t i, char type)
{
    switch (type) {
    case 'p':
        add_key(out, b, d, r, i, "PRIMARY KEY");
        return;
    case 'u':
        add_key(out, b, d, r, i, "UNIQUE");
        return;
    case 'n':
        add_key(out, b, d, r, i, "NOT NULL");
        return;
    case 'f':
        add_key(out, b, d, r, i, "FOREIGN KEY");
        add_foreign_key(out, b, d, r, i);
        return;
    case 'c':
        add_check(out, r, i);
        return;
    default:
        buf_puts(out, "EXCLUDE ");
        facet_mark(out, 'c', pg_text(r, i, CON_EXPRESSION));
    }
}

/* Version 18 made constraints of what the column says; its default name tells nothing more. */
static bool says_nothing(const struct build *b, const struct object_draft *d,
                         const struct pg_rows *r, size_t i)
{
    struct buf name = {0};
    struct numbers key = numbers_of(b->a, pg_text(r, i, CON_KEY));
    buf_printf(&name, "%s_", d->o.object.name);
    add_columns(&name, d, &key);
    buf_puts(&name, "_not_null");
    bool is_default = strcmp(buf_str(&name), pg_text(r, i, CON_NAME)) == 0;
    buf_release(&name);
    return is_default && pg_bool(r, i, CON_IS_VALID) && !pg_bool(r, i, CON_NO_INHERIT) &&
           pg_null(r, i, CON_DESCRIPTION);
}

static void add_constraint(struct build *b, struct object_draft *d, const struct pg_rows *r,
                           size_t i)
{
    struct buf sent = {0};
    struct buf name = {0};
    struct arena_mark m = arena_mark(b->a);
    char type = pg_text(r, i, CON_TYPE)[0];
    add_if(&sent, type == 'n' && says_nothing(b, d, r, i),
           "\x01"
           "1");
    add_what(&sent, b, d, r, i, type);
    add_if(&sent, pg_bool(r, i, CON_IS_DEFERRABLE), " deferrable");
    add_if(&sent, pg_bool(r, i, CON_IS_DEFERRED), " deferred");
    add_if(&sent, !pg_bool(r, i, CON_IS_ENFORCED), " not enforced");
    add_if(&sent, pg_bool(r, i, CON_HAS_PERIOD), " period");
    add_if(&sent, !pg_bool(r, i, CON_IS_VALID), " not valid");
    add_if(&sent, pg_bool(r, i, CON_NO_INHERIT) && (type == 'c' || type == 'n'), " no inherit");
    add_if(&sent, pg_bool(r, i, CON_IS_INHERITED),
           pg_bool(r, i, CON_IS_LOCAL) ? " inherited and local" : " inherited");
    add_comment(&sent, r, i, CON_DESCRIPTION);
    buf_printf(&name, "constraint %s", pg_text(r, i, CON_NAME));
    arena_reset(b->a, m); /* the numbers */
    (void)build_facet(b, d, buf_str(&name), buf_str(&sent));
    buf_release(&name);
    buf_release(&sent);
}

void rows_constraints(struct build *b, const struct pg_rows *r)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        struct object_draft *d = build_at(b, PG_CLASS, (uint32_t)pg_int(r, i, CON_RELATION));
        if (d != NULL) {
            add_constraint(b, d, r, i);
        }
    }
}

/* --- indexes ------------------------------------------------------------------------------------------ */
enum { INDOPTION_DESC = 1, INDOPTION_NULLS_FIRST = 2 };

enum name_column { NAME_CLASS, NAME_OID, NAME_NAME };

void names_take(struct arena *a, struct table *t, const struct pg_rows *r)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        struct bytes key =
            address_key(a, (uint32_t)pg_int(r, i, NAME_CLASS), (uint32_t)pg_int(r, i, NAME_OID));
        (void)table_put(t, key, arena_strdup(a, pg_text(r, i, NAME_NAME)));
    }
}

void rows_names(struct build *b, const struct pg_rows *r)
{
    names_take(b->a, &b->names, r);
}

const char *names_find(const struct table *t, uint32_t classid, uint32_t oid)
{
    uint32_t key[2] = {classid, oid};
    return table_get(t, bytes_of((const char *)key, sizeof key));
}

/* An index's arrays, an element per column; of included columns there are numbers only. */
struct index_keys {
    struct numbers columns, classes, collations, options;
    size_t n;
};

static void add_index_column(struct buf *out, const struct build *b, const struct object_draft *d,
                             const struct index_keys *k, size_t i)
{
    const struct column_draft *c = build_column(d, k->columns.v[i]);
    buf_puts(out, i > 0 ? ", " : "");
    add_if(out, i >= k->n, "include ");
    buf_puts(out, c != NULL ? c->quoted : "expression");
    if (i >= k->n) {
        return;
    }
    const char *class = names_find(&b->names, PG_OPCLASS, (uint32_t)k->classes.v[i]);
    const char *collation = names_find(&b->names, PG_COLLATION, (uint32_t)k->collations.v[i]);
    if (class != NULL) {
        buf_printf(out, " %s", class);
    }
    if (collation != NULL && (c == NULL || (int64_t)c->collation != k->collations.v[i])) {
        buf_printf(out, " collate %s", collation);
    }
    add_if(out, (k->options.v[i] & INDOPTION_DESC) != 0, " desc");
    add_if(out, (k->options.v[i] & INDOPTION_NULLS_FIRST) != 0, " nulls first");
}

static void add_index_columns(struct buf *out, const struct build *b, const struct object_draft *d,
                              const struct pg_rows *r, size_t i)
{
    const struct index_keys k = {
        numbers_of(b->a, pg_text(r, i, IND_KEY)), numbers_of(b->a, pg_text(r, i, IND_CLASSES)),
        numbers_of(b->a, pg_text(r, i, IND_COLLATIONS)),
        numbers_of(b->a, pg_text(r, i, IND_OPTIONS)), (size_t)pg_int(r, i, IND_N_KEYS)};
    buf_printf(out, "%s (", pg_text(r, i, IND_METHOD));
    for (size_t at = 0; at < k.columns.n; at++) {
        add_index_column(out, b, d, &k, at);
    }
    buf_puts(out, ")");
}

static void add_index(struct build *b, struct object_draft *d, const struct pg_rows *r, size_t i)
{
    struct buf sent = {0};
    struct buf name = {0};
    struct arena_mark m = arena_mark(b->a);
    bool is_primary = pg_bool(r, i, IND_IS_PRIMARY);
    add_if(&sent, is_primary, "primary ");
    add_if(&sent, !is_primary && pg_bool(r, i, IND_IS_UNIQUE), "unique ");
    add_index_columns(&sent, b, d, r, i);
    add_if(&sent, pg_bool(r, i, IND_NULLS_NOT_DISTINCT), " nulls not distinct");
    if (!pg_null(r, i, IND_TAIL)) {
        buf_puts(&sent, " ");
        facet_mark(&sent, 'i', pg_text(r, i, IND_TAIL));
    }
    if (!pg_null(r, i, IND_STORAGE)) {
        facet_mark_list(&sent, 'o', " with ", pg_text(r, i, IND_STORAGE), NULL);
    }
    add_if(&sent, !pg_bool(r, i, IND_IS_IMMEDIATE), " deferrable");
    add_if(&sent, !pg_bool(r, i, IND_IS_VALID), " invalid");
    add_if(&sent, pg_bool(r, i, IND_IS_CLUSTERED), " clustered");
    add_if(&sent, pg_bool(r, i, IND_IS_REPLICA_IDENTITY), " replica identity");
    if (!pg_null(r, i, IND_TABLESPACE)) {
        buf_printf(&sent, " tablespace %s", pg_text(r, i, IND_TABLESPACE));
    }
    if (!pg_null(r, i, IND_STATISTICS)) {
        buf_printf(&sent, " statistics %s", pg_text(r, i, IND_STATISTICS));
    }
    add_comment(&sent, r, i, IND_DESCRIPTION);
    buf_printf(&name, "index %s", pg_text(r, i, IND_NAME));
    arena_reset(b->a, m); /* the numbers */
    (void)build_facet(b, d, buf_str(&name), buf_str(&sent));
    buf_release(&name);
    buf_release(&sent);
}

void rows_indexes(struct build *b, const struct pg_rows *r)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        struct object_draft *d = build_at(b, PG_CLASS, (uint32_t)pg_int(r, i, IND_RELATION));
        if (d != NULL) {
            add_index(b, d, r, i);
        }
    }
}
