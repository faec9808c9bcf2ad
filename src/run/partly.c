/* Words for a migration of which a part may stand. */
#include "run/partly.h"

static enum err_code code_of(const struct partly *p, const struct err *e)
{
    bool is_kept = e->code == ERR_DOUBT || e->code == ERR_INTERRUPTED ||
                   e->code == ERR_TERMINATED || e->code == ERR_LOCKED || e->code == ERR_INTEGRITY ||
                   e->code == ERR_LEAK;
    return is_kept ? e->code : p->is_back ? ERR_ROLLBACK : ERR_APPLY;
}

/* What stands comes first. */
static const char *standing_words(const struct partly *p)
{
    if (p->n_stand == 0 && p->open == 0) {
        return "nothing was changed";
    }
    return arena_printf(
        p->a, "stands: %zu of %zu %ss%s", p->n_stand, p->n, p->unit,
        p->open > 0 ? arena_printf(p->a, ", and perhaps a part of %s %zu", p->unit, p->open) : "");
}

static const char *name_of(const struct partly *p)
{
    return p->is_back ? arena_printf(p->a, "%s was not taken back", p->b->id) : p->b->id;
}

int partly_blame(const struct partly *p, const char *what, struct err *e)
{
    return err_wrap(e, code_of(p, e), "%s: %s; %s: %s", name_of(p), standing_words(p), what,
                    e->msg);
}

int partly_hint(const struct partly *p, struct err *e)
{
    return e->hint[0] != '\0'
               ? -1
               : err_hint(e, "%s: no %s that stands is begun again",
                          p->is_back ? "run the same again" : "mend it and build again", p->unit);
}

int partly_blame_gates(const struct partly *p, const struct findings *gates, struct err *e)
{
    size_t n = 0;
    const struct decl *d = p->b->decl;
    const struct finding *first = findings_stopping(gates, &n);
    (void)err_set(e, code_of(p, e), "%s: %s; gate \"%s\" failed: %s%s", name_of(p),
                  standing_words(p), first->rule, first->text,
                  n > 1 ? arena_printf(p->a, " (and %zu more)", n - 1) : "");
    return err_hint(e, "%s%s%s", first->hint, d->rollback.n > 0 ? "; what undoes it: " : "",
                    d->rollback.n > 0 ? d->rollback.v[0].path : "");
}
