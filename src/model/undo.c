/* What a rollback would do. */
#include "model/undo.h"

#include "model/touch.h"

const char *undo_removes_text(enum undo_removes r)
{
    static const char *const texts[] = {"none", "all", "not said"};
    return texts[r];
}

int64_t undo_most(const struct undo_table *t)
{
    if (t->removes == UNDO_KEEPS) {
        return 0;
    }
    return t->is_about || t->is_made || t->now == ROWS_UNKNOWN ? INT64_MAX : t->now;
}

bool undo_loses(const struct undo_list *u)
{
    for (size_t i = 0; i < u->n; i++) {
        for (size_t k = 0; k < u->v[i].n_tables; k++) {
            if (undo_most(&u->v[i].tables[k]) > 0) {
                return true;
            }
        }
    }
    return false;
}
