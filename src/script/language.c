/* The languages that migrations are written in: one row each. */
#include "script/language.h"

#include <string.h>

#include "model/errand.h"
#include "script/backfill.h"
#include "script/errands.h"
#include "sql/inverse.h"
#include "sql/script.h"

static const struct language languages[] = {
    {"SQL", ".sql", script_version, script_parse, inverse_write, true},
    {"errands", ERRAND_ENDING, "errands 1", errands_parse, NULL, false},
};

const struct language *language_of(const char *path)
{
    size_t n = strlen(path);
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++) {
        size_t n_ending = strlen(languages[i].ending);
        if (n > n_ending && strcmp(path + n - n_ending, languages[i].ending) == 0) {
            return &languages[i];
        }
    }
    return NULL;
}

int language_parse(struct arena *a, const char *path, struct bytes text, struct script *out,
                   struct err *e)
{
    const struct language *l = language_of(path);
    *out = (struct script){.path = path};
    if (l == NULL) {
        err_at(e, ERR_CONFIG, path, 0, 0, "its name does not say what language it is in");
        return err_hint(e, "files of SQL end in .sql");
    }
    if (l->parse(a, path, text, out, e) != 0) {
        return -1;
    }
    backfill_declare(a, out, l->parse);
    return 0;
}
