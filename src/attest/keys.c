/* Which keys sign for which ledgers. */
#include "attest/keys.h"

#include <string.h>

#include "base/file.h"
#include "doc/json.h"

enum { KEYS_MAX = 1024 * 1024 };

/* --- reading ---------------------------------------------------------------------------------------- */

static int read_row(const struct doc *d, struct key_row *out, struct err *e)
{
    const struct doc *key = doc_get(d, "public_key");
    const struct doc *revoked = doc_get(d, "revoked");
    *out = (struct key_row){.env = doc_str(d, "environment", ""),
                            .instance = doc_str(d, "instance", NULL),
                            .from = doc_num(d, "from", 1),
                            .to = doc_num(d, "to", INT64_MAX),
                            .revoked = revoked != NULL ? doc_num(revoked, "from", 1) : INT64_MAX};
    if (digest_parse(doc_str(d, "key", ""), &out->id) != 0 ||
        ed25519_public_read(key->text.p, &out->key) != 0) {
        return err_at(e, ERR_CONFIG, KEYS_PATH, key->line, key->col,
                      "\"public_key\" is no Ed25519 public key in base64");
    }
    struct digest id = ed25519_id(&out->key);
    if (!digest_eq(&id, &out->id)) {
        return err_at(e, ERR_CONFIG, KEYS_PATH, key->line, key->col,
                      "\"key\" is not the SHA-256 of \"public_key\"");
    }
    if (out->to < out->from) {
        return err_at(e, ERR_CONFIG, KEYS_PATH, d->line, d->col,
                      "the key signs from entry %lld to entry %lld, which is none",
                      (long long)out->from, (long long)out->to);
    }
    return 0;
}

int key_list_load(struct arena *a, int dirfd, const struct schema *schema, struct key_list *out,
                  struct err *e)
{
    struct bytes text = {NULL, 0};
    struct err_list faults = {0};
    *out = (struct key_list){.n = 0};
    int rc = file_read(a, dirfd, KEYS_PATH, KEYS_MAX, &text, NULL, e);
    if (rc != 0) {
        if (rc > 0) {
            (void)err_set(e, ERR_CONFIG, KEYS_PATH " is not there: nobody knows whose keys count");
            (void)err_hint(e, "`kfmig receipt key` prints what stands in it "
                              "(docs/attestations.md)");
        }
        return -1;
    }
    struct doc *d = json_read(a, text, KEYS_PATH, e);
    if (d == NULL) {
        return -1;
    }
    if (schema_check(a, schema, d, &faults) != 0) {
        *e = faults.v[0];
        err_list_release(&faults);
        return -1;
    }
    const struct doc *rows = doc_get(d, "keys");
    out->v = ARENA_ARRAY(a, struct key_row, doc_len(rows) + 1);
    for (size_t i = 0; i < doc_len(rows); i++) {
        if (read_row(rows->item[i], &out->v[out->n++], e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- asking ----------------------------------------------------------------------------------------- */

/* An instance that is not known yet is any. */
static bool is_about(const struct key_row *row, const char *env, const char *instance)
{
    return strcmp(row->env, env) == 0 &&
           (row->instance == NULL || instance[0] == '\0' || strcmp(row->instance, instance) == 0);
}

static bool signs(const struct key_row *row, int64_t sequence)
{
    return row->from <= sequence && sequence <= row->to && sequence < row->revoked;
}

static const char *why_not(struct arena *a, const struct key_row *row, int64_t sequence)
{
    if (sequence >= row->revoked) {
        return arena_printf(a, "is revoked from entry %lld on", (long long)row->revoked);
    }
    return row->to == INT64_MAX
               ? arena_printf(a, "signs entries from %lld on", (long long)row->from)
               : arena_printf(a, "signs entries %lld to %lld", (long long)row->from,
                              (long long)row->to);
}

const struct key_row *key_row_find(struct arena *a, const struct key_list *l,
                                   const struct key_want *w, const char **why)
{
    *why = arena_printf(a, "does not stand in " KEYS_PATH " for \"%s\"", w->env);
    for (size_t i = 0; i < l->n; i++) {
        const struct key_row *row = &l->v[i];
        if (!digest_eq(&row->id, w->id) || !is_about(row, w->env, w->instance)) {
            continue;
        }
        if (signs(row, w->sequence)) {
            return row;
        }
        *why = why_not(a, row, w->sequence);
    }
    return NULL;
}

bool key_list_covers(const struct key_list *l, const char *env, const char *instance,
                     int64_t sequence)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct key_row *row = &l->v[i];
        if (is_about(row, env, instance) && signs(row, sequence)) {
            return true;
        }
    }
    return false;
}
