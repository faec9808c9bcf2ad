/* Drift as SQL, both ways. The ledger has digests of expressions, bodies and comments. What stands there
 * can be asked for them; what was expected can be said only where its digest is that of something that
 * still stands there, or nothing of it is a digest. */
#include <string.h>

#include "model/leak.h"
#include "site/site.h"
#include "store/postgis/restate.h"

enum { MARK = 1, END = 2 };
static const char digest_prefix[] = "sha256:";
enum { PREFIX = sizeof digest_prefix - 1, DIGEST_LENGTH = PREFIX + 64 };

static const char *next_digest(const char *p)
{
    const char *hit = p != NULL ? strstr(p, digest_prefix) : NULL;
    return hit != NULL && strspn(hit + PREFIX, "0123456789abcdef") >= 64 ? hit : NULL;
}

/* Which text each digest of a value is one of: both hold them in the same order, or it is not known. */
static void learn(struct arena *a, struct table *known, const char *safe, const char *clear)
{
    size_t n = 0;
    for (const char *p = next_digest(safe); p != NULL; p = next_digest(p + DIGEST_LENGTH)) {
        n++;
    }
    for (const char *p = strchr(clear, MARK); p != NULL; p = strchr(p + 1, MARK)) {
        n--;
    }
    const char *d = n == 0 ? next_digest(safe) : NULL;
    const char *p = clear;
    while (d != NULL) {
        p = strchr(p, MARK);
        const char *end = p != NULL ? strchr(p, END) : NULL;
        if (end == NULL) {
            return;
        }
        (void)table_put(known, bytes_of(d, DIGEST_LENGTH),
                        arena_strndup(a, p, (size_t)(end - p) + 1));
        p = end + 1;
        d = next_digest(d + DIGEST_LENGTH);
    }
}

/* value with the texts in place of the digests that are known. */
static const char *filled(struct arena *a, const struct table *known, const char *value)
{
    struct buf b = {0};
    const char *p = value;
    if (value == NULL) {
        return NULL;
    }
    for (const char *d = next_digest(p); d != NULL; d = next_digest(p)) {
        const char *text = table_get(known, bytes_of(d, DIGEST_LENGTH));
        buf_add(&b, p, (size_t)(d - p));
        buf_add(&b, text != NULL ? text : d, text != NULL ? strlen(text) : DIGEST_LENGTH);
        p = d + DIGEST_LENGTH;
    }
    buf_puts(&b, p);
    const char *out = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return out;
}

/* One object: what differs, with texts. was: expected, now: stands there. */
static struct restate_task task_of(const struct site *s, const struct drift_detail *d,
                                   const struct catalog *clear)
{
    const struct catalog_object *stands = table_gets(&s->catalog.by_text, d->drift->text);
    const struct catalog_object *texts = table_gets(&clear->by_text, d->drift->text);
    struct facet_pair *v = ARENA_ARRAY(s->a, struct facet_pair, d->n + 1);
    struct table known = {.a = s->a};
    for (size_t i = 0; stands != NULL && texts != NULL && i < stands->n_facets; i++) {
        const struct facet *f = facet_of(texts, stands->facets[i].name);
        if (f != NULL) {
            learn(s->a, &known, stands->facets[i].value, f->value);
        }
    }
    for (size_t i = 0; i < d->n; i++) {
        const struct facet *f = texts != NULL ? facet_of(texts, d->v[i].facet) : NULL;
        v[i] = (struct facet_pair){d->v[i].facet, filled(s->a, &known, d->v[i].was),
                                   d->v[i].now == NULL ? NULL
                                   : f != NULL         ? f->value
                                                       : d->v[i].now};
    }
    return (struct restate_task){.text = d->drift->text,
                                 .object = d->drift->object,
                                 .makes = digest_is_zero(&d->drift->was),
                                 .drops = digest_is_zero(&d->drift->now),
                                 .v = v,
                                 .n = d->n,
                                 .standing = texts,
                                 .oid = stands != NULL ? stands->objid : 0,
                                 .database = s->id.database,
                                 .owner = s->id.role};
}

static struct restate_task turned(struct arena *a, const struct restate_task *t)
{
    struct restate_task back = *t;
    struct facet_pair *v = ARENA_ARRAY(a, struct facet_pair, t->n + 1);
    for (size_t i = 0; i < t->n; i++) {
        v[i] = (struct facet_pair){t->v[i].facet, t->v[i].now, t->v[i].was};
    }
    back.v = v;
    back.makes = t->drops;
    back.drops = t->makes;
    return back;
}

static struct sql_line *lines_of(struct arena *a, struct restatements *l)
{
    struct sql_line *v = ARENA_ARRAY(a, struct sql_line, l->n + 1);
    restate_sort(l);
    for (size_t i = 0; i < l->n; i++) {
        const struct restatement *x = &l->v[i];
        const struct leak *leak = leak_in(LEAK_NAME, x->sql);
        v[i] = (struct sql_line){
            .object = x->object,
            .facet = x->facet,
            .sql = leak == NULL ? x->sql : NULL,
            .open = leak != NULL
                        ? arena_printf(a, "withheld: it holds what looks like %s", leak->what)
                        : "no statement says it from what the ledger keeps"};
    }
    return v;
}

static int read_texts(struct site *s, const struct drift_detail *v, size_t n, struct catalog *out,
                      struct err *e)
{
    const struct catalog_object **list = ARENA_ARRAY(s->a, const struct catalog_object *, n + 1);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        struct catalog_object *o = v[i].drift->object.store == NULL
                                       ? table_gets(&s->catalog.by_text, v[i].drift->text)
                                       : NULL;
        if (o != NULL) {
            list[k++] = o;
        }
    }
    *out = (struct catalog){.a = s->a, .by_text = {.a = s->a}, .by_oid = {.a = s->a}};
    return k > 0 ? catalog_read_clear(s->pg, list, k, s->a, out, e) : 0;
}

int site_drift_sql(struct site *s, const struct drift_detail *v, size_t n, struct drift_sql *out,
                   struct err *e)
{
    struct catalog clear;
    struct restatements keep = {0};
    struct restatements undo = {0};
    if (read_texts(s, v, n, &clear, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        const struct restate_task t = task_of(s, &v[i], &clear);
        const struct restate_task back = turned(s->a, &t);
        restate(s->a, &t, &keep);
        restate(s->a, &back, &undo);
    }
    *out = (struct drift_sql){lines_of(s->a, &keep), lines_of(s->a, &undo), keep.n, undo.n};
    return 0;
}
