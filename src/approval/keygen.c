/* Running ssh-keygen. */
#include "approval/keygen.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "approval/armor.h"
#include "base/file.h"
#include "base/tree.h"
#include "pg/child.h"

enum { VERIFY_MS = 20000, SIGN_MS = 180000, SIGNATURE_MAX = 64 * 1024 };

/* A folder of our own for its files, which nobody else can look into or change. */
struct desk {
    const char *path;
    int fd;
};

static int desk_open(struct arena *a, struct desk *out, struct err *e)
{
    const char *tmp = getenv("TMPDIR");
    char *path = arena_strdup(
        a, arena_printf(a, "%s/kfmig-XXXXXX", tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp"));
    *out = (struct desk){.path = path, .fd = -1};
    if (mkdtemp(path) == NULL) {
        return err_errno(e, ERR_PREFLIGHT, "cannot make a folder for ssh-keygen's files");
    }
    out->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return out->fd >= 0 ? 0 : err_errno(e, ERR_PREFLIGHT, "cannot open ssh-keygen's files");
}

static void desk_close(const struct desk *d)
{
    if (d->fd >= 0) {
        (void)close(d->fd);
    }
    (void)!tree_remove(AT_FDCWD, d->path);
}

/* Its exit status. */
static int run(const struct child *c, int64_t limit_ms, int *status, struct err *e)
{
    int raw = 0;
    if (child_run(c, NULL, limit_ms, &raw, e) != 0) {
        return e->code == ERR_INTERRUPTED
                   ? -1
                   : err_hint(e, "OpenSSH's client (openssh-client), 8.2 or newer, makes and "
                                 "verifies signatures");
    }
    *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    return 0;
}

/* --- verifying ---------------------------------------------------------------------------------------- */

/* One line with one key: which of several counts, and when, was settled before. */
static int lay_out(struct arena *a, const struct desk *d, const struct signer *x, struct bytes text,
                   struct bytes signature, struct err *e)
{
    const char *line = arena_printf(a, "%s namespaces=\"%s\" %s %s\n", x->person, SIGNERS_NAMESPACE,
                                    x->type, x->encoded);
    return file_write(d->fd, "signers", bytes_str(line), 0600, e) != 0 ||
                   file_write(d->fd, "text", text, 0600, e) != 0 ||
                   file_write(d->fd, "signature", signature, 0600, e) != 0
               ? -1
               : 0;
}

int keygen_verify(struct arena *a, const struct signer *x, struct bytes text,
                  struct bytes signature, const struct ear *ear, const char **why, struct err *e)
{
    struct desk d = {.path = ""};
    int status = 0;
    *why = NULL;
    if (desk_open(a, &d, e) != 0) {
        return -1;
    }
    const char *argv[] = {"ssh-keygen", "-Y", "verify",          "-f", "signers",   "-I",
                          x->person,    "-n", SIGNERS_NAMESPACE, "-s", "signature", NULL};
    const struct child c = {.argv = argv,
                            .out = -1,
                            .dir = d.path,
                            .in = arena_printf(a, "%s/text", d.path),
                            .ear = ear};
    int rc = lay_out(a, &d, x, text, signature, e);
    if (rc == 0) {
        rc = run(&c, VERIFY_MS, &status, e);
    }
    desk_close(&d);
    if (rc == 0 && status != 0) {
        *why = arena_printf(a, "it is no signature of %s over this text", x->person);
    }
    return rc;
}

/* --- signing ------------------------------------------------------------------------------------------ */

/* ssh-keygen passes over a key that others can read with a warning, and says then that there is none. */
static int check_key(const char *key, struct err *e)
{
    struct stat st;
    bool is_public = text_ends(key, ".pub");
    if (stat(key, &st) != 0 || !S_ISREG(st.st_mode)) {
        err_set(e, ERR_CONFIG, "there is no key \"%s\"", key);
        return err_hint(e, "name the file of a private key, or the .pub file of one that an agent "
                           "or a token holds");
    }
    if ((st.st_mode & (is_public ? 022U : 077U)) != 0) {
        err_set(e, ERR_CONFIG, "others may %s the key \"%s\" (mode %04o)",
                is_public ? "change" : "read or change", key, (unsigned)(st.st_mode & 07777U));
        return err_hint(e, "`chmod %s` it; if it was read by others, make a new one",
                        is_public ? "go-w" : "600");
    }
    return 0;
}

static int refuse_key(const char *key, int status, struct err *e)
{
    err_set(e, ERR_CONFIG, "ssh-keygen did not sign with \"%s\" (status %d)", key, status);
    return err_hint(e, "what it says stands above; an agent has to hold the key (`ssh-add -l`), a "
                       "token has to be plugged in");
}

int keygen_sign(struct arena *a, const char *key, struct bytes text, const struct ear *ear,
                struct bytes *signature, struct err *e)
{
    struct desk d = {.path = ""};
    struct err ignored = {0};
    int status = 0;
    if (check_key(key, e) != 0 || desk_open(a, &d, e) != 0) {
        return -1;
    }
    const char *file = arena_printf(a, "%s/text", d.path);
    const char *argv[] = {"ssh-keygen",      "-q", "-Y", "sign", "-f", key, "-n",
                          SIGNERS_NAMESPACE, file, NULL};
    const struct child c = {.argv = argv, .out = STDERR_FILENO, .ear = ear, .is_foreground = true};
    int rc = file_write(d.fd, "text", text, 0600, e);
    if (rc == 0) {
        rc = run(&c, SIGN_MS, &status, e);
    }
    if (rc == 0 && (status != 0 || file_read(a, d.fd, "text.sig", SIGNATURE_MAX, signature, NULL,
                                             &ignored) != 0)) {
        rc = refuse_key(key, status, e);
    }
    desk_close(&d);
    return rc;
}
