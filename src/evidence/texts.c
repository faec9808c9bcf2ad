/* The files of a migration as they were when it was applied. */
#include "evidence/texts.h"

#include <string.h>

#include "evidence/receipts.h"
#include "model/layout.h"

/* "migrations/postgis/ID/forward.sql" -> "forward.sql"; NULL: it is no such path. */
static const char *within(const char *uri, const char *id)
{
    size_t n = strlen(id);
    for (const char *at = strchr(uri, '/'); at != NULL; at = strchr(at + 1, '/')) {
        if (strncmp(at + 1, id, n) == 0 && at[n + 1] == '/' && at[n + 2] != '\0' &&
            strstr(at, "..") == NULL) {
            return at + n + 2;
        }
    }
    return NULL;
}

/* Is path that of a flat migration or, f being one, of a definition in its folder? */
static bool is_flat(struct arena *a, const struct fact *f, const char *path)
{
    struct layout_name name;
    return f->is_definition ? strchr(path, '/') == NULL && layout_definition(a, path, true) != NULL
                            : layout_name_parse(a, path, &name);
}

/* Of a flat file: from the folder of first, which is the first of them. */
static const char *beside(struct arena *a, const struct fact *f, const char *first, const char *uri)
{
    const char *slash = strrchr(first, '/');
    size_t n = slash != NULL ? (size_t)(slash - first) + 1 : 0;
    return n > 0 && strncmp(uri, first, n) == 0 && is_flat(a, f, uri + n) ? uri + n : NULL;
}

static int read_one(const struct ledger_source *l, struct arena *a, const struct fact *f,
                    const struct doc *input, const char *first, struct artifact *out, struct err *e)
{
    bool found = false;
    const char *uri = doc_str(input, "uri", "");
    const char *name = f->is_definition ? NULL : within(uri, f->recorded_as);
    name = name == NULL ? beside(a, f, first, uri) : name;
    if (name == NULL || digest_parse(doc_str(input, "digest", ""), &out->digest) != 0) {
        return err_set(e, ERR_INTEGRITY, "the receipt of entry %lld names \"%s\" as an input",
                       (long long)f->sequence, uri);
    }
    out->path = name;
    if (l->blob(l->ctx, &out->digest, a, &out->bytes, &found, e) != 0) {
        return -1;
    }
    return found ? 0 : err_set(e, ERR_INTEGRITY, "the ledger does not hold the text of %s", uri);
}

int texts_read(const struct ledger_source *l, struct arena *a, const struct fact *f,
               struct artifacts *out, const char **folder, struct err *e)
{
    struct doc *receipt = NULL;
    *out = (struct artifacts){0};
    if (receipts_read(l, a, f, &receipt, e) != 0) {
        return -1;
    }
    const struct doc *inputs = doc_find(receipt, "claim.inputs");
    const char *first = doc_len(inputs) > 0 ? doc_str(inputs->item[0], "uri", "") : "";
    const char *slash = strrchr(first, '/');
    out->v = ARENA_ARRAY(a, struct artifact, doc_len(inputs) + 1);
    for (size_t i = 0; i < doc_len(inputs); i++) {
        if (read_one(l, a, f, inputs->item[i], first, &out->v[out->n++], e) != 0) {
            return -1;
        }
    }
    *folder = slash != NULL && out->n > 0 && beside(a, f, first, first) != NULL
                  ? arena_strndup(a, first, (size_t)(slash - first))
                  : NULL;
    return 0;
}
