/* From a declaration's artifacts to parsed scripts, and the statements that cannot be run. */
#include "plan/plan.h"
#include "script/language.h"

static void refuse(struct err_list *faults, const struct script *s, const struct statement *st)
{
    const char *hint = st->hint;
    if (st->kind == STATEMENT_NO_TRANSACTION && hint[0] == '\0') {
        hint = "this release runs transactional statements only; leave it out of the bundle";
    }
    err_list_addf(faults, ERR_CONFIG, s->path, st->line, st->col, hint, "%s: %s",
                  st->tag[0] != '\0' ? st->tag : "this statement", st->why);
}

static const struct script *parse_all(struct arena *a, const struct artifacts *files,
                                      bool one_statement, struct err_list *faults)
{
    struct script *out = ARENA_ARRAY(a, struct script, files->n + 1);
    for (size_t i = 0; i < files->n; i++) {
        struct err e = {0};
        const struct artifact *f = &files->v[i];
        if (language_parse(a, f->path, f->bytes, &out[i], &e) != 0) {
            err_list_add(faults, &e);
            continue;
        }
        size_t n_run = 0;
        for (size_t k = 0; k < out[i].n; k++) {
            switch (out[i].v[k].kind) {
            case STATEMENT_CONTROL:
            case STATEMENT_NO_TRANSACTION:
            case STATEMENT_REFUSED:
                refuse(faults, &out[i], &out[i].v[k]);
                break;
            case STATEMENT_PLAIN:
                n_run++;
                break;
            case STATEMENT_BEGIN:
            case STATEMENT_COMMIT:
            case STATEMENT_SET_TRANSACTION:
                break;
            }
        }
        if (one_statement && n_run != 1) {
            err_list_addf(faults, ERR_CONFIG, f->path, 1, 1,
                          "write one query that returns the rows that are wrong",
                          "an invariant is exactly one query, this file has %zu", n_run);
        }
    }
    return out;
}

void plan_scripts(struct arena *a, struct bundle *b, struct err_list *faults)
{
    if (b->forward != NULL || b->decl == NULL || b->store != STORE_POSTGIS) {
        return;
    }
    b->forward = parse_all(a, &b->decl->forward, false, faults);
    b->rollback = parse_all(a, &b->decl->rollback, false, faults);
    b->invariants = parse_all(a, &b->decl->invariants, true, faults);
}
