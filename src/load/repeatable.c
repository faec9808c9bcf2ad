/* What repeatable definitions say. */
#include "load/repeatable.h"

#include "doc/doc.h"
#include "model/definition.h"
#include "model/variables.h"
#include "script/language.h"

static void check(const struct script *s, struct err_list *faults)
{
    struct statement_room room;
    for (size_t i = 0; i < s->n; i++) {
        const struct statement *st = script_at(s, i, &room);
        if (st->analysed && !definition_admits(st)) {
            err_list_addf(faults, ERR_CONFIG, s->path, st->line, st->col,
                          "write a migration for it: what is done once is history, a definition is "
                          "made again and again",
                          "%s: a repeatable definition holds views, functions, triggers, policies "
                          "and rules, and what is said of them",
                          st->tag[0] != '\0' ? st->tag : "this statement");
        }
    }
}

struct definition *repeatable_read(struct arena *a, const char *path, struct bytes text,
                                   const struct doc *variables, struct err_list *faults)
{
    struct script script;
    struct err ignored = {0};
    struct names declared = {0};
    struct bytes filled;
    for (size_t i = 0; i < doc_len(variables) && variables->type == DOC_LIST; i++) {
        if (variables->item[i]->type == DOC_TEXT) {
            names_add(a, &declared, variables->item[i]->text.p);
        }
    }
    variables_fill(a, &declared, NULL, path, text, &filled, faults);
    if (language_parse(a, path, filled, &script, &ignored) != 0) {
        return NULL;
    }
    struct definition *d = ARENA_NEW(a, struct definition);
    check(&script, faults);
    definition_read(a, &script, 1, d);
    if (!variables_undeclared(&script, faults) && d->makes.n + d->needs.n == 0) {
        err_list_addf(faults, ERR_CONFIG, path, 1, 1, "write what is to stand, or remove the file",
                      "the file defines nothing");
    }
    return d;
}
