/* Which record the server refused, and for which of its columns. */
#include <string.h>

#include "store/postgis/load_parts.h"
#include "store/postgis/queries.h"

#define SAVEPOINT "kfmig_rows"

enum { OVER, EXPRESSION, INDEX }; /* of load_constraint.sql */

/* The rows in (from, to], with all that waits for the end of the transaction. 1: refused as e says, -1: for
 * another reason, and nothing can be said. */
static int try_rows(const struct stage *g, const struct err *e, int64_t from, int64_t to)
{
    struct err mine = {0};
    int64_t taken = 0;
    if (pg_run(g->s, "SAVEPOINT " SAVEPOINT, NULL, 0, NULL, &mine) != 0) {
        return -1;
    }
    if (load_from_stage(g, from, to, &taken, &mine) == 0 &&
        pg_run(g->s, "SET CONSTRAINTS ALL IMMEDIATE", NULL, 0, NULL, &mine) == 0) {
        return pg_run(g->s, "RELEASE SAVEPOINT " SAVEPOINT, NULL, 0, NULL, &mine);
    }
    bool is_same = strcmp(mine.sqlstate, e->sqlstate) == 0;
    return pg_run(g->s, "ROLLBACK TO SAVEPOINT " SAVEPOINT, NULL, 0, NULL, &mine) == 0 && is_same
               ? 1
               : -1;
}

/* Rows up to good are in, one of those up to bad is refused: half as many are between them each time, so
 * that all rows are sent but twice. */
static int bisect(const struct stage *g, int64_t n, const struct err *e, int64_t *number)
{
    int64_t good = 0;
    int64_t bad = n;
    int rc = try_rows(g, e, 0, n);
    if (rc <= 0) {
        return rc;
    }
    while (bad - good > 1) {
        int64_t middle = good + (bad - good) / 2;
        rc = try_rows(g, e, good, middle);
        if (rc < 0) {
            return -1;
        }
        *(rc > 0 ? &bad : &good) = middle;
    }
    *number = bad;
    return 0;
}

static int is_judged_whole(const struct stage *g, const char *schema, bool *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {schema, g->l->in->from->into};
    int rc = pg_query(g->s, &postgis_load_whole, params, 2, &r, e);
    *out = rc == 0 && pg_bool(r, 0, 0);
    pg_rows_free(r);
    return rc;
}

/* Is the constraint or unique index that refused the record over one column? */
static void find_column(struct pg *s, struct arena *a, const char *schema, const struct load *l,
                        const char *constraint, struct found_record *out)
{
    struct err ignored = {0};
    struct pg_rows *r = NULL;
    struct buf names = {0};
    const char *params[] = {schema, l->in->from->into, constraint};
    if (pg_query(s, &postgis_load_constraint, params, 3, &r, &ignored) != 0) {
        return;
    }
    size_t n = pg_rows_n(r);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&names, "%s%s", i > 0 ? ", " : "", pg_text(r, i, OVER));
    }
    bool is_column = n == 1 && !pg_bool(r, 0, EXPRESSION);
    bool is_listed = n > 0 && !is_column;
    out->column = is_column ? arena_strdup(a, pg_text(r, 0, OVER)) : "";
    out->hint =
        arena_printf(a, "%s \"%s\"%s%s", n > 0 && pg_bool(r, 0, INDEX) ? "index" : "constraint",
                     constraint, is_listed ? " of " : "", is_listed ? buf_str(&names) : "");
    buf_release(&names);
    pg_rows_free(r);
}

static int find_record(struct stage *g, const char *schema, const struct load_watch *watch,
                       const struct err *e, struct found_record *out)
{
    struct err mine = {0};
    bool is_key = strcmp(e->sqlstate, "23503") == 0;
    bool is_whole = false;
    int64_t n = 0;
    int64_t taken = 0;
    if ((!is_key && is_judged_whole(g, schema, &is_whole, &mine) != 0) || is_whole ||
        load_stage_rows(g, watch, &n, &mine) != 0) {
        return -1;
    }
    if (!is_key) {
        return bisect(g, n, e, &out->number);
    }
    int rc = load_find_key(g, schema, out, &mine);
    return rc != 0 || out->number > 0 ? rc : load_from_stage(g, 0, n, &taken, &mine);
}

bool load_may_find(const struct err *e)
{
    bool is_placed = e->where.path[0] != '\0';
    return load_is_about_rows(e->sqlstate) &&
           (is_placed ? e->constraint[0] != '\0' : strncmp(e->sqlstate, "42", 2) != 0);
}

int load_find_refused(struct pg *s, struct arena *a, const char *schema, const struct load *l,
                      const struct load_watch *watch, struct err *e)
{
    struct stage g;
    struct found_record found = {.column = "", .hint = ""};
    const char *column = "";
    load_stage(s, a, schema, l, &g);
    if (e->where.path[0] != '\0' && pg_copy_refused(s, &found.number, &column)) {
        found.column = arena_strdup(a, column);
    }
    int rc = found.number == 0 ? find_record(&g, schema, watch, e, &found) : 0;
    if (rc != 0 || found.number == 0) {
        return rc;
    }
    if (found.column[0] == '\0' && e->constraint[0] != '\0') {
        find_column(s, a, schema, l, e->constraint, &found);
    }
    (void)load_place_refusal(l, found.number, found.column, e);
    if (found.hint[0] != '\0') {
        e->hint[0] = '\0';
        (void)err_hint(e, "%s", found.hint);
    }
    return 1;
}
