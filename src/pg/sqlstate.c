/* SQLSTATE: names of conditions, and which classes quote nothing but SQL text and object names. */
#include <stdlib.h>
#include <string.h>

#include "pg/pg.h"

enum { SQLSTATE_LENGTH = 5, CLASS_LENGTH = 2 };

struct condition {
    char code[SQLSTATE_LENGTH + 1];
    const char *name;
};

static const struct condition conditions[] = {
#define SQLSTATE(code, name) {code, name},
#include "pg/sqlstate.def"
#undef SQLSTATE
};

static int by_code(const void *key, const void *row)
{
    const char *code = key;
    const struct condition *c = row;
    return strcmp(code, c->code);
}

static const char *name_of(const char *code)
{
    const struct condition *c = bsearch(code, conditions, sizeof conditions / sizeof *conditions,
                                        sizeof *conditions, by_code);
    return c == NULL ? NULL : c->name;
}

const char *pg_condition(const char *sqlstate)
{
    if (sqlstate == NULL || strlen(sqlstate) != SQLSTATE_LENGTH) {
        return "unknown_condition";
    }
    const char *name = name_of(sqlstate);
    if (name != NULL) {
        return name;
    }
    char class[SQLSTATE_LENGTH + 1] = "00000";
    memcpy(class, sqlstate, CLASS_LENGTH);
    name = name_of(class);
    return name == NULL ? "unknown_condition" : name;
}

bool pg_message_is_safe(const char *sqlstate)
{
    static const char classes[][CLASS_LENGTH + 1] = {"42", "3D", "3F", "0A", "2B",
                                                     "55", "57", "40", "53", "58"};
    if (sqlstate == NULL || strlen(sqlstate) != SQLSTATE_LENGTH) {
        return false;
    }
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (memcmp(sqlstate, classes[i], CLASS_LENGTH) == 0) {
            return true;
        }
    }
    return false;
}
