/* Whether a statement writes a table's rows anew. */
#include "model/script.h"

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
