/* Secrets: kept by one pointer, wiped before the memory is given back. */
#include <stdlib.h>
#include <string.h>

#include "pg/pg.h"

void secret_set(struct secret *s, const char *value)
{
    char *copy = value == NULL ? NULL : mem_strdup(value);
    secret_wipe(s);
    s->opaque = copy;
}

bool secret_is_set(const struct secret *s)
{
    return s != NULL && s->opaque != NULL;
}

void secret_wipe(struct secret *s)
{
    if (s->opaque != NULL) {
        explicit_bzero(s->opaque, strlen(s->opaque));
        free(s->opaque);
        s->opaque = NULL;
    }
}
