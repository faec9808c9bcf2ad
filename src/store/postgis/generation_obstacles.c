/* What stands in the way of publishing a generation, and of dropping one.
 * Owns: how an obstacle is told. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "store/postgis/generation_query.h"

enum { COL_CODE, COL_OBJECT, COL_DETAIL }; /* dependants, relatives */
enum { FUNCTION_OBJECT, FUNCTION_DETAIL };
enum {
    PRIVILEGE_OBJECT,
    PRIVILEGE_DETAIL,
    PRIVILEGE_IS_LIVE,
    PRIVILEGE_STATEMENT,
    PRIVILEGE_ITEMS
};

struct obstacle_search {
    struct arena *a;
    const char *live, *hidden;
    struct obstacles *out;
};

/* Does a name stand at p, on its own and with something behind it? */
static bool stands_at(const char *text, const char *p, const char *name)
{
    size_t n = strlen(name);
    bool begins = p == text || name[0] == '"' ||
                  !(isalnum((unsigned char)p[-1]) || strchr("_$.\"", p[-1]) != NULL ||
                    (unsigned char)p[-1] >= 0x80);
    return begins && strncmp(p, name, n) == 0 && p[n] == '.';
}

/* The text with the live schema's name where the hidden one's stood. */
static const char *unhidden(const struct obstacle_search *f, const char *text)
{
    const char *const names[2][2] = {{f->hidden, f->live},
                                     {pg_ident(f->a, f->hidden), pg_ident(f->a, f->live)}};
    struct buf b = {0};
    for (const char *p = text; *p != '\0';) {
        int i = stands_at(text, p, names[0][0]) ? 0 : stands_at(text, p, names[1][0]) ? 1 : -1;
        if (i < 0) {
            buf_putc(&b, *p++);
        } else {
            buf_puts(&b, names[i][1]);
            p += strlen(names[i][0]);
        }
    }
    const char *out = arena_strdup(f->a, buf_str(&b));
    buf_release(&b);
    return out;
}

static struct obstacle *add(const struct obstacle_search *f, const char *code, const char *object,
                            const char *detail)
{
    struct obstacles *l = f->out;
    ARENA_GROW(f->a, l->v, l->n, l->cap);
    l->v[l->n] = (struct obstacle){.code = arena_strdup(f->a, code),
                                   .object = unhidden(f, object),
                                   .detail = unhidden(f, detail)};
    return &l->v[l->n++];
}

/* Inheritance is told with that of both schemas, once. */
static void add_dependants(const struct obstacle_search *f, const struct pg_rows *r, bool of_hidden)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        const char *code = pg_text(r, i, COL_CODE);
        bool publishes = strcmp(code, "publication") == 0;
        if (publishes || (!of_hidden && strcmp(code, "dependant") == 0)) {
            (void)add(f, code, pg_text(r, i, COL_OBJECT),
                      arena_printf(f->a, "%s %s", publishes ? "publishes" : "depends on",
                                   pg_text(r, i, COL_DETAIL)));
        }
    }
}

static void add_relatives(const struct obstacle_search *f, const struct pg_rows *r)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        (void)add(f, pg_text(r, i, COL_CODE), pg_text(r, i, COL_OBJECT), pg_text(r, i, COL_DETAIL));
    }
}

static void add_functions(const struct obstacle_search *f, const struct pg_rows *r)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        (void)add(f, "text_function", pg_text(r, i, FUNCTION_OBJECT),
                  pg_text(r, i, FUNCTION_DETAIL));
    }
}

static void add_privileges(const struct obstacle_search *f, const struct pg_rows *r)
{
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        struct obstacle *o =
            add(f, "privilege", pg_text(r, i, PRIVILEGE_OBJECT), pg_text(r, i, PRIVILEGE_DETAIL));
        o->is_new = !pg_bool(r, i, PRIVILEGE_IS_LIVE);
    }
}

/* What the live schema is to be called, or what has its name although no generation is live. */
static void add_names(const struct obstacle_search *f, const struct pg_rows *found,
                      int64_t live_number)
{
    for (size_t i = 0; i < pg_rows_n(found); i++) {
        (void)add(f, "name", arena_printf(f->a, "schema %s", pg_text(found, i, 0)),
                  live_number == 0 ? "exists, and no generation is live"
                                   : "has the name that the live generation is to get");
    }
}

static int compare(const void *x, const void *y)
{
    const struct obstacle *a = x;
    const struct obstacle *b = y;
    int c = strcmp(a->code, b->code);
    c = c != 0 ? c : strcmp(a->object, b->object);
    return c != 0 ? c : strcmp(a->detail, b->detail);
}

static void sort(struct obstacles *l)
{
    size_t n = 0;
    if (l->n > 0) {
        qsort(l->v, l->n, sizeof *l->v, compare);
    }
    for (size_t i = 0; i < l->n; i++) {
        if (n == 0 || compare(&l->v[n - 1], &l->v[i]) != 0) {
            l->v[n++] = l->v[i];
        }
    }
    l->n = n;
}

enum {
    ROWS_LIVE,
    ROWS_HIDDEN,
    ROWS_RELATIVES,
    ROWS_FUNCTIONS,
    ROWS_PRIVILEGES,
    ROWS_NAMES,
    N_ROWS
};

static int look(struct pg *s, const struct obstacle_search *f, const char *name, const char *acl,
                struct pg_rows **r, struct err *e)
{
    const char *both[3] = {f->live, f->hidden, acl};
    const char *wanted[1] = {pg_array(f->a, &name, 1)};
    const char *of_live[1] = {pg_array(f->a, &f->live, 1)};
    const char *of_hidden[1] = {pg_array(f->a, &f->hidden, 1)};
    enum pins p = pins_for(s);
    pins_add(s, p, true);
    pg_batch_add(s, &postgis_generation_dependants, of_live, 1, &r[ROWS_LIVE]);
    pg_batch_add(s, &postgis_generation_dependants, of_hidden, 1, &r[ROWS_HIDDEN]);
    pg_batch_add(s, &postgis_generation_relatives, both, 2, &r[ROWS_RELATIVES]);
    pg_batch_add(s, &postgis_generation_functions, &f->hidden, 1, &r[ROWS_FUNCTIONS]);
    pg_batch_add(s, &postgis_generation_privileges, both, 3, &r[ROWS_PRIVILEGES]);
    pg_batch_add(s, &postgis_generation_schemas, wanted, 1, &r[ROWS_NAMES]);
    pins_undo(s, p);
    return pins_run(s, p, e);
}

int generation_obstacles(struct pg *s, struct arena *a, const char *live, int64_t live_number,
                         const char *hidden, const char *hidden_acl, struct obstacles *out,
                         struct err *e)
{
    const struct obstacle_search f = {a, live, hidden, out};
    const char *name = live;
    struct pg_rows *r[N_ROWS] = {NULL};
    *out = (struct obstacles){0};
    if ((live_number != 0 && generation_schema(a, live, live_number, &name, e) != 0) ||
        look(s, &f, name, hidden_acl, r, e) != 0) {
        return -1;
    }
    add_dependants(&f, r[ROWS_LIVE], false);
    add_dependants(&f, r[ROWS_HIDDEN], true);
    add_relatives(&f, r[ROWS_RELATIVES]);
    add_functions(&f, r[ROWS_FUNCTIONS]);
    if (live_number != 0) {
        add_privileges(&f, r[ROWS_PRIVILEGES]);
    }
    add_names(&f, r[ROWS_NAMES], live_number);
    for (int i = 0; i < N_ROWS; i++) {
        pg_rows_free(r[i]);
    }
    sort(out);
    return 0;
}

/* Both are arrays as text: "{...}". */
static const char *joined(struct arena *a, const char *acl, const char *more)
{
    if (acl == NULL || strcmp(acl, "{}") == 0) {
        return arena_strdup(a, more);
    }
    return arena_printf(a, "%.*s,%s", (int)strlen(acl) - 1, acl, more + 1);
}

int generation_carry(struct pg *s, struct arena *a, const char *live, const char *hidden,
                     const char **acl, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[3] = {live, hidden, *acl};
    int rc = generation_ask(s, &postgis_generation_privileges, params, 3, &r, e);
    for (size_t i = 0; rc == 0 && i < pg_rows_n(r); i++) {
        if (!pg_null(r, i, PRIVILEGE_ITEMS)) {
            *acl = joined(a, *acl, pg_text(r, i, PRIVILEGE_ITEMS));
        }
        if (!pg_null(r, i, PRIVILEGE_STATEMENT)) {
            rc = pg_run(s, pg_text(r, i, PRIVILEGE_STATEMENT), NULL, 0, NULL, e);
        }
    }
    pg_rows_free(r);
    return rc;
}

int generation_dependants(struct pg *s, struct arena *a, const struct names *schemas,
                          struct obstacles *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[1] = {pg_array(a, schemas->v, schemas->n)};
    *out = (struct obstacles){0};
    if (generation_ask(s, &postgis_generation_dependants, params, 1, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        const char *code = pg_text(r, i, COL_CODE);
        const char *how = strcmp(code, "publication") == 0 ? "publishes" : "depends on";
        ARENA_GROW(a, out->v, out->n, out->cap);
        out->v[out->n++] =
            (struct obstacle){.code = arena_strdup(a, code),
                              .object = arena_strdup(a, pg_text(r, i, COL_OBJECT)),
                              .detail = arena_printf(a, "%s %s", how, pg_text(r, i, COL_DETAIL))};
    }
    pg_rows_free(r);
    sort(out);
    return 0;
}

int generation_drop(struct pg *s, struct arena *a, const char *hidden, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *schemas[1] = {pg_array(a, &hidden, 1)};
    if (generation_ask(s, &postgis_generation_dependants, schemas, 1, &r, e) != 0) {
        return -1;
    }
    int rc = 0;
    if (pg_rows_n(r) > 0) {
        size_t more = pg_rows_n(r) - 1;
        (void)err_set(e, ERR_PREFLIGHT, "schema \"%s\" cannot be dropped: %s depends on %s%s",
                      hidden, pg_text(r, 0, COL_OBJECT), pg_text(r, 0, COL_DETAIL),
                      more == 0 ? "" : arena_printf(a, ", and %zu more", more));
        rc = err_hint(e, "drop what depends on it, or let it depend on the live schema");
    }
    pg_rows_free(r);
    return rc != 0 ? -1
                   : pg_run(s, arena_printf(a, "DROP SCHEMA %s CASCADE", pg_ident(a, hidden)), NULL,
                            0, NULL, e);
}
