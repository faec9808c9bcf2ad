/* Records of an artifact on their way into a table. */
#include "store/postgis/load.h"

#include <string.h>

#include "base/clock.h"
#include "store/postgis/load_parts.h"
#include "store/postgis/queries.h"

enum { SEND_BYTES = 256 * 1024, REPORT_MS = 100, LOOK_ROWS = 64 };

/* One run over an artifact. session NULL: nothing is sent. */
struct load_run {
    const struct load *l;
    const struct load_watch *watch;
    struct pg *session;
    struct source source;
    struct reader *reader;
    struct copy_writer writer;
    int64_t rows;
    int64_t next_report;
};

static int report(struct load_run *r, bool is_end, struct err *e)
{
    int64_t now = clock_ms();
    if (r->watch == NULL || r->watch->on_progress == NULL || (!is_end && now < r->next_report)) {
        return 0;
    }
    r->next_report = now + REPORT_MS;
    bool stop = r->watch->on_progress(r->watch->ctx, r->rows, source_raw_read(&r->source),
                                      source_raw_size(&r->source));
    return stop ? err_set(e, ERR_INTERRUPTED, "interrupted while loading \"%s\"", r->l->in->path)
                : 0;
}

static int send_rows(struct load_run *r, struct err *e)
{
    int rc = 0;
    if (r->session != NULL) {
        rc = pg_copy_put(r->session, buf_bytes(&r->writer.out), NULL, e);
    }
    buf_clear(&r->writer.out);
    return rc;
}

/* The names that the artifact's first record has, as a hint. */
static int hint_names(const struct load_run *r, struct err *e)
{
    struct source s;
    struct err ignored;
    struct buf names = {0};
    if (source_open(&s, r->l->in->dirfd, r->l->in->path, &ignored) == 0) {
        reader_names(r->l->in->format, &s, &names);
        source_close(&s);
    }
    if (names.n > 0) {
        (void)err_hint(e, "the first record has: %s", buf_str(&names));
    }
    buf_release(&names);
    return -1;
}

/* A name that some records lack is NULL there; one that no record has is a mistake in the mapping. */
static int check_found(const struct load_run *r, struct err *e)
{
    const struct load *l = r->l;
    for (size_t i = 0; i < l->n && r->rows > 0; i++) {
        const struct mapping *m = &l->in->from->column[i];
        if (l->from[i].is_constant || reader_found(r->reader, l->from[i].wanted) > 0) {
            continue;
        }
        (void)err_at(e, ERR_CONFIG, l->in->declared_in, m->line, m->col,
                     "column \"%s\": none of the %lld records of \"%s\" has \"%s\"%s%s%s",
                     m->column, (long long)r->rows, l->in->path,
                     m->kind == SOURCE_POINT ? m->x : m->text,
                     m->kind == SOURCE_POINT ? " and \"" : "", m->kind == SOURCE_POINT ? m->y : "",
                     m->kind == SOURCE_POINT ? "\"" : "");
        return hint_names(r, e);
    }
    return 0;
}

static void tell_partial(const struct load_run *r)
{
    const struct load *l = r->l;
    for (size_t i = 0; i < l->n && r->watch != NULL && r->watch->on_partial != NULL; i++) {
        int64_t found =
            l->from[i].is_constant ? r->rows : reader_found(r->reader, l->from[i].wanted);
        if (found < r->rows) {
            r->watch->on_partial(r->watch->ctx, &l->in->from->column[i], found, r->rows);
        }
    }
}

static int run_end(struct load_run *r, struct err *e)
{
    copy_end(&r->writer);
    if (check_found(r, e) != 0 || send_rows(r, e) != 0 || report(r, true, e) != 0) {
        return -1;
    }
    tell_partial(r);
    return 0;
}

static int run_rows(struct load_run *r, struct err *e)
{
    struct record record;
    copy_begin(&r->writer);
    for (;;) {
        int rc = reader_next(r->reader, &record, e);
        if (rc <= 0) {
            return rc != 0 ? rc : run_end(r, e);
        }
        if (copy_row(&r->writer, &r->source, &record, e) != 0) {
            return -1;
        }
        r->rows++;
        bool is_full = r->writer.out.n >= SEND_BYTES;
        bool looks = is_full || r->rows % LOOK_ROWS == 0; /* small rows are faster than clocks */
        if ((is_full && send_rows(r, e) != 0) || (looks && report(r, false, e) != 0)) {
            return -1;
        }
    }
}

static bool is_binary(const struct column *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (c[i].kind == COLUMN_OTHER) {
            return false;
        }
    }
    return true;
}

static int run_artifact(struct load_run *r, const struct column *columns, struct err *e)
{
    const struct load *l = r->l;
    r->writer = (struct copy_writer){.column = columns, .from = l->from, .n = l->n};
    r->writer.is_csv = l->in->format == FORMAT_CSV;
    r->writer.is_binary = is_binary(columns, l->n);
    r->next_report = clock_ms() + REPORT_MS;
    if (source_open(&r->source, l->in->dirfd, l->in->path, e) != 0) {
        return -1;
    }
    r->reader = reader_open(l->in->format, &r->source, l->wanted, l->n_wanted, &l->rules);
    int rc = run_rows(r, e);
    reader_close(r->reader);
    source_close(&r->source);
    copy_release(&r->writer);
    return rc;
}

/* The columns as the artifact's records meet them: in the staging table geometries keep the artifact's
 * SRID. */
static struct column *staged_columns(struct arena *a, const struct load *l)
{
    struct column *c = ARENA_ARRAY(a, struct column, l->n + 1);
    for (size_t i = 0; i < l->n; i++) {
        c[i] = l->column[i];
        if (load_transforms(l, i)) {
            c[i].kind = COLUMN_GEOMETRY;
            c[i].srid = l->in->srid;
        }
    }
    return c;
}

int load_dry(const struct load *l, const struct load_watch *watch, int64_t *rows, struct err *e)
{
    struct arena a = {0};
    struct load_run r = {.l = l, .watch = watch};
    int rc = run_artifact(&r, staged_columns(&a, l), e);
    *rows = r.rows;
    arena_release(&a);
    return rc;
}

static const char *names_of(struct arena *a, const struct load *l)
{
    struct buf b = {0};
    for (size_t i = 0; i < l->n; i++) {
        buf_printf(&b, "%s%s", i == 0 ? "" : ", ", pg_ident(a, l->column[i].name));
    }
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

/* Read to record number again, for the places of its values. False: it is not there any more. */
static bool read_again(struct reader *r, int64_t number, struct record *out)
{
    struct err ignored;
    int rc = 1;
    out->number = 0;
    while (rc > 0 && out->number < number) {
        rc = reader_next(r, out, &ignored);
    }
    return rc > 0 && out->number > 0;
}

/* What the server refused is a value, or a row, of the artifact: say where it stands there. Anything else
 * stays as it is. */
int load_place_refusal(const struct load *l, int64_t number, const char *column, struct err *e)
{
    struct source s;
    struct record record;
    struct err told = *e;
    size_t i = 0;
    while (i < l->n && strcmp(l->column[i].name, column) != 0) {
        i++;
    }
    if (source_open(&s, l->in->dirfd, l->in->path, &told) != 0) {
        return -1;
    }
    struct reader *r = reader_open(l->in->format, &s, l->wanted, l->n_wanted, &l->rules);
    if (read_again(r, number, &record)) {
        bool is_value = i < l->n;
        bool is_said =
            is_value && !l->from[i].is_constant && record.v[l->from[i].wanted].kind != VALUE_ABSENT;
        (void)reader_fail(&s, &record, is_said ? record.v[l->from[i].wanted].offset : record.offset,
                          is_value ? column : NULL, &told, "the server refused this %s: %s (%s)",
                          is_value ? "value" : "row", e->condition, e->sqlstate);
        e->where = told.where;
        memcpy(e->msg, told.msg, sizeof e->msg);
        bool is_form =
            strncmp(e->sqlstate, "22", 2) == 0 || (is_value && strncmp(e->sqlstate, "42", 2) == 0);
        e->code = is_form ? ERR_CONFIG : e->code;
        if (is_value && l->column[i].type != NULL) {
            (void)err_hint(e, "the column's type is %s", l->column[i].type);
        }
    }
    reader_close(r);
    source_close(&s);
    return -1;
}

bool load_is_about_rows(const char *sqlstate)
{
    static const char *const others[] = {"08", "25", "40", "53", "54", "55", "57", "58", "XX"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strncmp(sqlstate, others[i], 2) == 0) {
            return false;
        }
    }
    return sqlstate[0] != '\0';
}

/* A COPY failed. */
static int copy_failed(struct pg *s, const struct load *l, struct err *e)
{
    int64_t number = 0;
    const char *column = "";
    (void)pg_copy_abort(s, NULL);
    return load_is_about_rows(e->sqlstate) && pg_copy_refused(s, &number, &column)
               ? load_place_refusal(l, number, column, e)
               : -1;
}

/* table: quoted, with its schema. */
static int copy_into(struct pg *s, struct arena *a, const char *table, const struct column *columns,
                     struct load_run *r, struct err *e)
{
    int64_t taken = 0;
    const struct load *l = r->l;
    const char *sql = arena_printf(a, "COPY %s (%s) FROM STDIN (FORMAT %s)", table, names_of(a, l),
                                   is_binary(columns, l->n) ? "binary" : "text");
    if (pg_copy_start(s, sql, e) != 0) {
        return -1;
    }
    r->session = s;
    if (run_artifact(r, columns, e) != 0 || pg_copy_finish(s, NULL, &taken, e) != 0) {
        return copy_failed(s, l, e);
    }
    if (taken != r->rows) {
        return err_set(e, ERR_APPLY,
                       "the server took %lld of %lld rows of \"%s\": a trigger left rows out",
                       (long long)taken, (long long)r->rows, l->in->path);
    }
    return 0;
}

static int make_stage(const struct stage *g, struct err *e)
{
    struct buf b = {0};
    buf_printf(&b, "CREATE UNLOGGED TABLE %s AS SELECT ", g->table);
    for (size_t i = 0; i < g->l->n; i++) {
        const char *name = pg_ident(g->a, g->l->column[i].name);
        buf_puts(&b, i == 0 ? "" : ", ");
        if (load_transforms(g->l, i)) {
            buf_printf(&b, "NULL::%s.geometry AS %s", g->postgis, name);
        } else {
            buf_puts(&b, name);
        }
    }
    buf_printf(&b, " FROM %s WITH NO DATA", g->into);
    int rc = pg_run(g->s, buf_str(&b), NULL, 0, NULL, e);
    buf_release(&b);
    return rc;
}

/* COPY takes values for identity columns, whatever they say; so must this. */
int load_from_stage(const struct stage *g, int64_t from, int64_t to, int64_t *taken, struct err *e)
{
    struct buf b = {0};
    struct pg_rows *r = NULL;
    buf_printf(&b, "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT ", g->into,
               names_of(g->a, g->l));
    for (size_t i = 0; i < g->l->n; i++) {
        const char *name = pg_ident(g->a, g->l->column[i].name);
        buf_puts(&b, i == 0 ? "" : ", ");
        if (load_transforms(g->l, i)) {
            buf_printf(&b, "%s.st_transform(%s, %d)", g->postgis, name, g->l->column[i].srid);
        } else {
            buf_puts(&b, name);
        }
    }
    buf_printf(&b, " FROM %s", g->table);
    if (to > 0) {
        buf_printf(&b, " WHERE " STAGED_NUMBER " > %lld AND " STAGED_NUMBER " <= %lld",
                   (long long)from, (long long)to);
    }
    int rc = pg_run(g->s, buf_str(&b), NULL, 0, &r, e);
    buf_release(&b);
    *taken = rc == 0 ? pg_rows_affected(r) : 0;
    pg_rows_free(r);
    return rc;
}

static int empty_stage(const struct stage *g, int64_t staged, struct err *e)
{
    int64_t taken = 0;
    if (load_from_stage(g, 0, 0, &taken, e) != 0) {
        return err_hint(e, "the rows of \"%s\" were to be transformed to the column's SRID",
                        g->l->in->path);
    }
    if (taken != staged) {
        return err_set(e, ERR_APPLY,
                       "the server took %lld of %lld rows of \"%s\": a trigger left rows out",
                       (long long)taken, (long long)staged, g->l->in->path);
    }
    return pg_run(g->s, arena_printf(g->a, "DROP TABLE %s", g->table), NULL, 0, NULL, e);
}

/* The server would say no more than that something is wrong. */
static int check_srid(const struct stage *g, int srid, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {arena_printf(g->a, "%d", srid)};
    const char *sql = arena_printf(
        g->a, "SELECT 1 FROM %s.spatial_ref_sys WHERE srid = $1::pg_catalog.int4", g->postgis);
    if (pg_run(g->s, sql, params, 1, &r, e) != 0) {
        return -1;
    }
    bool is_known = pg_rows_n(r) > 0;
    pg_rows_free(r);
    return is_known ? 0
                    : err_set(e, ERR_PREFLIGHT,
                              "PostGIS does not know SRID %d, so nothing can be "
                              "transformed from or to it",
                              srid);
}

static int check_srids(const struct stage *g, struct err *e)
{
    int rc = check_srid(g, g->l->in->srid, e);
    for (size_t i = 0; i < g->l->n && rc == 0; i++) {
        rc = load_transforms(g->l, i) ? check_srid(g, g->l->column[i].srid, e) : 0;
    }
    return rc;
}

static int find_postgis(struct stage *g, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(g->s, &postgis_load_postgis, NULL, 0, &r, e) != 0) {
        return -1;
    }
    if (pg_rows_n(r) == 0) {
        pg_rows_free(r);
        return err_set(e, ERR_PREFLIGHT, "the database has no PostGIS to transform with");
    }
    g->postgis = pg_ident(g->a, pg_text(r, 0, 0));
    pg_rows_free(r);
    return check_srids(g, e);
}

static int copy_staged(struct stage *g, struct load_run *r, struct err *e)
{
    if (find_postgis(g, e) != 0 || make_stage(g, e) != 0 ||
        copy_into(g->s, g->a, g->table, staged_columns(g->a, g->l), r, e) != 0) {
        return -1;
    }
    return empty_stage(g, r->rows, e);
}

void load_stage(struct pg *s, struct arena *a, const char *schema, const struct load *l,
                struct stage *out)
{
    const char *in = pg_ident(a, schema);
    *out = (struct stage){.s = s, .a = a, .l = l};
    out->into = arena_printf(a, "%s.%s", in, pg_ident(a, l->in->from->into));
    out->table = arena_printf(a, "%s.kfmig_stage_%d", in, pg_backend_pid(s));
}

int load_stage_rows(struct stage *g, const struct load_watch *watch, int64_t *n, struct err *e)
{
    struct load_run r = {.l = g->l, .watch = watch};
    const char *number = arena_printf(
        g->a, "ALTER TABLE %s ADD " STAGED_NUMBER " pg_catalog.int8 GENERATED ALWAYS AS IDENTITY",
        g->table);
    if ((g->l->is_staged && find_postgis(g, e) != 0) || make_stage(g, e) != 0 ||
        pg_run(g->s, number, NULL, 0, NULL, e) != 0) {
        return -1;
    }
    int rc = copy_into(g->s, g->a, g->table, staged_columns(g->a, g->l), &r, e);
    *n = r.rows;
    return rc;
}

int load_copy(struct pg *s, struct arena *a, const char *schema, const struct load *l,
              const struct load_watch *watch, int64_t *rows, struct err *e)
{
    struct load_run r = {.l = l, .watch = watch};
    struct stage g;
    load_stage(s, a, schema, l, &g);
    int rc = l->is_staged ? copy_staged(&g, &r, e) : copy_into(s, a, g.into, l->column, &r, e);
    *rows = r.rows;
    return rc;
}
