/* What was looked at before or after a change. */
#include "model/inspection.h"

#include <string.h>

const struct inspect_row *inspect_row(enum inspect i)
{
    static const struct inspect_row rows[INSPECTS] = {
#define INSPECT(name, id, when, severity, threshold, asks, advice)                                 \
    {id, when, severity, threshold, asks, advice},
#include "model/inspect.def"
#undef INSPECT
    };
    return &rows[i];
}

/* What to do, with the environment's name where the table has ENV. */
static const char *advice_of(struct arena *a, const struct inspect_row *row, const struct env *env)
{
    const char *at = strstr(row->advice, "ENV");
    return at == NULL ? row->advice
                      : arena_printf(a, "%.*s%s%s", (int)(at - row->advice), row->advice, env->name,
                                     at + 3);
}

struct finding *inspect_fail(struct arena *a, struct inspection *x, const struct env *env,
                             enum inspect i, bool is_unknown, const char *text)
{
    const struct inspect_row *row = inspect_row(i);
    struct finding *f =
        (is_unknown ? finding_unknown : finding_fail)(a, &x->found, row->id, "%s", text);
    bool is_declared = row->threshold != NO_THRESHOLD && operations_of(env)->is_set[row->threshold];
    f->severity = is_declared ? SEVERITY_ERROR : row->severity;
    f->hint = advice_of(a, row, env);
    x->was_asked[i] = true;
    return f;
}

const char *inspect_result(const struct inspection *x, enum inspect i)
{
    const char *id = inspect_row(i)->id;
    const char *worst = x->was_asked[i] ? "pass" : "-";
    for (size_t k = 0; k < x->found.n; k++) {
        const struct finding *f = &x->found.v[k];
        if (strcmp(f->rule, id) != 0 || f->passed) {
            continue;
        }
        if (!finding_stops(f)) {
            worst = strcmp(worst, "pass") == 0 ? "warning" : worst;
        } else if (strcmp(worst, "fail") != 0) {
            worst = f->is_unknown ? "unknown" : "fail";
        }
    }
    return worst;
}

const struct finding *inspect_stopping(const struct inspection *x, size_t *n)
{
    return findings_stopping(&x->found, n);
}
