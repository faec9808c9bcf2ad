/* The list of what was provisioned. Bound to the cluster's system identifier: a new cluster has nothing
 * yet. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "pg/server.h"

static const char head[] = "kfmig-embedded 1\n";

/* pg_control starts with the identifier, in the machine's byte order; initdb made it from the time and its
 * process. */
static bool read_identifier(const struct home *h, uint64_t *out)
{
    struct arena a = {0};
    struct bytes text = {0};
    bool good = server_file(&a, h->data, "global/pg_control", &text) && text.n >= sizeof *out;
    if (good) {
        memcpy(out, text.p, sizeof *out);
    }
    arena_release(&a);
    return good;
}

static bool add_head(const struct home *h, struct buf *b)
{
    uint64_t id = 0;
    if (!read_identifier(h, &id)) {
        return false;
    }
    buf_puts(b, head);
    buf_printf(b, "system %" PRIu64 "\n", id);
    return true;
}

/* Is "kind name" a line of text? */
static bool has_line(const char *text, const char *kind, const char *name)
{
    struct buf line = {0};
    buf_printf(&line, "\n%s %s\n", kind, name);
    bool found = strstr(text, buf_str(&line)) != NULL;
    buf_release(&line);
    return found;
}

static bool covers(const char *text, const struct embedded_options *o)
{
    for (size_t i = 0; i < o->n_extensions; i++) {
        if (!has_line(text, "extension", o->extensions[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < o->n_roles; i++) {
        if (!has_line(text, "role", o->roles[i])) {
            return false;
        }
    }
    return true;
}

/* The stamp's text if it is about this cluster. */
static const char *read_stamp(const struct home *h, struct arena *a)
{
    struct buf want = {0};
    struct bytes text = {0};
    bool good = add_head(h, &want) && server_file(a, h->dir, "stamp", &text) && text.n >= want.n &&
                memcmp(text.p, want.p, want.n) == 0;
    buf_release(&want);
    return good ? text.p : NULL;
}

bool stamp_covers(const struct home *h, const struct embedded_options *o)
{
    struct arena a = {0};
    const char *text = read_stamp(h, &a);
    bool yes = text != NULL && covers(text, o);
    arena_release(&a);
    return yes;
}

static void add_lines(struct buf *b, const char *kind, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!has_line(buf_str(b), kind, names[i])) {
            buf_printf(b, "%s %s\n", kind, names[i]);
        }
    }
}

/* What an earlier list brought stays: projects and tests that want different things share one server. */
int stamp_write(const struct home *h, const struct embedded_options *o, struct err *e)
{
    char path[SERVER_PATH];
    struct arena a = {0};
    struct buf b = {0};
    const char *old = read_stamp(h, &a);
    int rc = 0;
    if (old != NULL) {
        buf_puts(&b, old);
    } else if (!add_head(h, &b)) {
        rc = err_set(e, ERR_PREFLIGHT, "\"%s\" holds no readable global/pg_control", h->data);
    }
    if (rc == 0) {
        add_lines(&b, "extension", o->extensions, o->n_extensions);
        add_lines(&b, "role", o->roles, o->n_roles);
        (void)snprintf(path, sizeof path, "%s/stamp", h->dir);
        rc = file_write(AT_FDCWD, path, buf_bytes(&b), 0644, e);
    }
    arena_release(&a);
    buf_release(&b);
    return rc;
}
