/* Signatures that receipts name, verified from what the ledger kept. */
#include "evidence/verify_signed.h"

#include <string.h>

#include "approval/armor.h"
#include "approval/keygen.h"
#include "approval/statement.h"
#include "base/clock.h"
#include "evidence/verify_exports.h"

/* One signature. x: of this look only. */
struct signed_look {
    const struct ledger_source *l;
    struct verified *v;
    struct arena *a, *x;
    const struct entry *en;
    const struct doc *claim, *said;
    struct signers signers;
    int64_t at_us; /* the moment of consent */
};

static bool digest_in(const struct doc *d, const char *key, struct digest *out)
{
    return digest_parse(doc_str(d, key, ""), out) == 0;
}

void signed_texts(const struct doc *receipt, signed_text_fn *each, void *ctx)
{
    const struct doc *all = doc_find(receipt, "claim.approvals");
    const struct doc *list = doc_get(all, "signed");
    struct digest d;
    if (digest_in(all, "signers", &d)) {
        each(ctx, "the list of signers", &d);
    }
    for (size_t i = 0; i < doc_len(list); i++) {
        if (digest_in(list->item[i], "statement", &d)) {
            each(ctx, "a signed statement", &d);
        }
        if (digest_in(list->item[i], "signature", &d)) {
            each(ctx, "a signature", &d);
        }
    }
}

static void found(const struct signed_look *k, const char *what)
{
    verify_found(k->v, k->a, "approval", "", "entry %lld: the signature of %s %s",
                 (long long)k->en->sequence, doc_str(k->said, "person", "nobody"), what);
}

static void found_of_all(const struct signed_look *k, const char *what)
{
    verify_found(k->v, k->a, "approval", "", "entry %lld: %s", (long long)k->en->sequence, what);
}

static bool text_of(const struct signed_look *k, const struct doc *d, const char *key,
                    struct bytes *out)
{
    struct digest digest;
    struct err e = {0};
    bool is_there = false;
    return digest_in(d, key, &digest) &&
           k->l->blob(k->l->ctx, &digest, k->x, out, &is_there, &e) == 0 && is_there;
}

/* What it has to be over: of a plan only its statement says. */
static const char *wanted_of(const struct signed_look *k, enum approval_kind kind)
{
    return kind == APPROVES_BUNDLE       ? doc_str(k->claim, "bundle_digest", "")
           : kind == APPROVES_PROJECTION ? doc_str(doc_get(k->claim, "projection"), "digest", "")
                                         : doc_str(k->said, "digest", "");
}

static bool has_roles(const struct doc *list, const struct names *roles)
{
    bool same = doc_len(list) == roles->n;
    for (size_t i = 0; i < roles->n && same; i++) {
        same = list->item[i]->type == DOC_TEXT && names_have(roles, list->item[i]->text.p);
    }
    return same;
}

/* Does the receipt say of it what it says of itself? */
static bool is_as_said(const struct signed_look *k, const struct approval *x)
{
    char text[DIGEST_TEXT];
    (void)digest_text(&x->digest, text);
    return strcmp(text, doc_str(k->said, "digest", "")) == 0 &&
           strcmp(text, wanted_of(k, x->kind)) == 0 &&
           strcmp(approval_kind_text(x->kind), doc_str(k->said, "kind", "")) == 0 &&
           strcmp(x->person, doc_str(k->said, "person", "")) == 0 &&
           strcmp(x->key, doc_str(k->said, "key", "")) == 0 &&
           strcmp(x->signed_at, doc_str(k->said, "signed_at", "")) == 0 &&
           has_roles(doc_get(k->said, "roles"), &x->roles) &&
           has_roles(doc_get(k->said, "waives"), &x->waives);
}

static bool is_of_environment(const struct signed_look *k, const struct approval *x)
{
    return x->environments.n == 0 || names_have(&x->environments, k->en->environment);
}

/* What one signature is worth does not depend on the entry: a plan's stands in the receipt of each of its
 * migrations. */
static int ask(const struct signed_look *k, const struct approval *x, const struct signer *signer,
               const char **why, struct err *e)
{
    char one[DIGEST_TEXT];
    char two[DIGEST_TEXT];
    const char *key =
        arena_printf(k->x, "%s %s %s %s", digest_text(&x->statement_digest, one),
                     digest_text(&x->signature_digest, two), signer->fingerprint, signer->person);
    struct table *known = &k->v->signatures;
    known->a = k->a;
    const char *was = table_gets(known, key);
    if (was == NULL) {
        if (keygen_verify(k->a, signer, x->statement, x->signature, NULL, why, e) != 0) {
            return -1;
        }
        was = *why != NULL ? *why : "";
        (void)table_puts(known, arena_strdup(k->a, key), (void *)(uintptr_t)was);
    }
    *why = was[0] != '\0' ? was : NULL;
    return 0;
}

static void look(const struct signed_look *k)
{
    struct approval x = {.path = ""};
    const struct signer *signer = NULL;
    const char *why = NULL;
    struct err e = {0};
    if (!text_of(k, k->said, "statement", &x.statement) ||
        !text_of(k, k->said, "signature", &x.signature)) {
        return; /* that a text is missing is told as such */
    }
    statement_judge(k->x, &k->signers, k->at_us, 0, &x, &signer);
    if (x.why_not != NULL) {
        found(k, arena_printf(k->x, "does not count: %s", x.why_not));
    } else if (!is_as_said(k, &x)) {
        found(k, "is not what its receipt says of it");
    } else if (!is_of_environment(k, &x)) {
        found(k, arena_printf(k->x, "is not for environment \"%s\"", k->en->environment));
    } else if (ask(k, &x, signer, &why, &e) != 0) {
        k->v->n_unproven++;
    } else if (why != NULL) {
        found(k, arena_printf(k->x, "is none: %s", why));
    }
}

/* By the server's clock both: what let a run in was judged before it ended. Older receipts say no moment. */
static void read_moment(struct signed_look *k, const struct doc *all)
{
    const char *at = doc_str(all, "judged_at", "");
    int64_t ended_us = 0;
    (void)!clock_read(k->en->finished_at, &ended_us);
    k->at_us = ended_us;
    if (doc_get(all, "judged_at") != NULL && clock_read(at, &k->at_us) != 0) {
        k->at_us = ended_us;
        found_of_all(k, "its receipt does not say when those who signed were judged");
    } else if (strcmp(k->en->result, "success") == 0 &&
               k->at_us > ended_us + CLOCKS_APART_S * (int64_t)1000000) {
        found_of_all(k, arena_printf(k->x, "who signed was judged at %s, after it had ended", at));
    }
}

void verify_signed(const struct ledger_source *l, struct verified *v, struct arena *a,
                   const struct entry *en, const struct doc *receipt)
{
    struct arena x = {0};
    struct err_list faults = {0};
    struct bytes text;
    struct signed_look k = {.l = l, .v = v, .a = a, .x = &x, .en = en};
    k.claim = doc_get(receipt, "claim");
    const struct doc *all = doc_get(k.claim, "approvals");
    const struct doc *list = doc_get(all, "signed");
    if (text_of(&k, all, "signers", &text)) {
        signers_read(&x, text, SIGNERS_PATH, &k.signers, &faults);
        read_moment(&k, all);
        for (size_t i = 0; i < doc_len(list); i++) {
            k.said = list->item[i];
            look(&k);
        }
    }
    err_list_release(&faults);
    arena_release(&x);
}
