/* What a verb that writes has done. */
#include "model/result.h"

const char *result_action_text(enum result_action a)
{
    static const char *const texts[RESULT_ACTIONS] = {
        [RESULT_APPLY] = "apply",   [RESULT_PUBLISH] = "publish", [RESULT_SWITCH] = "switch",
        [RESULT_EXPORT] = "export", [RESULT_ADOPT] = "adopt",     [RESULT_RETIRE] = "retire",
        [RESULT_DRILL] = "drill",   [RESULT_RENAME] = "rename",   [RESULT_ROLLBACK] = "rollback",
        [RESULT_PRUNE] = "prune",   [RESULT_DROP] = "drop",       [RESULT_CONFIRM] = "confirm",
        [RESULT_BACKUP] = "backup", [RESULT_DEPLOY] = "deploy",   [RESULT_RESOLVE] = "resolve"};
    return texts[a];
}

void result_expect(struct result *r, struct arena *a, size_t n)
{
    ARENA_ROOM(a, r->v, r->n, r->cap, n);
}

struct result_row *result_add(struct result *r, struct arena *a, const struct result_row *row)
{
    ARENA_GROW(a, r->v, r->n, r->cap);
    r->v[r->n] = *row;
    if (row->failure != NULL) {
        r->n_failed += row->action != RESULT_EXPORT; /* it is owed: nothing else waits for it */
        result_worsen(r, row->failure->code == ERR_NONE ? ERR_APPLY : row->failure->code);
    } else {
        r->n_done[row->action]++;
    }
    return &r->v[r->n++];
}

void result_worsen(struct result *r, enum err_code code)
{
    r->worst = err_worse(r->worst, code);
}
