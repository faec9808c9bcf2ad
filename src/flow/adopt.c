/* Accepting a database as it stands. */
#include "flow/adopt.h"

#include <string.h>

#include "flow/contact.h"

static const struct adoption accepted = {.notes = "accepted as it stood, by kfmig adopt"};
static const struct adoption upgraded = {
    .notes = "read otherwise by another major version of the server, by kfmig adopt --upgrade",
    .reason = "upgrade",
    .keeps_writers = true,
};

bool adopt_has_work(const struct site *s, bool is_upgrade)
{
    return is_upgrade ? s->world.n_upgraded > 0
                      : !s->world.has_ledger || s->world.n_drift > 0 || s->id.size <= 1 ||
                            contact_has_work(s);
}

/* What is taken. chosen: how each of these objects stood when it was shown; NULL: everything. */
struct taking {
    bool is_upgrade;
    const struct drift *chosen;
    size_t n_chosen;
};

static bool is_wanted(const struct taking *t, const struct drift *d)
{
    bool wanted = t->chosen == NULL && (!t->is_upgrade || d->from_major > 0);
    for (size_t i = 0; t->chosen != NULL && i < t->n_chosen; i++) {
        wanted = wanted || strcmp(t->chosen[i].text, d->text) == 0;
    }
    return wanted;
}

/* What drifted and is wanted. */
static struct table taken(const struct site *s, const struct taking *t, size_t *n)
{
    struct table objects = {.a = s->a};
    *n = 0;
    for (size_t i = 0; i < s->world.n_drift; i++) {
        struct drift *d = &s->world.drift[i];
        if (is_wanted(t, d)) {
            (void)table_puts(&objects, d->text, d);
            *n += 1;
        }
    }
    return objects;
}

/* Somebody looked at what was chosen: under the lock it must be that still. */
static int hold(const struct taking *t, const struct table *now, struct err *e)
{
    for (size_t i = 0; i < t->n_chosen; i++) {
        const struct drift *was = &t->chosen[i];
        const struct drift *is = table_gets(now, was->text);
        if (is == NULL || !digest_eq(&is->now, &was->now)) {
            err_set(e, ERR_PREFLIGHT, "%s changed since it was shown; nothing was adopted",
                    was->text);
            return err_hint(e, "look at it again");
        }
    }
    return 0;
}

/* Drift of the store that holds the ledger. */
static bool has_moved(const struct site *s)
{
    bool moved = false;
    for (size_t i = 0; i < s->world.n_drift; i++) {
        moved = moved || s->world.drift[i].object.store == NULL;
    }
    return moved;
}

/* At first contact the starting baseline is what was adopted. */
static int work(struct writing *w, void *ctx, struct err *e)
{
    const struct taking *t = ctx;
    struct site *s = w->site;
    struct outcome o = w->first;
    size_t n = w->n_adopted;
    size_t n_stores = 0;
    size_t n_taken = 0;
    bool others = !t->is_upgrade && t->chosen == NULL && contact_has_work(s);
    const struct table only = taken(s, t, &n_taken);
    struct adoption what = t->is_upgrade ? upgraded : accepted;
    if (hold(t, &only, e) != 0) {
        return -1;
    }
    what.only = &only;
    if (!w->is_first && (has_moved(s) || !others) &&
        run_adopt(&w->run, &s->sum, &what, &n, &o, e) != 0) {
        return -1;
    }
    if (others && contact_adopt(w, accepted.notes, &n_stores, &o, e) != 0) {
        return -1;
    }
    n += n_stores;
    s->world.n_drift -= n_taken;
    writing_end(w, (struct result_row){.action = RESULT_ADOPT, .target = s->env->name, .n = n},
                NULL, &o);
    return 0;
}

static int take(struct site *s, const struct writing_order *o, const struct taking *t,
                struct result *r, struct err *e)
{
    struct writing_order order = *o;
    struct taking copy = *t;
    if (!adopt_has_work(s, t->is_upgrade)) {
        result_end(r, s);
        return 0;
    }
    order.done = "adopted";
    order.is_unheld = true;
    order.hint = "look at the list above, then add --apply";
    order.baseline = accepted.notes;
    order.work = work;
    order.ctx = &copy;
    return writing(s, &order, r, e);
}

int adopt(struct site *s, const struct writing_order *o, struct result *r, struct err *e)
{
    return take(s, o, &(struct taking){.is_upgrade = false}, r, e);
}

int adopt_upgrade(struct site *s, const struct writing_order *o, struct result *r, struct err *e)
{
    return take(s, o, &(struct taking){.is_upgrade = true}, r, e);
}

/* --- some of it ---------------------------------------------------------------------------------------- */

/* "table app.t" is meant by itself, and by "app.t". */
static bool is_meant(const char *text, const char *given)
{
    const char *name = strchr(text, ' ');
    return strcmp(text, given) == 0 || (name != NULL && strcmp(name + 1, given) == 0);
}

/* The object of the sum or of the database that is meant; NULL: none. */
static const char *known(const struct site *s, const char *given)
{
    for (size_t i = 0; i < s->sum.n; i++) {
        if (is_meant(s->sum.v[i].object, given)) {
            return s->sum.v[i].object;
        }
    }
    for (size_t i = 0; i < s->catalog.n; i++) {
        if (is_meant(s->catalog.v[i]->text, given)) {
            return s->catalog.v[i]->text;
        }
    }
    return NULL;
}

static int refuse_object(const struct site *s, const char *given, struct err *e)
{
    const char *text = known(s, given);
    const char *env = s->env->name;
    if (text != NULL) {
        err_set(e, ERR_PREFLIGHT, "%s in \"%s\" is as the ledger says: there is nothing to adopt",
                text, env);
    } else {
        err_set(e, ERR_PREFLIGHT, "neither \"%s\" nor its ledger has an object \"%s\"", env, given);
    }
    return err_hint(e, "`kfmig diff %s` lists what differs, by the names to use", env);
}

static int find_one(const struct site *s, const char *given, const struct drift **out,
                    struct err *e)
{
    const struct drift *found = NULL;
    for (size_t i = 0; i < s->world.n_drift; i++) {
        const struct drift *d = &s->world.drift[i];
        if (!is_meant(d->text, given)) {
            continue;
        }
        if (found != NULL && strcmp(found->text, given) != 0 && strcmp(d->text, given) != 0) {
            err_set(e, ERR_PREFLIGHT, "\"%s\" may be %s or %s", given, found->text, d->text);
            return err_hint(e, "name it with its kind");
        }
        found = found == NULL || strcmp(d->text, given) == 0 ? d : found;
    }
    *out = found;
    return found != NULL ? 0 : refuse_object(s, given, e);
}

static int refuse_kind(const struct site *s, const struct drift *d, bool is_upgrade, struct err *e)
{
    if (d->object.store != NULL) {
        err_set(e, ERR_PREFLIGHT, "%s stands in store %s, which is adopted as a whole", d->text,
                d->object.store);
        return err_hint(e, "`kfmig adopt %s`", s->env->name);
    }
    if (is_upgrade && d->from_major == 0) {
        err_set(e, ERR_PREFLIGHT, "%s was changed: the server's version does not explain it",
                d->text);
        return err_hint(e, "`kfmig diff %s` says how; without --upgrade it is adopted all the same",
                        s->env->name);
    }
    return 0;
}

int adopt_find(const struct site *s, const char *const *given, size_t n, bool is_upgrade,
               struct names *out, struct err *e)
{
    *out = (struct names){0};
    if (n > 0 && !s->world.has_ledger) {
        return site_no_ledger(s->env, "nothing was adopted", e);
    }
    if (n > 0 && s->world.n_drift == 0) { /* nobody had to look at what stands there */
        return err_set(e, ERR_PREFLIGHT, "\"%s\" is as its ledger says: there is nothing to adopt",
                       s->env->name);
    }
    for (size_t i = 0; i < n; i++) {
        const struct drift *d = NULL;
        if (find_one(s, given[i], &d, e) != 0 || d == NULL ||
            refuse_kind(s, d, is_upgrade, e) != 0) {
            return -1;
        }
        ARENA_GROW(s->a, out->v, out->n, out->cap);
        out->v[out->n++] = d->text;
    }
    return 0;
}

bool adopt_takes(const struct drift *d, const struct names *objects, bool is_upgrade)
{
    bool meant = objects->n == 0;
    for (size_t i = 0; i < objects->n; i++) {
        meant = meant || strcmp(objects->v[i], d->text) == 0;
    }
    return meant && (!is_upgrade || d->from_major > 0);
}

int adopt_objects(struct site *s, const struct names *objects, const struct writing_order *o,
                  struct result *r, struct err *e)
{
    struct drift *v = ARENA_ARRAY(s->a, struct drift, objects->n + 1);
    struct taking t = {.chosen = v};
    for (size_t i = 0; i < s->world.n_drift; i++) {
        for (size_t k = 0; k < objects->n; k++) {
            if (strcmp(s->world.drift[i].text, objects->v[k]) == 0) {
                v[t.n_chosen++] = s->world.drift[i];
                t.is_upgrade = t.is_upgrade || s->world.drift[i].from_major > 0;
                break;
            }
        }
    }
    for (size_t i = 0; i < t.n_chosen; i++) {
        t.is_upgrade = t.is_upgrade && v[i].from_major > 0;
    }
    return take(s, o, &t, r, e);
}
