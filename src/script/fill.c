/* Texts as they are run. */
#include "script/fill.h"

#include <string.h>

#include "sql/psql_render.h"

void script_fill(struct arena *a, const struct filling *x, const char *path, struct bytes text,
                 struct bytes *out, struct err_list *faults)
{
    size_t n = faults->n;
    variables_fill(a, x->declared, x->values, path, text, out, faults);
    if (faults->n == n && x->runner != NULL && strcmp(x->runner, "psql") == 0) {
        psql_render(a, x->declared, x->values, path, *out, out, faults);
    }
}
