/* Signing that something may be done. */
#include "flow/approve.h"

#include <string.h>
#include <unistd.h>

#include "approval/keygen.h"
#include "approval/statement.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"

/* Until when, as its statement says; now is when it is signed. */
static void put_times(struct arena *a, int64_t lasts_ms, struct approval *x)
{
    char text[CLOCK_TEXT];
    int64_t now = clock_unix_us() / 1000000 * 1000000;
    x->signed_at = arena_strdup(a, clock_text(now, text));
    x->expires_at = lasts_ms > 0 ? arena_strdup(a, clock_text(now + lasts_ms * 1000, text)) : "";
}

static int read_signers(struct arena *a, int dirfd, const struct ear *ear, struct signers *out,
                        struct err *e)
{
    struct err_list faults = {0};
    signers_load(a, dirfd, out, &faults);
    size_t n = faults.n;
    tell_faults(ear, &faults);
    err_list_release(&faults);
    if (n > 0) {
        return err_set(e, ERR_CONFIG, "who may sign cannot be read: nothing was signed");
    }
    if (!out->is_there) {
        err_set(e, ERR_CONFIG, "nobody may sign: " SIGNERS_PATH " is not there");
        return err_hint(e, "a line for each person and key: ann@example.org,kfm-platform "
                           "ssh-ed25519 AAAA...; and an empty " REVOKED_PATH);
    }
    return 0;
}

static int refuse(const struct approval *x, const char *why, struct err *e)
{
    err_set(e, ERR_CONFIG, "the signature would not count: %s", why);
    return err_hint(e, "%s",
                    x->person[0] != '\0'
                        ? "sign with another key, or have " SIGNERS_PATH " say so"
                        : "add the line of its .pub file to " SIGNERS_PATH
                          ", behind the person and the roles, and have that reviewed");
}

int approve_sign(struct arena *a, int dirfd, const struct approve_wish *w, const struct ear *ear,
                 struct approval *out, struct err *e)
{
    struct signers signers;
    const struct signer *signer = NULL;
    const char *why = NULL;
    struct buf text = {0};
    struct approval x = w->what;
    if (read_signers(a, dirfd, ear, &signers, e) != 0) {
        return -1;
    }
    put_times(a, w->lasts_ms, &x);
    statement_write(&text, &x);
    *out = (struct approval){.path = ""};
    out->statement = bytes_of(arena_dup(a, buf_str(&text), text.n), text.n);
    buf_release(&text);
    if (keygen_sign(a, w->key, out->statement, ear, &out->signature, e) != 0) {
        return -1;
    }
    statement_judge(a, &signers, clock_unix_us(), 0, out, &signer);
    if (out->why_not != NULL) {
        return refuse(out, out->why_not, e);
    }
    if (keygen_verify(a, signer, out->statement, out->signature, ear, &why, e) != 0) {
        return -1;
    }
    return why == NULL ? 0 : refuse(out, why, e);
}

/* The signature first: a statement without one is told as a fault, a signature without one is nothing, and
 * goes where its statement cannot be written. */
static int write_both(int dirfd, const struct approval *x, const char *sig, struct err *e)
{
    if (file_write(dirfd, sig, x->signature, 0666, e) != 0) {
        return -1;
    }
    int rc = FAULT(APPROVE_HALF)
                 ? err_set(e, ERR_PREFLIGHT, "the statement was not written: fault point")
                 : file_write(dirfd, x->path, x->statement, 0666, e);
    if (rc != 0) {
        (void)unlinkat(dirfd, sig, 0);
    }
    return rc;
}

int approve(const struct project *p, const struct approve_wish *w, const struct ear *ear,
            struct approval *out, struct err *e)
{
    if (approve_sign(p->a, p->dirfd, w, ear, out, e) != 0) {
        return -1;
    }
    out->path = arena_printf(p->a, "%s/%s" STATEMENT_ENDING, w->folder, statement_file(p->a, out));
    if (FAULT(APPROVE_SIGNED)) {
        return err_set(e, ERR_PREFLIGHT, "the signature was not written: fault point");
    }
    return write_both(p->dirfd, out, arena_printf(p->a, "%s" SIGNATURE_ENDING, out->path), e);
}
