/* Is everything as it was before a migration that is being taken back? */
#include <stdlib.h>
#include <string.h>

#include "model/segment.h"
#include "run/record.h"
#include "run/rollback.h"
#include "store/facets.h"

/* What lets another order through, as receipts say it. */
static const char order_only[] = "order";

/* An object that is not as it was, by its fingerprint: the row of before, and what stands there now. */
struct odd {
    const struct object_row *before;
    struct catalog_object *now; /* NULL: nothing */
};
struct restored {
    struct run *r;
    const struct taking_back *t;
    struct outcome *o;
    struct odd *v;
    size_t n;
    bool is_clean;
};

/* --- which objects ---------------------------------------------------------------------------------- */

static int by_name(const void *key, const void *row)
{
    return strcmp(key, ((const struct object_row *)row)->object);
}

static const struct object_row *before_of(const struct taking_back *t, const char *object)
{
    return bsearch(object, t->before, t->n_before, sizeof *t->before, by_name);
}

static int by_change(const void *key, const void *change)
{
    return strcmp(key, change_text(change));
}

static struct catalog_object *now_of(const struct restored *x, const char *object)
{
    const struct observation *seen = &x->o->seen;
    const struct change *c = seen->n_changes == 0 ? NULL
                                                  : bsearch(object, seen->changes, seen->n_changes,
                                                            sizeof *seen->changes, by_change);
    return c != NULL ? c->after : table_gets(&x->r->base->by_text, object);
}

static bool is_as_before(const struct object_row *before, const struct catalog_object *now)
{
    return now == NULL ? digest_is_zero(&before->fingerprint)
                       : digest_eq(&before->fingerprint, &now->fingerprint);
}

static void find_odd(struct restored *x)
{
    x->v = ARENA_ARRAY(x->r->a, struct odd, x->t->n_before + 1);
    for (size_t i = 0; i < x->t->n_before; i++) {
        const struct object_row *before = &x->t->before[i];
        struct catalog_object *now = now_of(x, before->object);
        if (!is_as_before(before, now)) {
            x->v[x->n++] = (struct odd){before, now};
        }
    }
}

/* --- a ledger that has fingerprints of an older format ------------------------------------------------ */

/* What was recorded before the ledger's format changed is compared by that format: what has that very
 * fingerprint is as it was, however it is written now. */
static int leave_out_older(struct restored *x, struct err *e)
{
    struct catalog was;
    size_t n = 0;
    const struct catalog_object **v = ARENA_ARRAY(x->r->a, const struct catalog_object *, x->n + 1);
    for (size_t i = 0; i < x->n && x->r->base->format > 1; i++) {
        if (x->v[i].now != NULL && x->v[i].before->definition != NULL) {
            v[n++] = x->v[i].now;
        }
    }
    if (n == 0) {
        return 0;
    }
    if (catalog_read_as(*x->r->pg, 1, v, n, x->r->a, &was, e) != 0) {
        return -1;
    }
    n = 0;
    for (size_t i = 0; i < x->n; i++) {
        const char *text = x->v[i].before->object;
        struct catalog_object *older = table_gets(&was.by_text, text);
        if (older == NULL || !is_as_before(x->v[i].before, older)) {
            x->v[n++] = x->v[i];
        }
    }
    x->n = n;
    return 0;
}

/* --- only the order ---------------------------------------------------------------------------------- */

/* Elements of a list "a, b, c". */
static size_t elements_of(struct arena *a, const char *list, const char ***out)
{
    size_t n = 0;
    size_t most = 2;
    for (const char *p = list; *p != '\0'; p++) {
        most += *p == ',';
    }
    const char **v = ARENA_ARRAY(a, const char *, most);
    for (const char *p = list; *p != '\0';) {
        const char *end = strstr(p, ", ");
        size_t n_text = end != NULL ? (size_t)(end - p) : strlen(p);
        v[n++] = arena_strndup(a, p, n_text);
        p += n_text + (end != NULL ? 2 : 0);
    }
    *out = v;
    return n;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool same_elements(struct arena *a, const char *x, const char *y)
{
    const char **v = NULL;
    const char **w = NULL;
    size_t n = elements_of(a, x, &v);
    if (elements_of(a, y, &w) != n) {
        return false;
    }
    qsort(v, n, sizeof *v, by_text);
    qsort(w, n, sizeof *w, by_text);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(v[i], w[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* "3 sha256:..." of labels in this order, as facets have it. */
static bool labels_are(const char *const *labels, size_t n, const char *wanted)
{
    char text[DIGEST_TEXT];
    struct buf list = {0};
    struct buf facet = {0};
    for (size_t i = 0; i < n; i++) {
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", labels[i]);
    }
    struct digest d = digest_of(buf_bytes(&list));
    buf_printf(&facet, "%zu %s", n, digest_text(&d, text));
    bool are = strcmp(buf_str(&facet), wanted) == 0;
    buf_release(&list);
    buf_release(&facet);
    return are;
}

/* The same with labels[from..from+len) moved behind any of those that follow it. v: room for n. */
static bool some_move_is(const char **v, const char *const *labels, size_t n, size_t from,
                         size_t len, const char *wanted)
{
    for (size_t by = 1; from + len + by <= n; by++) {
        memcpy(v, labels, n * sizeof *v);
        memcpy(v + from, labels + from + len, by * sizeof *v);
        memcpy(v + from + by, labels + from, len * sizeof *v);
        if (labels_are(v, n, wanted)) {
            return true;
        }
    }
    return false;
}

/* Is wanted the digest of these labels with any stretch of them moved to another place? That covers what
 * ALTER TYPE ... ADD VALUE and making a type anew can do to an order; a digest tells no more. */
static bool some_order_is(struct arena *a, const char *const *labels, size_t n, const char *wanted)
{
    const char **v = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t from = 0; from < n; from++) {
        for (size_t len = 1; from + len < n; len++) {
            if (some_move_is(v, labels, n, from, len, wanted)) {
                return true;
            }
        }
    }
    return false;
}

/* The labels themselves are asked for: a ledger keeps their number and the digest of their list. */
static int labels_differ_in_order(struct restored *x, const struct odd *odd, const char *was,
                                  bool *out, struct err *e)
{
    enum { LABELS_MOST = 64 };
    struct catalog clear;
    const struct catalog_object *one = odd->now;
    struct arena *a = x->r->a;
    *out = false;
    if (catalog_read_clear(*x->r->pg, &one, 1, a, &clear, e) != 0) {
        return -1;
    }
    const struct catalog_object *o = table_gets(&clear.by_text, odd->now->text);
    const struct facet *f = o != NULL ? facet_of(o, "labels") : NULL;
    const char *mark = f != NULL ? strchr(f->value, '\1') : NULL;
    if (mark != NULL && strlen(mark) > 2) { /* between two marks */
        const char **labels = NULL;
        size_t n = elements_of(a, arena_strndup(a, mark + 1, strlen(mark) - 2), &labels);
        *out = n <= LABELS_MOST && some_order_is(a, labels, n, was);
    }
    return 0;
}

/* Do all that differ say nothing but another order? */
static int differ_in_order(struct restored *x, const struct odd *odd, const struct differences *l,
                           bool *out, struct err *e)
{
    *out = l->n > 0;
    for (size_t i = 0; i < l->n && *out; i++) {
        const struct difference *d = &l->v[i];
        bool both = d->was != NULL && d->now != NULL;
        if (both && strcmp(d->name, "column_order") == 0) {
            *out = same_elements(x->r->a, d->was, d->now);
        } else if (both && strcmp(d->name, "labels") == 0) {
            if (labels_differ_in_order(x, odd, d->was, out, e) != 0) {
                return -1;
            }
        } else {
            *out = false;
        }
    }
    return 0;
}

/* --- findings --------------------------------------------------------------------------------------- */

/* "column note is still there, constraint t_pkey is missing", at most three of them. */
static const char *words_of(struct arena *a, const struct differences *l)
{
    enum { SHOWN = 3 };
    struct buf out = {0};
    for (size_t i = 0; i < l->n && i < SHOWN; i++) {
        const struct difference *d = &l->v[i];
        buf_printf(&out, "%s%s %s", i > 0 ? ", " : "", d->name,
                   d->was == NULL   ? "was not there"
                   : d->now == NULL ? "is gone"
                                    : "is another");
    }
    if (l->n > SHOWN) {
        buf_printf(&out, " (and %zu more)", l->n - SHOWN);
    }
    const char *kept = arena_strdup(a, buf_str(&out));
    buf_release(&out);
    return kept;
}

static struct finding *blame(struct restored *x, const char *object, const char *how)
{
    const struct bundle *b = x->t->bundle;
    struct finding *f = finding_fail(x->r->a, &x->o->gates, "restored",
                                     "%s is not as it was before ledger entry %lld: %s", object,
                                     (long long)x->t->sequence, how);
    f->subject = object;
    f->path = b->decl->rollback.n > 0 ? b->decl->rollback.v[0].path : "";
    f->hint = "correct the rollback file, or undo it with a migration of its own";
    x->is_clean = false;
    return f;
}

static int judge_odd(struct restored *x, const struct odd *odd, struct err *e)
{
    struct differences l;
    bool in_order = false;
    const char *object = odd->before->object;
    if (digest_is_zero(&odd->before->fingerprint)) {
        blame(x, object, "it was not there");
        return 0;
    }
    if (odd->now == NULL) {
        blame(x, object, "it is gone");
        return 0;
    }
    facets_compare(x->r->a, odd->before->definition, odd->now, &l);
    if (l.n == 0) {
        return 0; /* the same in other words */
    }
    if (differ_in_order(x, odd, &l, &in_order, e) != 0) {
        return -1;
    }
    struct finding *f = blame(x, object, words_of(x->r->a, &l));
    if (in_order && !x->t->is_exact) {
        f->waived_by = order_only;
    }
    return 0;
}

/* No other object changed. */
static void judge_others(struct restored *x)
{
    const struct observation *seen = &x->o->seen;
    for (size_t i = 0; i < seen->n_changes; i++) {
        const struct change *c = &seen->changes[i];
        const char *object = change_text(c);
        if (before_of(x->t, object) == NULL) {
            blame(x, object,
                  arena_printf(x->r->a, "it was %s, and %s never changed it",
                               c->before == NULL  ? "made"
                               : c->after == NULL ? "removed"
                                                  : "changed",
                               x->t->bundle->id));
        }
    }
}

/* --- rows ------------------------------------------------------------------------------------------- */

static struct rows_shown *shown_as(struct restored *x, struct rows_shown *v,
                                   const struct object *table)
{
    for (size_t i = 0; i < x->t->n_rows; i++) {
        struct object shown;
        if (strcmp(v[i].table, object_text(x->r->a, table)) == 0 ||
            (object_parse(x->r->a, v[i].table, &shown) == 0 &&
             lineage_is_above(x->o->seen.lineage, &shown, table))) {
            return &v[i];
        }
    }
    return NULL;
}

static void refuse_rows(struct restored *x, const char *table, const char *text)
{
    struct finding *f =
        finding_fail(x->r->a, &x->o->gates, "rows", "%s of %s would go", text, table);
    f->subject = table;
    f->hint = "look at it again: what is shown beforehand is the most that may go";
    x->is_clean = false;
}

/* Rows of a partition count to the table that was shown. */
static void judge_rows(struct restored *x)
{
    struct arena *a = x->r->a;
    const struct touches *seen = &x->o->seen.touches;
    struct rows_shown *left = arena_dup(a, x->t->rows, x->t->n_rows * sizeof *left);
    x->is_clean = true;
    for (size_t i = 0; i < seen->n && !x->t->any_rows; i++) {
        const struct touch *t = &seen->v[i];
        if (t->object.kind != OBJ_TABLE || t->deleted == 0) {
            continue;
        }
        const char *table = object_text(a, &t->object);
        struct rows_shown *shown = shown_as(x, left, &t->object);
        if (t->deleted == ROWS_UNKNOWN) {
            refuse_rows(x, table, "rows that could not be counted");
        } else if (shown == NULL) {
            refuse_rows(x, table,
                        arena_printf(a, "%lld rows that were not shown", (long long)t->deleted));
        } else if (t->deleted > shown->most) {
            refuse_rows(x, table,
                        arena_printf(a, "%lld rows more than were shown",
                                     (long long)(t->deleted - shown->most)));
        } else {
            shown->most -= t->deleted;
        }
    }
    if (x->is_clean) {
        finding_pass(a, &x->o->gates, "rows");
    }
}

/* --- the whole -------------------------------------------------------------------------------------- */

void rollback_view(const struct taking_back *t, struct decl *decl, struct bundle *out)
{
    *decl = *t->bundle->decl;
    decl->forward = decl->rollback;
    decl->rollback = decl->invariants = (struct artifacts){0};
    decl->limits = limits_none;
    decl->command = NULL; /* they are SQL, whatever ran the others */
    *out = *t->bundle;
    out->decl = decl;
    out->forward = t->scripts;
    out->invariants = NULL;
}

bool rollback_segmented(const struct taking_back *t)
{
    struct decl decl;
    struct bundle b;
    rollback_view(t, &decl, &b);
    return segments_any(&b);
}

int restored_judge(struct run *r, const struct taking_back *t, bool is_whole, struct outcome *o,
                   struct err *e)
{
    struct restored x = {.r = r, .t = t, .o = o, .is_clean = true};
    if (is_whole) {
        find_odd(&x);
    }
    if (x.n > 0 && leave_out_older(&x, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < x.n; i++) {
        if (judge_odd(&x, &x.v[i], e) != 0) {
            return -1;
        }
    }
    judge_others(&x);
    if (x.is_clean && is_whole) {
        finding_pass(r->a, &o->gates, "restored");
    }
    judge_rows(&x);
    return 0;
}

struct object_row *restored_rows(struct run *r, const struct taking_back *t,
                                 const struct outcome *o)
{
    struct object_row *rows = record_objects(r, &o->seen);
    for (size_t i = 0; i < o->seen.n_changes; i++) {
        const struct object_row *before = before_of(t, rows[i].object);
        if (before != NULL && before->written > 0 && rows[i].definition != NULL &&
            digest_eq(&before->fingerprint, &rows[i].fingerprint)) {
            rows[i].definition = object_written(r->a, rows[i].definition, before->written);
        }
    }
    return rows;
}
