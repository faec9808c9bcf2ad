/* What was rebuilt against what is live. */
#include <string.h>

#include "base/clock.h"
#include "flow/drill_parts.h"
#include "pg/tx.h"

enum { LISTED_MAX = 1000 };

static void differs(struct drill *d, const char *what)
{
    d->n_different++;
    d->first = d->first != NULL ? d->first : what;
}

static int read_contents(struct site *s, struct arena *a, const struct projection *p,
                         struct content *out, struct err *e)
{
    if (site_snapshot(s, e) != 0) {
        return -1;
    }
    int rc = run_contents(s->pg, a, p, p->schema, out, e);
    tx_roll_back(s->pg);
    return rc;
}

static void put_source(struct drill *d, struct doc *list, const struct projection *p, size_t i,
                       const struct content *live, const struct content *made)
{
    char text[DIGEST_TEXT];
    struct arena *a = d->live->a;
    const struct projection_source *s = &p->source[i];
    bool same = live->rows == made->rows && digest_eq(&live->sum, &made->sum);
    struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
    doc_put(a, x, "source", doc_text(a, run_source_key(a, s)));
    doc_put(a, x, "live_rows", doc_int(a, live->rows));
    doc_put(a, x, "rebuilt_rows", doc_int(a, made->rows));
    doc_put(a, x, "live", doc_text(a, digest_text(&live->sum, text)));
    doc_put(a, x, "rebuilt", doc_text(a, digest_text(&made->sum, text)));
    doc_put(a, x, "same", doc_bool(a, same));
    if (!same) {
        differs(d, arena_printf(a, "the rows of %s from %s/%s", p->name, s->dataset, s->version));
    }
}

/* Only a generation of the same digest can have the same rows. */
static int compare_projection(struct drill *d, const struct step *x, struct err *e)
{
    char text[DIGEST_TEXT];
    struct arena *a = d->live->a;
    const struct projection *p = x->in->p;
    struct doc *out = doc_push(a, d->projections, doc_new(a, DOC_MAP));
    bool is_comparable = x->live != NULL && digest_eq(&x->live->digest, &x->in->digest);
    doc_put(a, out, "name", doc_text(a, p->name));
    doc_put(a, out, "digest", doc_text(a, digest_text(&x->in->digest, text)));
    doc_put(a, out, "compared", doc_bool(a, is_comparable));
    struct doc *sources = doc_put(a, out, "sources", doc_new(a, DOC_LIST));
    if (!is_comparable) {
        catalog_leave_out(&d->live->catalog, p->schema);
        catalog_leave_out(&d->made.catalog, p->schema);
        tell_note(&d->live->ear, "%s: not compared, what is live was made from something else",
                  p->name);
        return 0;
    }
    struct content *live = ARENA_ARRAY(a, struct content, p->n_sources + 1);
    struct content *made = ARENA_ARRAY(a, struct content, p->n_sources + 1);
    if (read_contents(d->live, a, p, live, e) != 0 || read_contents(&d->made, a, p, made, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < p->n_sources; i++) {
        put_source(d, sources, p, i, &live[i], &made[i]);
    }
    d->n_compared++;
    return 0;
}

static bool is_compared(const struct catalog_object *o)
{
    return o->object.kind != OBJ_ROLE && o->object.kind != OBJ_TABLESPACE &&
           o->object.kind != OBJ_DATABASE && o->object.kind != OBJ_SETTING;
}

/* Both are sorted by text. */
bool drill_next(struct drill_walk *w, const struct catalog *live, const struct catalog *made)
{
    while (w->i < live->n || w->k < made->n) {
        int order = w->i >= live->n   ? 1
                    : w->k >= made->n ? -1
                                      : strcmp(live->v[w->i]->text, made->v[w->k]->text);
        const struct catalog_object *l = order <= 0 ? live->v[w->i++] : NULL;
        const struct catalog_object *m = order >= 0 ? made->v[w->k++] : NULL;
        const struct catalog_object *o = l != NULL ? l : m;
        if (is_compared(o)) {
            w->text = o->text;
            w->is_live = l != NULL;
            w->is_made = m != NULL;
            w->is_same = order == 0 && digest_eq(&l->fingerprint, &m->fingerprint);
            return true;
        }
    }
    return false;
}

static struct digest structure_digest(const struct catalog *c)
{
    struct digester *x = digester_open("kfmig.structure.v1");
    for (size_t i = 0; i < c->n; i++) {
        if (is_compared(c->v[i])) {
            digester_field(x, c->v[i]->text, bytes_of((const char *)c->v[i]->fingerprint.b, 32));
        }
    }
    return digester_close(x);
}

static void put_object(struct drill *d, struct doc *list, const char *text, const char *how)
{
    struct arena *a = d->live->a;
    differs(d, text);
    if (d->n_objects++ < LISTED_MAX) {
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "object", doc_text(a, text));
        doc_put(a, x, "change", doc_text(a, how));
    }
}

static void compare_structure(struct drill *d)
{
    char text[DIGEST_TEXT];
    struct arena *a = d->live->a;
    const struct catalog *live = &d->live->catalog;
    const struct catalog *made = &d->made.catalog;
    struct digest l = structure_digest(live);
    struct digest m = structure_digest(made);
    d->structure = doc_new(a, DOC_MAP);
    doc_put(a, d->structure, "live", doc_text(a, digest_text(&l, text)));
    doc_put(a, d->structure, "rebuilt", doc_text(a, digest_text(&m, text)));
    struct doc *list = doc_put(a, d->structure, "different", doc_new(a, DOC_LIST));
    for (struct drill_walk w = {0}; drill_next(&w, live, made);) {
        if (!w.is_same) {
            put_object(d, list, w.text,
                       !w.is_made   ? "only live"
                       : !w.is_live ? "only rebuilt"
                                    : "differs");
        }
    }
    doc_put(a, d->structure, "n_different", doc_int(a, (int64_t)d->n_objects));
}

static struct doc *count_doc(struct arena *a, int64_t rows)
{
    return rows < 0 ? doc_new(a, DOC_NULL) : doc_int(a, rows);
}

/* Rows outside of projections are not what a rebuild makes: what would be missing is told, and is no
 * difference. */
static void compare_tables(struct drill *d)
{
    struct arena *a = d->live->a;
    struct table_rows *live = NULL;
    size_t n = 0;
    recover_count(d->live, &live, &n);
    for (size_t i = 0; i < n; i++) {
        int64_t made = recover_rows(d->r.tables, d->r.n_tables, live[i].text, 0);
        if (live[i].rows != made || made < 0) {
            struct doc *x = doc_push(a, d->tables, doc_new(a, DOC_MAP));
            doc_put(a, x, "table", doc_text(a, live[i].text));
            doc_put(a, x, "live_rows", count_doc(a, live[i].rows));
            doc_put(a, x, "rebuilt_rows", count_doc(a, made));
            d->n_rows++;
        }
    }
}

/* Projections that were not meant are not there to compare with. */
static void leave_out_others(struct drill *d)
{
    struct site *s = d->live;
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct projection *p = s->plan.projections[i].in->p;
        if (!meant_in_database(&d->o->meant, s->env, p) && p->schema[0] != '\0') {
            catalog_leave_out(&s->catalog, p->schema);
        }
    }
}

int drill_compare(struct drill *d, struct err *e)
{
    struct site *s = d->live;
    int64_t start = clock_ms();
    s->looks_ahead = true; /* what was made has the newest format of fingerprints */
    if (site_look(s, e) != 0) {
        return -1;
    }
    if (s->ahead.a != NULL) {
        s->catalog = s->ahead;
        s->ahead = (struct catalog){0};
    }
    leave_out_others(d);
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct step *x = &s->plan.projections[i];
        if (meant_in_database(&d->o->meant, s->env, x->in->p) && compare_projection(d, x, e) != 0) {
            return -1;
        }
    }
    compare_tables(d);
    compare_structure(d);
    d->compare_ms = clock_ms() - start;
    d->r.total_ms = clock_ms() - d->r.started_ms;
    return 0;
}
