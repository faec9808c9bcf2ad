/* Statements: written, read, judged. */
#include "approval/statement.h"

#include <string.h>

#include "approval/armor.h"
#include "base/clock.h"
#include "doc/canon.h"
#include "doc/json.h"

enum { NAME_DIGITS = 16 };

/* --- the text ----------------------------------------------------------------------------------------- */

void statement_write(struct buf *out, const struct approval *x)
{
    struct arena a = {0};
    struct doc *d = doc_new(&a, DOC_MAP);
    doc_put(&a, d, "format", doc_text(&a, STATEMENT_FORMAT));
    doc_put(&a, d, "kind", doc_text(&a, approval_kind_text(x->kind)));
    doc_put(&a, d, "subject", doc_text(&a, x->subject));
    doc_put(&a, d, "digest", doc_digest(&a, &x->digest));
    doc_put(&a, d, "environments", names_doc(&a, &x->environments));
    doc_put(&a, d, "waives", names_doc(&a, &x->waives));
    doc_put(&a, d, "signed_at", doc_text(&a, x->signed_at));
    doc_put(&a, d, "expires_at",
            x->expires_at[0] != '\0' ? doc_text(&a, x->expires_at) : doc_new(&a, DOC_NULL));
    canon_write(out, d);
    buf_putc(out, '\n');
    arena_release(&a);
}

static bool read_names(struct arena *a, const struct doc *list, struct names *out)
{
    for (size_t i = 0; i < doc_len(list); i++) {
        if (list->item[i]->type != DOC_TEXT) {
            return false;
        }
        names_add(a, out, list->item[i]->text.p);
    }
    return list != NULL && list->type == DOC_LIST;
}

static bool read_kind(const char *text, enum approval_kind *out)
{
    int k = 0;
    while (k < APPROVAL_KINDS && strcmp(approval_kind_text((enum approval_kind)k), text) != 0) {
        k++;
    }
    *out = (enum approval_kind)k;
    return k < APPROVAL_KINDS;
}

static bool read_members(struct arena *a, const struct doc *d, struct approval *x)
{
    const struct doc *until = doc_get(d, "expires_at");
    int64_t us = 0;
    x->subject = doc_str(d, "subject", "");
    x->signed_at = doc_str(d, "signed_at", "");
    x->expires_at = doc_str(d, "expires_at", "");
    return strcmp(doc_str(d, "format", ""), STATEMENT_FORMAT) == 0 &&
           read_kind(doc_str(d, "kind", ""), &x->kind) && doc_get(d, "subject") != NULL &&
           digest_parse(doc_str(d, "digest", ""), &x->digest) == 0 && until != NULL &&
           read_names(a, doc_get(d, "environments"), &x->environments) &&
           read_names(a, doc_get(d, "waives"), &x->waives) && clock_read(x->signed_at, &us) == 0 &&
           (until->type == DOC_NULL || clock_read(x->expires_at, &us) == 0);
}

/* Written again it is the same: nothing stands in it that was not read. */
static bool is_text_of(const struct approval *x)
{
    struct buf again = {0};
    statement_write(&again, x);
    bool same = bytes_eq(buf_bytes(&again), x->statement);
    buf_release(&again);
    return same;
}

int statement_read(struct arena *a, struct approval *x, const char **why)
{
    struct err e = {0};
    struct bytes text = x->statement;
    *why = "it is no statement of the form " STATEMENT_FORMAT;
    bool is_line = text.n > 0 && text.n <= STATEMENT_LIMIT && text.p[text.n - 1] == '\n';
    const struct doc *d = is_line ? json_read(a, text, x->path, &e) : NULL;
    return d != NULL && read_members(a, d, x) && is_text_of(x) ? 0 : -1;
}

const char *statement_file(struct arena *a, const struct approval *x)
{
    char text[DIGEST_TEXT];
    (void)digest_text(&x->signature_digest, text);
    return arena_printf(a, "%s-%.*s", approval_kind_text(x->kind), NAME_DIGITS, text + 7);
}

/* --- the verdict -------------------------------------------------------------------------------------- */

/* When: signed in the future by a clock that goes fast is let go for a while, but not for long. */
static const char *time_fault(struct arena *a, const struct approval *x, int64_t signed_us,
                              int64_t now_us, int64_t max_age_ms)
{
    int64_t until = INT64_MAX;
    if (x->expires_at[0] != '\0') {
        (void)!clock_read(x->expires_at, &until);
    }
    if (signed_us > now_us + CLOCKS_APART_S * (int64_t)1000000) {
        return arena_printf(a, "it says that it was signed at %s, which is yet to come",
                            x->signed_at);
    }
    if (now_us >= until) {
        return arena_printf(a, "it expired at %s", x->expires_at);
    }
    if (max_age_ms > 0 && now_us - signed_us > max_age_ms * 1000) {
        return arena_printf(a, "it was signed at %s, longer ago than max_age", x->signed_at);
    }
    return NULL;
}

static const char *read_armor(struct arena *a, const struct approval *x, struct armor *out)
{
    const char *why = NULL;
    if (x->signature.p == NULL) {
        return "its signature is not there (" STATEMENT_ENDING SIGNATURE_ENDING ")";
    }
    if (armor_read(a, x->signature, out, &why) != 0) {
        return why;
    }
    return strcmp(out->namespace, SIGNERS_NAMESPACE) == 0
               ? NULL
               : "it was signed in another namespace than " SIGNERS_NAMESPACE;
}

void statement_judge(struct arena *a, const struct signers *l, int64_t now_us, int64_t max_age_ms,
                     struct approval *x, const struct signer **signer)
{
    const char *why = NULL;
    struct armor armor;
    int64_t signed_us = 0;
    *signer = NULL;
    x->person = x->key = x->subject = x->signed_at = x->expires_at = "";
    x->statement_digest = digest_of(x->statement);
    x->signature_digest = digest_of(x->signature);
    if (statement_read(a, x, &why) != 0) {
        x->why_not = why;
        return;
    }
    x->why_not = read_armor(a, x, &armor);
    if (x->why_not != NULL) {
        return;
    }
    x->key = key_fingerprint(a, armor.key);
    const struct signer *found = signers_find(l, armor.key);
    if (found == NULL) {
        x->why_not = arena_printf(a, "its key %s is nobody's in " SIGNERS_PATH, x->key);
        return;
    }
    (void)!clock_read(x->signed_at, &signed_us);
    *signer = found;
    x->person = found->person;
    x->roles = found->roles;
    x->why_not = signer_fault(a, l, found, signed_us, now_us);
    x->why_not = x->why_not != NULL ? x->why_not : time_fault(a, x, signed_us, now_us, max_age_ms);
}
