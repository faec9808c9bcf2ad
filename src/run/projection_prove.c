/* The proof: counts, extents, geometries, fingerprints, invariants; and the database as it will be,
 * rehearsed and undone. */
#include <math.h>
#include <string.h>

#include "base/fault.h"
#include "run/projection_parts.h"

static void pass(struct making *m, const char *rule)
{
    finding_pass(m->r->a, &m->o->gates, rule);
}

static void PRINTF_LIKE(3, 4) fail(struct making *m, const char *rule, const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    finding_fail(m->r->a, &m->o->gates, rule, "%s", buf_str(&text));
    buf_release(&text);
}

/* "count kansas_counties/2026-02.1a2b3c4d": a rule about one source. */
static const char *rule_of(struct making *m, const char *what, const struct projection_source *s)
{
    return arena_printf(m->r->a, "%s %s/%s", what, s->dataset, s->version);
}

static int fingerprint_rows(struct pg *pg, struct arena *a, const struct projection_source *s,
                            const char *schema, struct content *out, struct err *e)
{
    const char *column = version_column(s);
    struct names columns;
    struct names left_out;
    mapped_columns(a, s, &columns);
    if (generation_volatile_columns(pg, a, schema, s->into, &columns, &left_out, e) != 0) {
        return -1;
    }
    struct row_set rows = {schema, s->into, column, column != NULL ? s->version : NULL};
    return generation_fingerprint(pg, a, &rows, &left_out, out, e);
}

int run_contents(struct pg *s, struct arena *a, const struct projection *p, const char *schema,
                 struct content *out, struct err *e)
{
    for (size_t i = 0; i < p->n_sources; i++) {
        if (fingerprint_rows(s, a, &p->source[i], schema, &out[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int fingerprint(struct making *m, size_t i, struct content *out, struct err *e)
{
    return fingerprint_rows(making_session(m), m->r->a, &m->p->source[i], m->hidden, out, e);
}

/* The same inputs gave rows before: these must be the same. */
static void judge_known(struct making *m, const struct projection_source *s, const char *key,
                        const struct content *now)
{
    const struct known_content *known = m->job->known;
    for (size_t i = 0; known != NULL && i < known->n; i++) {
        const struct content *was = &known->source[i].content;
        if (strcmp(known->source[i].key, key) != 0) {
            continue;
        }
        const char *name = rule_of(m, "recovered", s);
        if (was->rows == now->rows && digest_eq(&was->sum, &now->sum)) {
            pass(m, name);
        } else {
            fail(m, name, "the rows are not those of %s", known->whence);
        }
    }
}

static void judge_count(struct making *m, const struct projection_source *s,
                        const struct dataset *d, int64_t rows)
{
    const char *name = rule_of(m, "count", s);
    if (!m->p->counts_from_catalog) {
        return;
    }
    if (!d->has_count) {
        fail(m, name, "the catalog says no count");
    } else if (rows != d->count) {
        fail(m, name, "the catalog says %lld, %lld are there", (long long)d->count,
             (long long)rows);
    } else {
        pass(m, name);
    }
}

/* An extent of what is restricted is never told, only whether it fits. */
static const char *extent_fault(struct making *m, const struct dataset *d,
                                const struct extent_facts *x)
{
    static const char *const side[] = {"west", "south", "east", "north"};
    if (!d->has_bbox) {
        return "the catalog says no extent";
    }
    if (!x->has_extent) {
        return "there is nothing to measure";
    }
    for (int i = 0; i < 4; i++) {
        if (!(fabs(d->bbox[i] - x->bbox[i]) <= m->p->tolerance)) {
            return d->is_restricted ? "the extent is not the catalog's"
                                    : arena_printf(m->r->a, "%s: the catalog says %.9g, it is %.9g",
                                                   side[i], d->bbox[i], x->bbox[i]);
        }
    }
    return "";
}

static void judge_extent(struct making *m, const struct projection_source *s,
                         const struct dataset *d, const struct extent_facts *x)
{
    const char *fault = extent_fault(m, d, x);
    if (fault[0] == '\0') {
        pass(m, rule_of(m, "extent", s));
    } else {
        fail(m, rule_of(m, "extent", s), "%s", fault);
    }
}

static void judge_geometry(struct making *m, const struct projection_source *s,
                           const struct dataset *d, const struct extent_facts *x)
{
    const char *name = rule_of(m, "geometry", s);
    struct buf detail = {0};
    if (x->n_invalid > 0) {
        buf_printf(&detail, "%lld invalid", (long long)x->n_invalid);
    }
    if (x->n_empty > 0 && s->empty != EMPTY_KEEP) {
        buf_printf(&detail, "%s%lld empty", detail.n > 0 ? ", " : "", (long long)x->n_empty);
    }
    if (x->n_other_srid > 0) {
        buf_printf(&detail, "%s%lld of another SRID", detail.n > 0 ? ", " : "",
                   (long long)x->n_other_srid);
    }
    if (detail.n == 0) {
        pass(m, name);
    } else {
        fail(m, name, "%s", buf_str(&detail));
    }
    buf_release(&detail);
    if (m->p->extents_from_catalog) {
        judge_extent(m, s, d, x);
    }
}

static int judge_unique(struct making *m, const struct projection_source *s, struct err *e)
{
    int64_t n = 0;
    const char *column = version_column(s);
    struct row_set rows = {m->hidden, s->into, column, column != NULL ? s->version : NULL};
    if (s->unique.n == 0) {
        return 0;
    }
    if (generation_duplicates(making_session(m), m->r->a, &rows, &s->unique, &n, e) != 0) {
        return -1;
    }
    if (n == 0) {
        pass(m, rule_of(m, "unique", s));
    } else {
        fail(m, rule_of(m, "unique", s), "%lld are there more than once", (long long)n);
    }
    return 0;
}

/* The columns that the mapping fills with geometries. */
static int geometry_columns(struct making *m, const struct projection_source *s, struct names *out,
                            struct err *e)
{
    struct column *columns = NULL;
    size_t n = 0;
    *out = (struct names){0};
    if (load_columns(making_session(m), m->r->a, m->hidden, s->into, &columns, &n, NULL, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < s->n_columns; i++) {
        for (size_t k = 0; k < n; k++) {
            if (columns[k].kind == COLUMN_GEOMETRY &&
                strcmp(columns[k].name, s->column[i].column) == 0) {
                ARENA_GROW(m->r->a, out->v, out->n, out->cap);
                out->v[out->n++] = columns[k].name;
            }
        }
    }
    return 0;
}

/* A copy inside the server must be what was proven where it came from. */
static void judge_copy(struct making *m, const struct projection_source *s,
                       const struct loaded *from, const struct content *now)
{
    if (!from->copied) {
        return;
    }
    if (digest_eq(&now->sum, &from->content.sum)) {
        pass(m, rule_of(m, "copy", s));
    } else {
        fail(m, rule_of(m, "copy", s), "the copied rows differ from those that were proven");
    }
}

static int prove_source(struct making *m, size_t i, struct err *e)
{
    const struct projection_source *s = &m->p->source[i];
    const struct dataset *d = m->job->datasets[i];
    const char *column = version_column(s);
    struct names geometries;
    struct content content;
    if (fingerprint(m, i, &content, e) != 0 || geometry_columns(m, s, &geometries, e) != 0) {
        return -1;
    }
    judge_copy(m, s, &m->loaded[i], &content);
    m->loaded[i].content = content;
    judge_known(m, s, m->loaded[i].key, &content);
    judge_count(m, s, d, content.rows);
    if (judge_unique(m, s, e) != 0) {
        return -1;
    }
    for (size_t k = 0; k < geometries.n; k++) {
        struct extent_facts x;
        struct row_set rows = {m->hidden, s->into, column, column != NULL ? s->version : NULL};
        if (generation_extent(making_session(m), m->r->a, &rows, geometries.v[k], &x, e) != 0) {
            return -1;
        }
        judge_geometry(m, s, d, &x);
    }
    return 0;
}

/* Over what was loaded where. */
static struct digest content_digest(struct making *m)
{
    size_t n = m->p->n_sources;
    struct part_content *v = ARENA_ARRAY(m->r->a, struct part_content, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct loaded *l = &m->loaded[i];
        v[i] = (struct part_content){l->key, l->content.rows, l->content.sum};
    }
    return parts_content(v, n);
}

int find_obstacles(struct making *m, struct err *e)
{
    struct obstacles o = {0};
    const char *live = m->p->schema;
    if (m->p->grants == GRANTS_CARRY && m->live_number > 0 &&
        generation_carry(making_session(m), m->r->a, live, m->hidden, &m->acl, e) != 0) {
        return -1;
    }
    if (generation_obstacles(making_session(m), m->r->a, live, m->live_number, m->hidden, m->acl,
                             &o, e) != 0) {
        return -1;
    }
    struct buf text = {0};
    size_t n = 0;
    for (size_t i = 0; i < o.n; i++) {
        /* Privileges that only the new generation has were declared since. */
        if (strcmp(o.v[i].code, "privilege") == 0 && o.v[i].is_new) {
            continue;
        }
        if (n < 3) {
            buf_printf(&text, "%s%s: %s%s%s", n > 0 ? "; " : "", o.v[i].code, o.v[i].object,
                       o.v[i].detail[0] != '\0' ? ", " : "", o.v[i].detail);
        }
        n++;
    }
    if (n > 0 && m->can_replace) {
        m->is_obstructed = true;
        m->obstacles = arena_strdup(m->r->a, buf_str(&text));
        buf_release(&text);
        return -1;
    }
    if (n == 0) {
        pass(m, "obstacles");
    } else {
        fail(m, "obstacles", "%s", buf_str(&text));
        err_set(e, ERR_PREFLIGHT, "%s cannot be published: %s%s", m->p->name, buf_str(&text),
                n > 3 ? "; ..." : "");
        err_hint(e, "remove what stands in the way, or bring it into the projection's chain; "
                    "grants: carry copies "
                    "privileges, fallback: atomic replaces the rows in place");
    }
    buf_release(&text);
    return n > 0 ? -1 : 0;
}

int run_invariants(struct making *m, struct err *e)
{
    struct decl decl = {.invariants = m->p->invariants};
    struct bundle b = {.id = m->p->name,
                       .dir = arena_printf(m->r->a, "registry/projections/%s", m->p->name),
                       .decl = &decl,
                       .invariants = m->job->invariants};
    struct execution x = {.run = m->r, .bundle = &b, .outcome = m->o};
    if (!m->is_wanted) {
        return 0; /* they were written for another generation */
    }
    for (size_t i = 0; i < m->job->n_chain; i++) {
        struct execution member = {.run = m->r, .bundle = m->job->chain[i], .outcome = m->o};
        if (execution_invariants(&member, e) != 0) {
            return -1;
        }
    }
    return execution_invariants(&x, e);
}

static int rehearse(struct making *m, struct err *e)
{
    struct pg *s = making_session(m);
    struct arena *a = m->r->a;
    const char *acl = NULL;
    const char *old = NULL;
    if (postgis_savepoint(s, e) != 0 ||
        generation_swap(s, a, m->p->schema, m->live_number, m->hidden, m->acl, &acl, e) != 0 ||
        run_invariants(m, e) != 0 || catalog_read(s, m->r->base->format, a, &m->expected, e) != 0) {
        return -1;
    }
    if (m->live_number > 0) {
        if (generation_schema(a, m->p->schema, m->live_number, &old, e) != 0) {
            return -1;
        }
        catalog_leave_out(&m->expected, old);
    }
    return leave_out_others(m, e) != 0 ? -1 : postgis_roll_back_to(s, e);
}

int judge_proof(struct making *m, struct err *e)
{
    const struct finding *g = findings_stopping(&m->o->gates, NULL);
    if (g == NULL) {
        return 0;
    }
    err_set(e, ERR_VALIDATE, "%s: %s failed: %s; nothing was published", m->p->name, g->rule,
            g->text);
    return err_hint(
        e, "a correction of the data is a new dataset version; the generation before stays live");
}

/* One source, in a transaction of a hand, which only reads. */
static int prove_one(struct making *m, void *ctx, size_t i, struct err *e)
{
    struct loaded *l = &m->loaded[i];
    struct outcome judged = {0};
    (void)ctx;
    if (making_begin(m, e) != 0) {
        return -1;
    }
    m->o = &judged;
    int rc = prove_source(m, i, e);
    m->o = making_lead(m)->o;
    making_roll_back(m);
    l->gates = judged.gates;
    l->is_proven = rc == 0;
    return rc;
}

/* What is not proven then is for prove_rows(). */
static int prove_together(struct making *m, struct err *e)
{
    const struct crew_work w = {.n = m->p->n_sources, .one = prove_one};
    for (size_t i = 0; i < m->p->n_sources; i++) {
        m->loaded[i].is_proven = false;
    }
    return !crew_may(m, w.n) || crew_run(m, &w, e) >= 0 ? 0 : -1;
}

static void take_gates(struct making *m, const struct findings *l)
{
    struct findings *to = &m->o->gates;
    for (size_t i = 0; i < l->n; i++) {
        ARENA_GROW(m->r->a, to->v, to->n, to->cap);
        to->v[to->n++] = l->v[i];
    }
}

int prove_rows(struct making *m, struct err *e)
{
    for (size_t i = 0; i < m->p->n_sources; i++) {
        if (m->loaded[i].is_proven) {
            take_gates(m, &m->loaded[i].gates);
        } else if (prove_source(m, i, e) != 0) {
            return -1;
        }
    }
    m->tables = doc_new(m->r->a, DOC_MAP);
    for (size_t i = 0; i < m->p->n_sources; i++) {
        const char *table = m->p->source[i].into;
        int64_t n = 0;
        if (doc_get(m->tables, table) != NULL) {
            continue;
        }
        if (generation_count(making_session(m), m->r->a, m->hidden, table, &n, e) != 0) {
            return -1;
        }
        doc_put(m->r->a, m->tables, table, doc_int(m->r->a, n));
    }
    m->g.content = content_digest(m);
    return 0;
}

int leave_out_others(struct making *m, struct err *e)
{
    const char *old = NULL;
    for (size_t i = 0; i < m->job->step->in->n; i++) {
        const struct generation *g = &m->job->step->in->v[i];
        if (g->number == m->g.number || g->number == m->live_number) {
            continue;
        }
        if (generation_schema(m->r->a, m->p->schema, g->number, &old, e) != 0) {
            return -1;
        }
        catalog_leave_out(&m->expected, old);
    }
    return 0;
}

int make_proof(struct making *m, struct err *e)
{
    making_phase(m, "validate");
    m->o->gates.n = 0;
    /* All rows are committed, and whoever publishes has to know since when: this run, or one that finds
     * the generation ready. */
    if (generation_horizon(making_session(m), m->r->a, &m->horizon, e) != 0 ||
        prove_together(m, e) != 0 || making_begin(m, e) != 0) {
        return -1;
    }
    if (prove_rows(m, e) != 0 || find_obstacles(m, e) != 0 || rehearse(m, e) != 0 ||
        judge_proof(m, e) != 0) {
        making_roll_back(m);
        return -1;
    }
    m->g.state = GENERATION_READY;
    if (facts_put(m, e) != 0 || FAULT(GENERATION_PROVEN)) {
        m->g.state = GENERATION_LOADING;
        making_roll_back(m);
        return e->code != ERR_NONE ? -1 : execution_injected(e);
    }
    return making_commit(m, e);
}

/* What the facts say about one load, whatever is declared now. */
static int content_of_load(struct making *m, const struct doc *d, struct content *out,
                           struct err *e)
{
    struct arena *a = m->r->a;
    struct pg *s = making_session(m);
    const struct doc *list = doc_get(d, "filled");
    struct names filled = {0};
    struct names left_out;
    struct row_set rows = {m->hidden, doc_str(d, "into", ""), doc_str(d, "by", NULL),
                           doc_str(d, "version", NULL)};
    filled.v = ARENA_ARRAY(a, const char *, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        filled.v[filled.n++] = list->item[i]->text.p;
    }
    return generation_volatile_columns(s, a, m->hidden, rows.table, &filled, &left_out, e) != 0 ||
                   generation_fingerprint(s, a, &rows, &left_out, out, e) != 0
               ? -1
               : 0;
}

static int verify_content(struct making *m, struct err *e)
{
    const struct doc *loads = doc_get(m->g.facts, "loads");
    for (size_t i = 0; i < doc_len(loads); i++) {
        const struct doc *d = loads->item[i];
        struct digest was = {{0}};
        struct content now;
        if (content_of_load(m, d, &now, e) != 0) {
            return -1;
        }
        const char *name = arena_printf(m->r->a, "content %s", loads->key[i]->text.p);
        if (digest_parse(doc_str(d, "sum", ""), &was) == 0 && now.rows == doc_num(d, "rows", -1) &&
            digest_eq(&now.sum, &was)) {
            pass(m, name);
        } else {
            fail(m, name, "the rows are not those that were proven");
        }
    }
    return 0;
}

static int count_tables(struct making *m, struct err *e)
{
    const struct doc *tables = doc_get(m->g.facts, "tables");
    for (size_t i = 0; i < doc_len(tables); i++) {
        const char *table = tables->key[i]->text.p;
        const char *name = arena_printf(m->r->a, "count %s", table);
        int64_t proven = tables->item[i]->number;
        int64_t rows = 0;
        if (generation_count(making_session(m), m->r->a, m->hidden, table, &rows, e) != 0) {
            return -1;
        }
        if (rows == proven) {
            pass(m, name);
        } else {
            fail(m, name, "%lld rows were proven, %lld are there", (long long)proven,
                 (long long)rows);
        }
    }
    return 0;
}

/* It was published before as something: is it still that? */
static void judge_structure(struct making *m)
{
    struct digest now = structure_of(m);
    if (digest_is_zero(&m->structure)) {
        return;
    }
    if (digest_eq(&now, &m->structure)) {
        pass(m, "structure");
    } else {
        fail(m, "structure", "its objects are not as they were when it was live");
    }
}

int make_rehearsal(struct making *m, struct err *e)
{
    making_phase(m, "rehearse");
    m->o->gates.n = 0;
    if (making_begin(m, e) != 0) {
        return -1;
    }
    int rc = (m->verifies ? verify_content(m, e) : count_tables(m, e)) != 0 ||
                     find_obstacles(m, e) != 0 || rehearse(m, e) != 0
                 ? -1
                 : 0;
    if (rc == 0) {
        judge_structure(m);
        rc = judge_proof(m, e);
    }
    making_roll_back(m);
    return rc;
}
