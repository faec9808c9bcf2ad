/* Two ledgers: histories and sums of objects. */
#include "site/against.h"

#include <stdlib.h>
#include <string.h>

#include "store/facets.h"

enum { MAJOR = 10000 };

/* --- histories ----------------------------------------------------------------------------------------- */

static const struct fact *applied(const struct past *p, const char *subject)
{
    const struct history *h = past_get(p, subject);
    return h != NULL ? h->applied : NULL;
}

static void add_subject(struct arena *a, struct env_comparison *c, const char *subject,
                        const struct fact *here, const struct fact *there)
{
    const struct fact *any = here != NULL ? here : there;
    if (any == NULL) { /* only failures */
        return;
    }
    if (here != NULL && there != NULL && digest_eq(&here->checksum, &there->checksum)) {
        c->n_same_subjects++;
        return;
    }
    c->subjects[c->n_subjects++] =
        (struct compared_subject){arena_strdup(a, subject), any->is_migration, here, there};
}

static int by_subject(const void *a, const void *b)
{
    const struct compared_subject *x = a;
    const struct compared_subject *y = b;
    return strcmp(x->subject, y->subject);
}

static void compare_histories(struct site *s, const struct past *here, const struct past *there,
                              struct env_comparison *c)
{
    c->subjects = ARENA_ARRAY(s->a, struct compared_subject, here->by_id.n + there->by_id.n + 1);
    for (size_t i = 0; i < here->by_id.n; i++) {
        const char *id = arena_strndup(s->a, here->by_id.rows[i].key.p, here->by_id.rows[i].key.n);
        add_subject(s->a, c, id, applied(here, id), applied(there, id));
    }
    for (size_t i = 0; i < there->by_id.n; i++) {
        const char *id =
            arena_strndup(s->a, there->by_id.rows[i].key.p, there->by_id.rows[i].key.n);
        if (past_get(here, id) == NULL) {
            add_subject(s->a, c, id, NULL, applied(there, id));
        }
    }
    if (c->n_subjects > 0) {
        qsort(c->subjects, c->n_subjects, sizeof *c->subjects, by_subject);
    }
}

static int by_sequence(const void *a, const void *b)
{
    const struct fact *const *x = a;
    const struct fact *const *y = b;
    return ((*x)->sequence > (*y)->sequence) - ((*x)->sequence < (*y)->sequence);
}

/* The first two neighbours here that stand the other way round there. */
static void compare_order(struct site *s, const struct past *here, const struct past *there,
                          struct env_comparison *c)
{
    const struct fact **v = ARENA_ARRAY(s->a, const struct fact *, here->by_id.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < here->by_id.n; i++) {
        const struct history *h = here->by_id.rows[i].value;
        if (h->applied != NULL && h->applied->is_migration) {
            v[n++] = h->applied;
        }
    }
    if (n > 0) {
        qsort(v, n, sizeof *v, by_sequence);
    }
    const struct fact *last = NULL;
    for (size_t i = 0; i < n && c->before == NULL; i++) {
        const struct fact *theirs = applied(there, v[i]->subject);
        if (theirs != NULL && last != NULL && last->sequence > theirs->sequence) {
            c->before = last->subject;
            c->after = theirs->subject;
        }
        last = theirs != NULL ? theirs : last;
    }
}

/* --- objects ------------------------------------------------------------------------------------------- */

static const struct facet_pair *owner_of(const struct compared_object *o)
{
    size_t i = 0;
    while (i < o->n && strcmp(o->v[i].facet, "owner") != 0) {
        i++;
    }
    return i < o->n ? &o->v[i] : NULL;
}

static bool ends_name(char c)
{
    return c == '\0' || strchr(" ,=/\"", c) != NULL;
}

/* value with the role theirs, where it stands as a word, named ours. */
static const char *renamed(struct arena *a, const char *value, const char *theirs, const char *ours)
{
    struct buf b = {0};
    size_t n = strlen(theirs);
    for (const char *p = value; *p != '\0';) {
        bool begins = p == value || strchr(" +-/\"", p[-1]) != NULL;
        if (n > 0 && begins && strncmp(p, theirs, n) == 0 && ends_name(p[n])) {
            buf_puts(&b, ours);
            p += n;
        } else {
            buf_putc(&b, *p++);
        }
    }
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

/* Does nothing differ but who owns it, and what the owner gives? */
static bool is_by_owner(struct arena *a, const struct compared_object *o)
{
    const struct facet_pair *owner = owner_of(o);
    bool all = owner != NULL && owner->was != NULL && owner->now != NULL;
    for (size_t i = 0; i < o->n && all; i++) {
        all = o->v[i].was != NULL && o->v[i].now != NULL &&
              strcmp(renamed(a, o->v[i].now, owner->now, owner->was), o->v[i].was) == 0;
    }
    return all;
}

static bool is_by_version(const struct env_comparison *c, const struct compared_object *o)
{
    bool all = c->major_here != c->major_there && o->is_here && o->is_there;
    for (size_t i = 0; i < o->n && all; i++) {
        const struct difference d = {o->v[i].facet, o->v[i].was, o->v[i].now};
        all = facets_by_version(&d);
    }
    return all;
}

static void add_object(const struct site *s, const struct site *other, struct env_comparison *c,
                       const struct object_row *here, const struct object_row *there)
{
    struct arena *a = s->a;
    const char *text = here != NULL ? here->object : there != NULL ? there->object : "";
    struct compared_object *o = &c->objects[c->n_objects];
    *o = (struct compared_object){.text = text, .is_here = here != NULL, .is_there = there != NULL};
    o->v = site_facet_pairs(a, here != NULL ? here->definition : NULL,
                            there != NULL ? there->definition : NULL, &o->n);
    if (here != NULL && there != NULL && o->n == 0) { /* other words of the same meaning */
        c->n_same_objects++;
        return;
    }
    o->writer_here = here != NULL ? site_writer(&s->entries, here->written) : "";
    o->writer_there = there != NULL ? site_writer(&other->entries, there->written) : "";
    o->by_owner = o->is_here && o->is_there && is_by_owner(a, o);
    o->by_version = !o->by_owner && is_by_version(c, o);
    c->n_by_owner += o->by_owner;
    c->n_by_version += o->by_version;
    c->n_objects++;
}

static void compare_objects(struct site *s, const struct site *other, struct env_comparison *c)
{
    const struct object_rows *here = &s->sum;
    const struct object_rows *there = &other->sum;
    c->objects = ARENA_ARRAY(s->a, struct compared_object, here->n + there->n + 1);
    for (size_t i = 0, k = 0; i < here->n || k < there->n;) {
        int order = i >= here->n    ? 1
                    : k >= there->n ? -1
                                    : strcmp(here->v[i].object, there->v[k].object);
        if (order == 0 && digest_eq(&here->v[i].fingerprint, &there->v[k].fingerprint)) {
            c->n_same_objects++;
        } else {
            add_object(s, other, c, order <= 0 ? &here->v[i] : NULL,
                       order >= 0 ? &there->v[k] : NULL);
        }
        i += order <= 0;
        k += order >= 0;
    }
}

/* --- both ---------------------------------------------------------------------------------------------- */

static int refuse(const struct site *s, const struct site *other, struct err *e)
{
    if (s->id.size <= 1 || other->id.size <= 1) {
        return site_no_ledger(s->id.size <= 1 ? s->env : other->env, "nothing is known of it", e);
    }
    if (s->id.format != other->id.format) {
        const char *old = s->id.format < other->id.format ? s->env->name : other->env->name;
        err_set(e, ERR_PREFLIGHT,
                "the fingerprints of \"%s\" and \"%s\" are of formats %lld and %lld", s->env->name,
                other->env->name, (long long)s->id.format, (long long)other->id.format);
        return err_hint(e, "the next build of %s that finds no drift makes them alike", old);
    }
    return 0;
}

static int read_other(struct site *s, struct site *other, struct err *e)
{
    if (site_link(other, e) != 0) {
        return err_wrap(e, e->code, "environment \"%s\" could not be asked: %s", other->env->name,
                        arena_strdup(s->a, e->msg));
    }
    if (refuse(s, other, e) != 0 || ledger_objects(other->pg, 0, s->a, &other->sum, e) != 0) {
        return -1;
    }
    return ledger_objects(s->pg, 0, s->a, &s->sum, e);
}

int site_against(struct site *s, const struct env *env, struct env_comparison *out, struct err *e)
{
    struct site other;
    struct site_options o = s->o;
    if (env->is_protected && o.words == SERVER_WORDS_RAISED) {
        o.words = SERVER_WORDS_SAFE;
    }
    site_init(&other, s->a, s->project, s->cache, &s->ear, env, &o);
    int rc = site_link(s, e) == 0 ? read_other(s, &other, e) : -1;
    if (rc == 0) {
        *out = (struct env_comparison){.here = s->env->name,
                                       .there = env->name,
                                       .major_here = s->id.version / MAJOR,
                                       .major_there = other.id.version / MAJOR};
        compare_histories(s, &s->past, &other.past, out);
        compare_order(s, &s->past, &other.past, out);
        compare_objects(s, &other, out);
    }
    site_close(&other);
    return rc;
}
