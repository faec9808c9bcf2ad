/* A mapping against the columns it fills. */
#include <string.h>

#include "store/postgis/load_parts.h"

enum { DIMS_XY = 2, DIMS_XYZ = 3, DIMS_XYZM = 4 };

struct planner {
    struct load *l;
    const struct load_source *in;
    const struct column *columns;
    size_t n;
    struct err_list *faults;
};

static void PRINTF_LIKE(4, 5)
    fault(const struct planner *p, int line, int col, const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    err_list_addf(p->faults, ERR_CONFIG, p->in->declared_in, line, col, NULL, "%s", buf_str(&text));
    buf_release(&text);
}

static const struct column *find_column(const struct planner *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++) {
        if (strcmp(p->columns[i].name, name) == 0) {
            return &p->columns[i];
        }
    }
    return NULL;
}

static void plan_constant(const struct planner *p, const struct mapping *m, const struct column *c,
                          struct column_value *to)
{
    struct err e;
    *to = (struct column_value){.is_constant = true, .constant = m->text};
    if (m->kind == SOURCE_VERSION) {
        to->constant = p->in->from->version;
    } else if (m->kind == SOURCE_EVIDENCE) {
        to->constant = p->in->evidence_ref;
    }
    if (column_check_constant(c, to->constant, &e) != 0) {
        err_list_addf(p->faults, e.code, p->in->declared_in, m->line, m->col, e.hint, "%s", e.msg);
    }
}

static void plan_record(const struct planner *p, const struct mapping *m, const struct column *c,
                        struct column_value *to)
{
    struct load *l = p->l;
    bool is_point = m->kind == SOURCE_POINT;
    *to = (struct column_value){.wanted = l->n_wanted};
    l->wanted[l->n_wanted++] = (struct wanted_value){.path = is_point ? NULL : m->text,
                                                     .as_geometry = c->takes_geometry,
                                                     .point_x = m->x,
                                                     .point_y = m->y};
    if (is_point && !c->takes_geometry) {
        fault(p, m->line, m->col, "column \"%s\" is %s, and x and y make a point", c->name,
              c->type);
    }
    if (c->takes_geometry && p->in->srid == 0) {
        fault(p, m->line, m->col,
              "column \"%s\" takes a geometry, and the coordinate reference system of asset \"%s\" "
              "is unknown",
              c->name, p->in->from->asset);
    }
}

static void plan_mapping(const struct planner *p, const struct mapping *m)
{
    struct load *l = p->l;
    const struct column *c = find_column(p, m->column);
    if (c == NULL) {
        fault(p, m->line, m->col, "table \"%s\" has no column \"%s\"", p->in->from->into,
              m->column);
        return;
    }
    if (c->is_generated) {
        fault(p, m->line, m->col, "column \"%s\" of table \"%s\" is generated and takes no value",
              m->column, p->in->from->into);
        return;
    }
    l->column[l->n] = *c;
    if (m->kind == SOURCE_PATH || m->kind == SOURCE_POINT) {
        plan_record(p, m, c, &l->from[l->n]);
    } else {
        plan_constant(p, m, c, &l->from[l->n]);
    }
    l->n++;
}

static bool is_mapped(const struct planner *p, const char *column)
{
    for (size_t i = 0; i < p->in->from->n_columns; i++) {
        if (strcmp(p->in->from->column[i].column, column) == 0) {
            return true;
        }
    }
    return false;
}

static void check_unfilled(const struct planner *p)
{
    const struct projection_source *from = p->in->from;
    for (size_t i = 0; i < p->n; i++) {
        const struct column *c = &p->columns[i];
        if (c->not_null && !c->has_default && !c->is_generated && !is_mapped(p, c->name)) {
            fault(p, from->line, from->col,
                  "column \"%s\" of table \"%s\" is NOT NULL without a default, and nothing is "
                  "mapped to it",
                  c->name, from->into);
        }
    }
}

/* COPY does not go there, and what is behind policies cannot be proven to be all that was loaded. */
static void check_unsecured(const struct planner *p)
{
    const struct projection_source *from = p->in->from;
    if (p->n > 0 && p->columns[0].is_secured) {
        err_list_addf(p->faults, ERR_CONFIG, p->in->declared_in, from->line, from->col,
                      "leave FORCE ROW LEVEL SECURITY away, or load as a role with BYPASSRLS",
                      "row security of table \"%s\" holds for the role that loads, too: rows can "
                      "neither be copied into it nor be proven",
                      from->into);
    }
}

static int dims_of(const struct column *c)
{
    if (c->any_dims) {
        return 0;
    }
    return c->has_z && c->has_m ? DIMS_XYZM : c->has_z || c->has_m ? DIMS_XYZ : DIMS_XY;
}

/* One reader makes all geometries: only what all columns want alike can be its rule; the rest is found
 * when a value meets its column. */
static void set_rules(struct load *l)
{
    bool is_first = true;
    l->rules.srid = l->in->srid;
    l->rules.any_ring_order = l->in->from->any_ring_order;
    l->rules.empty = l->in->from->empty;
    for (size_t i = 0; i < l->n; i++) {
        const struct column *c = &l->column[i];
        if (!c->takes_geometry || l->from[i].is_constant) {
            continue;
        }
        bool is_m = dims_of(c) == DIMS_XYZ && c->has_m;
        l->rules.has_zm |= c->has_z && c->has_m;
        if (is_first) {
            l->rules.dims = dims_of(c);
            l->rules.is_m = is_m;
        } else if (l->rules.dims != dims_of(c) || l->rules.is_m != is_m) {
            l->rules.dims = 0;
            l->rules.is_m = false;
        }
        is_first = false;
        l->is_staged = l->is_staged || load_transforms(l, i);
    }
}

bool load_transforms(const struct load *l, size_t i)
{
    const struct column *c = &l->column[i];
    return c->takes_geometry && !l->from[i].is_constant && c->srid != 0 && c->srid != l->in->srid;
}

struct load *load_plan(struct arena *a, const struct load_source *in, const struct column *columns,
                       size_t n, struct err_list *faults)
{
    size_t n_before = faults->n;
    size_t n_mapped = in->from->n_columns;
    struct load *l = ARENA_NEW(a, struct load);
    struct planner p = {l, in, columns, n, faults};
    l->in = in;
    l->column = ARENA_ARRAY(a, struct column, n_mapped + 1);
    l->from = ARENA_ARRAY(a, struct column_value, n_mapped + 1);
    l->wanted = ARENA_ARRAY(a, struct wanted_value, n_mapped + 1);
    for (size_t i = 0; i < n_mapped; i++) {
        plan_mapping(&p, &in->from->column[i]);
    }
    check_unfilled(&p);
    check_unsecured(&p);
    set_rules(l);
    return faults->n == n_before ? l : NULL;
}
