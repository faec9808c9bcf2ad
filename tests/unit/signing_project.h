/* Who signs in the project of project.h, by signing.h's keys; and what is told meanwhile. */
#ifndef KFMIG_TESTS_UNIT_SIGNING_PROJECT_H
#define KFMIG_TESTS_UNIT_SIGNING_PROJECT_H

#include "approval/keygen.h"
#include "approval/statement.h"
#include "base/clock.h"
#include "base/tell.h"
#include "project.h"
#include "signing.h"

static inline void signing_allow(const char *text)
{
    project_put("registry/allowed_signers", signing_lines(text));
    project_put("registry/revoked_signers", "");
}

/* WHO signs what in folder. Returns the path of the statement. */
static inline const char *signing_sign(const char *who, struct approval x, const char *folder)
{
    struct err e = {0};
    struct buf text = {0};
    char now[CLOCK_TEXT];
    struct arena *a = &signing_arena;
    x.signed_at = clock_text(clock_unix_us(), now);
    x.expires_at = x.expires_at != NULL ? x.expires_at : "";
    statement_write(&text, &x);
    if (keygen_sign(a, signing_key(who), buf_bytes(&text), NULL, &x.signature, &e) != 0) {
        printf("Bail out! %s cannot sign: %s\n", who, e.msg);
        abort();
    }
    x.signature_digest = digest_of(x.signature);
    const char *path = arena_printf(a, "%s/%s" STATEMENT_ENDING, folder, statement_file(a, &x));
    project_write(path, buf_str(&text), text.n);
    project_write(arena_printf(a, "%s.sig", path), x.signature.p, x.signature.n);
    buf_release(&text);
    return path;
}

/* What was told, one behind another: "warning: ...|fault: ...|". */
struct signing_heard {
    char text[4096];
    size_t n;
    enum err_code stops;
};

static inline void signing_hear(void *ctx, const struct tell *t)
{
    struct signing_heard *h = ctx;
    size_t n = t->kind == TELL_FAULTS ? t->faults->n : 1;
    for (size_t i = 0; i < n; i++) {
        const char *text = t->kind == TELL_FAULTS  ? t->faults->v[i].msg
                           : t->kind == TELL_FAULT ? t->fault->msg
                                                   : t->what;
        h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "%s: %s|",
                                 tell_name(t->kind), text);
    }
}

static inline enum err_code signing_stops(void *ctx)
{
    return ((struct signing_heard *)ctx)->stops;
}

#endif
