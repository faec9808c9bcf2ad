/* Reading who may sign. */
#include "approval/signers.h"

#include <limits.h>
#include <string.h>

#include "approval/armor.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"

enum { LIMIT_SIGNERS = 1024 * 1024, PERSON_MAX = 200 };

struct signers_work {
    struct arena *a;
    const char *path;
    int line;
    struct signers *out;
    struct err_list *faults;
};

static void PRINTF_LIKE(3, 4)
    fault(const struct signers_work *w, const char *hint, const char *fmt, ...)
{
    struct buf msg = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&msg, fmt, ap);
    va_end(ap);
    err_list_addf(w->faults, ERR_CONFIG, w->path, w->line, 1, hint, "%s", buf_str(&msg));
    buf_release(&msg);
}

/* --- principals ------------------------------------------------------------------------------------- */

/* Patterns, as ssh-keygen takes them, are no names: a role that "*" has is everybody's. */
static bool is_name(const char *s)
{
    size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@._+-");
    return n > 0 && s[n] == '\0' && n <= PERSON_MAX && s[0] != '-';
}

static bool read_principals(const struct signers_work *w, char *text, struct signer *x)
{
    char *rest = text;
    x->person = strsep(&rest, ",");
    bool good = is_name(x->person);
    for (char *role = strsep(&rest, ","); role != NULL && good; role = strsep(&rest, ",")) {
        good = is_name(role) && !names_have(&x->roles, role) && strcmp(role, x->person) != 0;
        names_add(w->a, &x->roles, role);
    }
    if (!good) {
        fault(w, "write the person, then the roles: ann@example.org,kfm-platform",
              "principals are names, each once, without patterns or quotes");
    }
    return good;
}

/* --- options ---------------------------------------------------------------------------------------- */

/* "20261231Z", "202612312359Z", "20261231235959Z" as clock_text() has it; NULL: it is none of that. */
static const char *moment_of(struct arena *a, const char *text, int64_t *us)
{
    size_t n = strspn(text, "0123456789");
    if ((n != 8 && n != 12 && n != 14) || strcmp(text + n, "Z") != 0) {
        return NULL;
    }
    const char *digits = arena_printf(a, "%.*s%s", (int)n, text, "000000" + (n - 8));
    const char *out = arena_printf(a, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s.000000Z", digits, digits + 4,
                                   digits + 6, digits + 8, digits + 10, digits + 12);
    return clock_read(out, us) == 0 ? out : NULL;
}

static bool read_moment(const struct signers_work *w, const char *name, const char *value,
                        const char **text, int64_t *us)
{
    *text = moment_of(w->a, value, us);
    if (*text == NULL) {
        fault(
            w, "write it in UTC, with a Z: 20261231Z, 202612312359Z",
            "%s is \"%s\", which ssh-keygen takes by the local time of whoever runs it, or not at "
            "all",
            name, value);
    }
    return *text != NULL;
}

static void read_namespaces(struct signer *x, char *list)
{
    x->is_ours = false;
    for (char *one = strsep(&list, ","); one != NULL; one = strsep(&list, ",")) {
        x->is_ours = x->is_ours || strcmp(one, SIGNERS_NAMESPACE) == 0;
    }
}

static bool read_option(const struct signers_work *w, const char *name, char *value,
                        struct signer *x)
{
    if (strcmp(name, "valid-after") == 0) {
        return read_moment(w, name, value, &x->from, &x->from_us);
    }
    if (strcmp(name, "valid-before") == 0) {
        return read_moment(w, name, value, &x->until, &x->until_us);
    }
    if (strcmp(name, "namespaces") == 0) {
        read_namespaces(x, value);
        return true;
    }
    fault(w,
          "options are namespaces=\"kfmig\", valid-after=\"20260101Z\", valid-before=\"20270101Z\"",
          "the option \"%s\" is not taken: authorities that sign keys, and what only some "
          "ssh-keygens know, make a line mean different things",
          name);
    return false;
}

/* NAME="VALUE",... at *text, which moves behind it and its blank. */
static bool read_options(const struct signers_work *w, char **text, struct signer *x)
{
    for (;;) {
        size_t n = strspn(*text, "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        char *name = arena_strndup(w->a, *text, n);
        char *at = *text + n;
        char *end = at[0] == '=' && at[1] == '"' ? strchr(at + 2, '"') : NULL;
        char *value = end != NULL ? arena_strndup(w->a, at + 2, (size_t)(end - at - 2)) : NULL;
        at = end != NULL ? end + 1 : at;
        if (value == NULL && strcmp(name, "cert-authority") != 0) {
            fault(w, "write NAME=\"VALUE\" between the principals and the key",
                  "what stands between the principals and the key is no option");
            return false;
        }
        if (!read_option(w, name, value, x)) {
            return false;
        }
        if (*at == ' ') {
            *text = at + 1;
            return true;
        }
        *text = at + (*at == ',');
    }
}

/* --- keys ------------------------------------------------------------------------------------------- */

static bool is_type(const char *s)
{
    static const char *const types[] = {"ssh-ed25519",
                                        "sk-ssh-ed25519@openssh.com",
                                        "ecdsa-sha2-nistp256",
                                        "ecdsa-sha2-nistp384",
                                        "ecdsa-sha2-nistp521",
                                        "sk-ecdsa-sha2-nistp256@openssh.com",
                                        "ssh-rsa"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i], s) == 0) {
            return true;
        }
    }
    return false;
}

/* "TYPE KEY [COMMENT]" */
static bool read_key(const struct signers_work *w, char *text, struct signer *x)
{
    char *rest = text;
    x->type = strsep(&rest, " ");
    x->encoded = rest != NULL ? strsep(&rest, " ") : "";
    const char *inside = NULL;
    if (is_type(x->type) && base64_read(w->a, bytes_str(x->encoded), &x->key) == 0) {
        inside = key_type(w->a, x->key);
    }
    if (inside == NULL || strcmp(inside, x->type) != 0) {
        fault(w, "put the line of the person's .pub file there: TYPE and key",
              "there is no public key of a type that signs");
        return false;
    }
    x->fingerprint = key_fingerprint(w->a, x->key);
    return true;
}

/* --- lines ------------------------------------------------------------------------------------------ */

static void add_signer(const struct signers_work *w, char *line)
{
    struct signer x = {.from_us = INT64_MIN,
                       .until_us = INT64_MAX,
                       .from = "",
                       .until = "",
                       .is_ours = true,
                       .line = w->line};
    char *rest = line;
    char *principals = strsep(&rest, " ");
    char *first = rest != NULL ? arena_strndup(w->a, rest, strcspn(rest, " ")) : NULL;
    if (first == NULL) {
        fault(w, "write the person, then the roles: ann@example.org,kfm-platform TYPE KEY",
              "the line names no key");
        return;
    }
    if (!read_principals(w, principals, &x) || (!is_type(first) && !read_options(w, &rest, &x)) ||
        !read_key(w, rest, &x)) {
        return;
    }
    const struct signer *other = signers_find(w->out, x.key);
    if (other != NULL) {
        fault(w, "keep one line for each key, with all roles of its person",
              "the key %s stands in line %d already: which of the two counts nobody could tell",
              x.fingerprint, other->line);
        return;
    }
    ARENA_GROW(w->a, w->out->v, w->out->n, w->out->cap);
    w->out->v[w->out->n++] = x;
}

static void add_revoked(const struct signers_work *w, char *line)
{
    struct signer x = {.type = NULL};
    if (strncmp(line, "SHA256:", 7) == 0 && strlen(line) == 50) {
        names_add(w->a, &w->out->revoked, line);
    } else if (read_key(w, line, &x)) {
        names_add(w->a, &w->out->revoked, x.fingerprint);
    }
}

/* Each line that says something; blanks and tabs at both ends do not count. */
static void walk(struct signers_work *w, struct bytes text,
                 void (*add)(const struct signers_work *w, char *line))
{
    size_t at = 0;
    const char *what = NULL;
    if (text_check(text, &at, &what) != 0) {
        int col = 0;
        text_place(text, at, &w->line, &col);
        fault(w, "it is a text, a line for each key; binary lists (KRL) are not taken",
              "it holds what is no text: %s", what);
        return;
    }
    char *rest = arena_strndup(w->a, text.p != NULL ? text.p : "", text.n);
    while (rest != NULL) {
        char *line = strsep(&rest, "\n");
        w->line++;
        line += strspn(line, " \t");
        size_t n = strlen(line);
        while (n > 0 && strchr(" \t\r", line[n - 1]) != NULL) {
            line[--n] = '\0';
        }
        if (n > 0 && line[0] != '#') {
            add(w, line);
        }
    }
}

void signers_read(struct arena *a, struct bytes text, const char *path, struct signers *out,
                  struct err_list *faults)
{
    struct signers_work w = {.a = a, .path = path, .out = out, .faults = faults};
    out->is_there = true;
    out->text = text;
    out->digest = digest_of(text);
    walk(&w, text, add_signer);
}

void signers_read_revoked(struct arena *a, struct bytes text, const char *path, struct signers *out,
                          struct err_list *faults)
{
    struct signers_work w = {.a = a, .path = path, .out = out, .faults = faults};
    walk(&w, text, add_revoked);
}

void signers_load(struct arena *a, int dirfd, struct signers *out, struct err_list *faults)
{
    struct bytes text;
    struct err e = {0};
    *out = (struct signers){.n = 0};
    int rc = file_read(a, dirfd, SIGNERS_PATH, LIMIT_SIGNERS, &text, NULL, &e);
    if (rc == 0) {
        signers_read(a, text, SIGNERS_PATH, out, faults);
        rc = file_read(a, dirfd, REVOKED_PATH, LIMIT_SIGNERS, &text, NULL, &e);
        if (rc == 0) {
            signers_read_revoked(a, text, REVOKED_PATH, out, faults);
        } else if (rc == 1) {
            err_list_addf(
                faults, ERR_CONFIG, REVOKED_PATH, 0, 0,
                "make it, be it empty, and keep it: `touch " REVOKED_PATH "`",
                "the list of revoked keys is not there: whether one was lost nobody could "
                "tell");
        }
    }
    if (rc < 0) {
        err_list_add(faults, &e);
    }
}

/* --- what a key is worth ------------------------------------------------------------------------------ */

const struct signer *signers_find(const struct signers *l, struct bytes key)
{
    for (size_t i = 0; i < l->n; i++) {
        if (bytes_eq(l->v[i].key, key)) {
            return &l->v[i];
        }
    }
    return NULL;
}

const char *signer_fault(struct arena *a, const struct signers *l, const struct signer *x,
                         int64_t signed_us, int64_t now_us)
{
    if (names_have(&l->revoked, x->fingerprint)) {
        return arena_printf(a, "the key %s of %s is revoked", x->fingerprint, x->person);
    }
    if (!x->is_ours) {
        return arena_printf(a, "the key of %s may not sign in the namespace " SIGNERS_NAMESPACE,
                            x->person);
    }
    if (signed_us < x->from_us || now_us < x->from_us) {
        return arena_printf(a, "the key of %s counts from %s on", x->person, x->from);
    }
    if (signed_us >= x->until_us || now_us >= x->until_us) {
        return arena_printf(a, "the key of %s expired at %s", x->person, x->until);
    }
    return NULL;
}

bool signers_have_role(const struct signers *l, const char *role)
{
    for (size_t i = 0; i < l->n; i++) {
        if (names_have(&l->v[i].roles, role)) {
            return true;
        }
    }
    return false;
}
