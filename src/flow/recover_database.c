/* The environment's own database, where it was lost. */
#include <string.h>

#include "base/clock.h"
#include "flow/recover_parts.h"
#include "site/database.h"

static int refuse_objects(struct site *s, struct err *e)
{
    struct buf names = {0};
    size_t n = 0;
    for (size_t i = 0; i < s->catalog.n; i++) {
        if (!site_is_usual(&s->catalog.v[i]->object)) {
            if (n < 3) {
                buf_printf(&names, "%s%s", n > 0 ? ", " : "", s->catalog.v[i]->text);
            }
            n++;
        }
    }
    if (n > 0) {
        err_set(e, ERR_PREFLIGHT, "the database of \"%s\" is not empty: %s%s", s->env->name,
                buf_str(&names), n > 3 ? ", ..." : "");
        err_hint(e, "drop it, or give an empty one; `kfmig build %s` takes a database as it stands",
                 s->env->name);
    }
    buf_release(&names);
    return n > 0 ? -1 : 0;
}

/* What stands there must be nothing, or what an interrupted recovery has made. */
static int refuse_occupied(struct site *s, struct err *e)
{
    static const struct checkpoint unknown = {.sequence = 0};
    struct checkpoint cited;
    bool is_recovery = false;
    s->o.cites = &unknown;
    if (site_link(s, e) != 0 || site_cited(s, &is_recovery, &cited, e) != 0) {
        return -1;
    }
    int rc = 0;
    if (s->id.has_ledger && !is_recovery) {
        err_set(e, ERR_PREFLIGHT,
                "the database of \"%s\" is not lost: its ledger %s has %lld entr%s", s->env->name,
                s->id.uuid, (long long)s->id.size, s->id.size == 1 ? "y" : "ies");
        rc = err_hint(e, "`kfmig build %s` and `kfmig rebuild %s --all` work on it as it is",
                      s->env->name, s->env->name);
    } else if (!s->id.has_ledger) {
        rc = site_look(s, e) == 0 ? refuse_objects(s, e) : -1;
    }
    site_leave(s);
    return rc;
}

static int say_what(struct site *s, const struct recover_options *o, const char *missing,
                    struct err *e)
{
    struct lost lost;
    size_t n = 0;
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        const struct bundle *b = &s->project->bundle[i];
        n += b->projection == NULL && store_can(b->store, STORE_HOLDS_LEDGER);
    }
    if (lost_find(s, NULL, &lost, e) != 0) {
        return -1;
    }
    if (missing[0] != '\0') {
        tell_note(&s->ear, "would create the database %s", missing);
    }
    recover_tell_cites(s, &lost);
    tell_note(&s->ear, "would apply what is not applied of %zu migration%s outside of projections",
              n, n == 1 ? "" : "s");
    for (size_t i = 0; i < s->project->n_projection; i++) {
        if (meant_in_database(&o->meant, s->env, &s->project->projection[i])) {
            tell_note(&s->ear, "would rebuild %s", s->project->projection[i].name);
        }
    }
    return 0;
}

static int create(struct recovery *r, const char *name, const char *template, struct err *e)
{
    int64_t start = clock_ms();
    if (database_create(r->s, name, template, e) != 0) {
        return -1;
    }
    tell_note(&r->s->ear, "created the database %s", name);
    r->database_ms = clock_ms() - start;
    return 0;
}

static int make_all(struct recovery *r, const struct recover_options *o, struct err *e)
{
    struct site *s = r->s;
    bool missing = false;
    const char *name = "";
    if (recover_check_inputs(s, r->meant, e) != 0 || database_probe(s, &missing, &name, e) != 0 ||
        (!missing && refuse_occupied(s, e) != 0)) {
        return -1;
    }
    if (o->dry_run) {
        return say_what(s, o, name, e);
    }
    if (s->env->is_protected && !o->is_confirmed) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected: nothing was made",
                s->env->name);
        return err_hint(e, "add --apply; --dry-run says what would be done");
    }
    if (missing && create(r, name, o->template, e) != 0) {
        return -1;
    }
    return recover_make(r, o->lock_wait_ms, e);
}

int recover(struct site *s, const struct recover_options *o, struct result *r, struct err *e)
{
    struct recovery *x = ARENA_NEW(s->a, struct recovery);
    *x = (struct recovery){.s = s, .meant = &o->meant, .result = r, .started_ms = clock_ms()};
    int rc = make_all(x, o, e);
    if (rc != 0) {
        result_worsen(r, e->code);
    } else if (!o->dry_run) {
        r->more = recover_doc(s->a, x);
    }
    return rc;
}
