/* Applied migrations that the project lacks, and what may have become of them. */
#include "site/absent.h"

#include <string.h>

#include "model/key.h"
#include "site/pending.h"
#include "site/undeclared.h"

enum { LOOKED_AT = 100, LIKE_LEAST = 50, LINE_LEAST = 8 };

/* --- likeness --------------------------------------------------------------------------------------- */

/* Adds n to the count of each line of text that says something; *total counts them. */
static void count_lines(struct arena *a, struct table *lines, struct bytes text, size_t least,
                        size_t *total)
{
    for (size_t at = 0; at < text.n;) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        size_t stop = end != NULL ? (size_t)(end - text.p) : text.n;
        size_t from = at;
        size_t to = stop;
        while (from < to && strchr(" \t\r", text.p[from]) != NULL) {
            from++;
        }
        while (to > from && strchr(" \t\r", text.p[to - 1]) != NULL) {
            to--;
        }
        at = stop + 1;
        if (to - from < least || (to - from >= 2 && memcmp(text.p + from, "--", 2) == 0)) {
            continue;
        }
        struct bytes line = bytes_of(text.p + from, to - from);
        size_t *count = table_get(lines, line);
        if (count == NULL) {
            count = ARENA_NEW(a, size_t);
            table_put(lines, line, count);
        }
        ++*count;
        ++*total;
    }
}

static int likeness_of(struct bytes x, struct bytes y, size_t least)
{
    struct arena a = {0};
    struct table of_x = {.a = &a};
    struct table of_y = {.a = &a};
    size_t n_x = 0;
    size_t n_y = 0;
    size_t same = 0;
    count_lines(&a, &of_x, x, least, &n_x);
    count_lines(&a, &of_y, y, least, &n_y);
    for (size_t i = 0; i < of_x.n; i++) {
        const size_t *there = table_get(&of_y, of_x.rows[i].key);
        size_t here = *(size_t *)of_x.rows[i].value;
        same += there == NULL ? 0 : here < *there ? here : *there;
    }
    arena_release(&a);
    return n_x + n_y == 0 ? -1 : (int)(200 * same / (n_x + n_y));
}

int absent_likeness(struct bytes x, struct bytes y)
{
    if (bytes_eq(x, y)) {
        return 100;
    }
    int n = likeness_of(x, y, LINE_LEAST);
    n = n < 0 ? likeness_of(x, y, 1) : n;
    return n < 0 ? 0 : n < 100 ? n : 99;
}

/* --- absent ones ------------------------------------------------------------------------------------ */

/* The text of a file of that name which the receipt's run had, in s->a; empty: there is none. */
static int old_text(struct site *s, const struct doc *inputs, const char *name, struct bytes *out,
                    struct err *e)
{
    struct ledger_source l = ledger_source_of(s->pg);
    *out = bytes_of("", 0);
    for (size_t i = 0; i < doc_len(inputs); i++) {
        const char *slash = strrchr(doc_str(inputs->item[i], "uri", ""), '/');
        struct digest d;
        bool found = false;
        if (slash != NULL && strcmp(slash + 1, name) == 0 &&
            digest_parse(doc_str(inputs->item[i], "digest", ""), &d) == 0) {
            return l.blob(l.ctx, &d, s->a, out, &found, e);
        }
    }
    return 0;
}

/* The least of its forward files decides. */
static int compare(struct site *s, struct bundle *b, const char *id, const struct doc *inputs,
                   struct err *e)
{
    int least = 100;
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        const struct artifact *f = &b->decl->forward.v[i];
        const char *slash = strrchr(f->path, '/');
        struct bytes then;
        if (old_text(s, inputs, slash != NULL ? slash + 1 : f->path, &then, e) != 0) {
            return -1;
        }
        int n = absent_likeness(then, f->bytes);
        least = n < least ? n : least;
    }
    if (least >= LIKE_LEAST && least > b->likeness) {
        b->resembles = id;
        b->likeness = least;
    }
    return 0;
}

/* An absent one, and what its receipt names. */
struct was {
    const char *id;
    const struct doc *inputs;
};

/* b, which is pending, with each of them. */
static int compare_all(struct site *s, struct bundle *b, const struct was *v, size_t n,
                       struct err *e)
{
    if (pending_take(s, b, e) != 0) {
        return -1;
    }
    for (size_t i = 0; b->decl != NULL && i < n; i++) {
        if (compare(s, b, v[i].id, v[i].inputs, e) != 0) {
            return -1;
        }
    }
    pending_leave(s, b, false);
    return 0;
}

/* The newest, which stand last, are looked at first: those are renamed, if any are. What is pending is read
 * once for all of them. */
static int look_for(struct site *s, const struct bundle *absent, size_t n_absent, struct err *e)
{
    struct was v[LOOKED_AT];
    size_t n = 0;
    for (size_t i = n_absent; i-- > 0 && n_absent - i <= LOOKED_AT;) {
        struct doc *receipt = NULL;
        if (!bundle_is_repeatable(&absent[i]) && site_receipt(s, absent[i].id, &receipt, e) != 0) {
            return -1;
        }
        if (receipt != NULL) {
            v[n++] = (struct was){absent[i].id, doc_find(receipt, "claim.inputs")};
        }
    }
    for (size_t i = 0; n > 0 && i < s->project->n_bundle; i++) {
        struct bundle *b = &s->project->bundle[i];
        if ((b->decl != NULL || b->let_go != 0) && plan_needs_scripts(&s->input, b) &&
            compare_all(s, b, v, n, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static size_t count_known(const struct plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_migrations; i++) {
        const struct history *h = p->v[i].history;
        n += h != NULL && h->applied != NULL && h->applied->is_migration;
    }
    return n;
}

static int find_absent(struct site *s, const struct bundle **out, size_t *n, struct err *e)
{
    const struct table *by_id = &s->past.by_id;
    struct bundle *v = ARENA_ARRAY(s->a, struct bundle, by_id->n + undeclared_parts(s) + 1);
    *n = 0;
    for (size_t i = 0; i < by_id->n; i++) {
        const struct history *h = by_id->rows[i].value;
        const struct fact *f = h->applied;
        if (f != NULL && f->is_migration && table_gets(&s->project->by_id, f->subject) == NULL) {
            v[*n] = bundle_absent(f->subject, &f->checksum);
            v[*n].layout = f->is_definition ? LAYOUT_REPEATABLE : v[*n].layout;
            v[(*n)++].bundle_digest = f->bundle_digest;
        }
    }
    size_t n_applied = *n;
    undeclared_absent(s, v, n);
    *out = v;
    bool is_pending = s->plan.n_apply + s->plan.n_state[STATE_BLOCKED] > 0;
    return is_pending ? look_for(s, v, n_applied, e) : 0;
}

/* --- line ends -------------------------------------------------------------------------------------- */

static int look_at_changed(struct site *s, bool *found, struct err *e)
{
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        const struct step *x = &s->plan.v[i];
        struct bundle *b = table_gets(&s->project->by_id, x->bundle->id);
        if (x->reasons[0].code != REASON_CHECKSUM_MISMATCH || b == NULL) {
            continue;
        }
        if (load_decl(s->project, b, e) != 0) {
            return -1;
        }
        b->only_line_ends =
            key_is_line_ends(b->decl, bundle_key_folder(b), &x->history->applied->checksum);
        *found = *found || b->only_line_ends;
    }
    return 0;
}

int absent_find(struct site *s, const struct bundle **absent, size_t *n, bool *found, struct err *e)
{
    *n = 0;
    *absent = NULL;
    *found = false;
    if (s->plan.n_state[STATE_BLOCKED] > 0 && look_at_changed(s, found, e) != 0) {
        return -1;
    }
    bool lacks = s->past.n_applied > count_known(&s->plan) || undeclared_parts(s) > 0;
    if (lacks && find_absent(s, absent, n, e) != 0) {
        return -1;
    }
    *found = *found || *n > 0;
    return 0;
}
