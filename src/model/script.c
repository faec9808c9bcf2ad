/* Statements of a script, and whether one writes a table's rows anew. */
#include "model/script.h"

struct statement_place *script_place(const struct script *s, size_t i)
{
    return &s->places[i / PLACES][i % PLACES];
}

bool statement_is_single(const struct statement *st)
{
    return !st->analysed || st->data.p != NULL || st->lone != NULL || st->mark.p != NULL ||
           st->range != NULL || st->rewriting != NULL || st->kin != NULL || st->roles != NULL ||
           st->adds != NULL || st->is_apart;
}

const struct statement *script_at(const struct script *s, size_t i, struct statement *room)
{
    if (s->places == NULL) {
        return &s->forms[i];
    }
    const struct statement_place *place = script_place(s, i);
    const struct statement *form = &s->forms[place->like];
    if (form->offset == place->at) {
        return form;
    }
    *room = *form;
    room->text = bytes_of(s->bytes.p + place->at, place->n);
    room->offset = place->at;
    lines_place(&s->lines, place->at, &room->line, &room->col);
    return room;
}

const struct statement *script_keep(struct arena *a, const struct script *s, size_t i)
{
    struct statement room;
    const struct statement *st = script_at(s, i, &room);
    return st == &room ? arena_dup(a, st, sizeof *st) : st;
}

struct statement *script_own(struct script *s, size_t i)
{
    struct statement room;
    const struct statement *st = script_at(s, i, &room);
    struct statement *form = &s->forms[s->places != NULL ? script_place(s, i)->like : i];
    if (s->places == NULL || statement_is_single(form)) {
        return form;
    }
    script_place(s, i)->like = (uint32_t)s->n_forms;
    s->forms[s->n_forms] = *st;
    return &s->forms[s->n_forms++];
}

bool script_repeats(const struct script *s, size_t i)
{
    return s->places != NULL && s->forms[script_place(s, i)->like].offset != script_place(s, i)->at;
}

static enum rewrite_verdict settle_one(enum rewrite_verdict answer, enum rewrite_verdict unknown)
{
    return answer == REWRITE_UNKNOWN ? unknown : answer;
}

enum rewrite_verdict rewriting_settle(const struct rewriting *r,
                                      const enum rewrite_verdict *answers)
{
    enum rewrite_verdict worst = r->maybe ? REWRITE_MAYBE : REWRITE_NEVER;
    for (size_t i = 0; i < r->n + r->surely; i++) {
        /* Of a column that is added, only rules of a domain write rows: rare, and not said for nothing. */
        bool added = i < r->n && r->v[i].column[0] == '\0';
        enum rewrite_verdict one = settle_one(answers != NULL ? answers[i] : REWRITE_UNKNOWN,
                                              added ? REWRITE_NEVER : REWRITE_MAYBE);
        worst = one > worst ? one : worst;
    }
    return worst;
}

struct bytes rewriting_key(const struct statement *st)
{
    return bytes_of((const char *)&st->rewriting, sizeof(const struct rewriting *));
}
