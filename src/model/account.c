/* Lists of an account. */
#include "model/account.h"

#include <string.h>

void named_digests_add(struct arena *a, struct named_digests *l, const char *name,
                       const struct digest *digest)
{
    ARENA_GROW(a, l->v, l->n, l->cap);
    l->v[l->n++] = (struct named_digest){name, *digest};
}

void account_inputs_add(struct arena *a, struct account_inputs *l, const char *uri,
                        const struct digest *digest, bool is_data)
{
    ARENA_GROW(a, l->v, l->n, l->cap);
    l->v[l->n++] = (struct account_input){uri, *digest, is_data};
}

const struct account_input *account_inputs_find(const struct account_inputs *l, const char *uri)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->v[i].uri, uri) == 0) {
            return &l->v[i];
        }
    }
    return NULL;
}
