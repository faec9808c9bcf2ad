/* Errands as scripts of one statement. */
#include "script/errands.h"

#include <string.h>

#include "model/errand.h"

static bool ends_in(const char *path, const char *ending)
{
    size_t n = strlen(path);
    size_t n_ending = strlen(ending);
    return n > n_ending && strcmp(path + n - n_ending, ending) == 0;
}

int errands_parse(struct arena *a, const char *path, struct bytes text, struct script *out,
                  struct err *e)
{
    struct errand x;
    struct statement *st = ARENA_NEW(a, struct statement);
    *out = (struct script){.path = path, .bytes = text, .digest = digest_of(text)};
    if (errand_read(a, text, path, &x, e) != 0) {
        return -1;
    }
    *st = (struct statement){.kind = STATEMENT_PLAIN,
                             .text = text,
                             .line = 1,
                             .col = 1,
                             .tag = ends_in(path, ERRAND_ROLLBACK) ? "rollback" : "apply",
                             .why = "",
                             .hint = "",
                             .analysed = true};
    touches_add(a, &st->touches,
                (struct touch){.object = errand_object(&x),
                               .effect = EFFECT_ALTER,
                               .inserted = ROWS_UNKNOWN,
                               .updated = ROWS_UNKNOWN,
                               .deleted = ROWS_UNKNOWN,
                               .line = 1,
                               .col = 1});
    out->forms = st;
    out->n = 1;
    return 0;
}
