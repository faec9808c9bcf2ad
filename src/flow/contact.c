/* First contact, and adoption of stores besides the ledger's. */
#include "flow/contact.h"

#include <string.h>

#include "site/witness.h"

/* --- with the database that holds the ledger --------------------------------------------------------- */

/* What stands there now: what the plan was made of, where nobody has written since. */
static int look_now(struct site *s, struct err *e)
{
    if (site_refresh(s, e) != 0) {
        return -1;
    }
    if (!site_look_again(s) && site_look(s, e) != 0) {
        return -1;
    }
    witness_begin(s);
    return 0;
}

int contact_ledger(struct writing *w, const char *baseline, struct err *e)
{
    struct site *s = w->site;
    if (baseline != NULL && look_now(s, e) != 0) {
        return -1;
    }
    return run_first_contact(&w->run, s->o.cites, baseline, &w->n_adopted, &w->first, e);
}

/* A ledger with nothing but its contact was made by an older kfmig that died behind that. */
static int heal(struct writing *w, const char *baseline, struct err *e)
{
    struct site *s = w->site;
    const struct adoption what = {.notes = baseline};
    return site_look(s, e) != 0 ||
                   run_adopt(&w->run, &s->sum, &what, &w->n_adopted, &w->first, e) != 0
               ? -1
               : site_refresh(s, e);
}

/* The number that the plan says, too: without what every database has. */
static void tell_found(const struct site *s)
{
    int64_t n = site_count_existing(s);
    if (n == 0) {
        tell_note(&s->ear,
                  "%s: first contact; the starting baseline is what every database has: nothing "
                  "else was found there",
                  s->env->name);
        return;
    }
    tell_note(&s->ear,
              "%s: first contact; recorded %lld object%s found there as the starting baseline",
              s->env->name, (long long)n, n == 1 ? "" : "s");
}

int contact_baseline(struct writing *w, const char *baseline, struct err *e)
{
    struct site *s = w->site;
    if (baseline != NULL && s->id.size == 1 && heal(w, baseline, e) != 0) {
        return -1;
    }
    w->is_first = s->entries.n > 1 && w->first.run_id[0] != '\0' &&
                  strcmp(s->entries.v[1].run_id, w->first.run_id) == 0;
    if (w->is_first && baseline == writing_found) {
        tell_found(s);
    }
    return w->is_first ? site_recorded(s, e) : 0;
}

/* --- with other stores ------------------------------------------------------------------------------ */

static const char found[] = "first contact: the store as it was found is the starting baseline";

static int adopt(struct writing *w, enum store_kind k, const char *notes, size_t *n,
                 struct outcome *o, struct err *e)
{
    struct site *s = w->site;
    struct object_rows sum;
    struct site_store *x = &s->store[k];
    const char *identity = x->facts.identity;
    if (ledger_objects(s->pg, 0, s->a, &sum, e) != 0) {
        return -1;
    }
    const struct adoption what = {.notes = notes,
                                  .store = store_text(k),
                                  .found = &x->found,
                                  .identity = identity[0] != '\0' ? digest_of(bytes_str(identity))
                                                                  : (struct digest){{0}}};
    if (run_adopt(&w->run, &sum, &what, n, o, e) != 0) {
        return -1;
    }
    s->world.store[k].is_known = true;
    s->world.store[k].is_other = false;
    return 0;
}

int contact_store(struct writing *w, enum store_kind k, struct err *e)
{
    size_t n = 0;
    struct outcome o;
    struct site *s = w->site;
    if (s->world.store[k].is_known) {
        return 0;
    }
    if (adopt(w, k, found, &n, &o, e) != 0) {
        return -1;
    }
    tell_note(&s->ear,
              "%s: first contact with store %s; recorded %zu object%s found there as its starting "
              "baseline",
              s->env->name, store_text(k), n, n == 1 ? "" : "s");
    return 0;
}

static bool has_drift(const struct site *s, enum store_kind k)
{
    for (size_t i = 0; i < s->world.n_drift; i++) {
        const char *store = s->world.drift[i].object.store;
        if (store != NULL && strcmp(store, store_text(k)) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_adoptable(const struct site *s, enum store_kind k)
{
    const struct store_world *w = &s->world.store[k];
    return s->store[k].was_seen && w->reachable && (!w->is_known || w->is_other || has_drift(s, k));
}

bool contact_has_work(const struct site *s)
{
    for (int k = 0; k < STORE_COUNT; k++) {
        if (is_adoptable(s, (enum store_kind)k)) {
            return true;
        }
    }
    return false;
}

int contact_adopt(struct writing *w, const char *notes, size_t *n, struct outcome *o, struct err *e)
{
    *n = 0;
    for (int k = 0; k < STORE_COUNT; k++) {
        size_t one = 0;
        if (is_adoptable(w->site, (enum store_kind)k)) {
            if (adopt(w, (enum store_kind)k, notes, &one, o, e) != 0) {
                return -1;
            }
            *n += one;
        }
    }
    return 0;
}
