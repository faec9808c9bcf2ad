/* The receipt sink. */
#include "cli/sink.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doc/json.h"

enum { RECEIPT_MAX = 64 * 1024 * 1024 };

static const char *folder_of(struct session *s, const struct link *l)
{
    return arena_printf(s->a, "%s/%s/%s", s->project.sink, l->env->name, l->id.uuid);
}

/* The sink may stand outside the project: absolute paths are taken as they are. */
int sink_root(struct session *s)
{
    return s->project.sink[0] == '/' ? open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                     : dup(s->project.dirfd);
}

static const char *beneath(const char *path)
{
    return path + strspn(path, "/");
}

const char *sink_folder(struct session *s, const struct env *env)
{
    return beneath(arena_printf(s->a, "%s/%s", s->project.sink, env->name));
}

/* present[n] for n in 1..size: is the receipt of position n there? *newest: the highest one's name. */
static int look(struct session *s, int dirfd, const char *folder, int64_t size, bool *present,
                int64_t *highest, const char **newest, struct err *e)
{
    struct file_names names = {0};
    *highest = 0;
    *newest = NULL;
    int rc = file_list(s->a, dirfd, folder, &names, e);
    for (size_t i = 0; rc == 0 && i < names.n; i++) {
        char *end = NULL;
        long long n = strtoll(names.v[i].name, &end, 10);
        if (n < 1 || *end != '-') {
            continue;
        }
        if (n <= size && present != NULL) {
            present[n] = true;
        }
        if (n > *highest) {
            *highest = n;
            *newest = names.v[i].name;
        }
    }
    return rc < 0 ? -1 : 0;
}

static int write_missing(struct session *s, int dirfd, const char *folder,
                         const struct receipt_rows *rows, const bool *present, struct err *e)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct receipt_row *r = &rows->v[i];
        if (present[r->sequence]) {
            continue;
        }
        const char *path =
            arena_printf(s->a, "%s/%08lld-%s.json", folder, (long long)r->sequence, r->run_id);
        if (file_write(dirfd, path, r->body, 0644, e) != 0) {
            e->code = ERR_VALIDATE;
            return -1;
        }
    }
    return 0;
}

int sink_deliver(struct session *s, struct link *l, struct err *e)
{
    if (s->project.sink == NULL || s->dbname != NULL || !l->id.has_ledger || l->pg == NULL ||
        !pg_is_alive(l->pg)) {
        return 0;
    }
    const char *folder = beneath(folder_of(s, l));
    const char *newest = NULL;
    int64_t highest = 0;
    int64_t first = 1;
    struct receipt_rows rows = {0};
    bool *present = ARENA_ARRAY(s->a, bool, (size_t)l->id.size + 2);
    int dirfd = sink_root(s);
    int rc = look(s, dirfd, folder, l->id.size, present, &highest, &newest, e);
    while (first <= l->id.size && present[first]) {
        first++;
    }
    if (rc == 0 && first <= l->id.size) {
        rc = ledger_receipts(l->pg, first - 1, NULL, s->a, &rows, e);
    }
    if (rc == 0) {
        rc = write_missing(s, dirfd, folder, &rows, present, e);
    }
    (void)close(dirfd);
    return rc;
}

static struct digest root_before(const struct link *l, int64_t sequence)
{
    struct merkle m = {0};
    for (int64_t i = 0; i + 1 < sequence; i++) {
        struct digest leaf = merkle_leaf(l->entries.v[i].text);
        merkle_add(&m, &leaf);
    }
    return merkle_root(&m);
}

static int check_newest(struct session *s, const struct link *l, int dirfd, const char *path,
                        int64_t sequence, struct err *e)
{
    struct bytes text;
    struct digest said = {0};
    if (file_read(s->a, dirfd, path, RECEIPT_MAX, &text, NULL, e) != 0) {
        return -1;
    }
    struct doc *d = json_read(s->a, text, path, e);
    if (d == NULL) {
        return -1;
    }
    const struct doc *previous = doc_find(d, "ledger.previous");
    struct digest before = root_before(l, sequence);
    if (previous == NULL || previous->type != DOC_TEXT ||
        digest_parse(previous->text.p, &said) != 0 || !digest_eq(&said, &before)) {
        err_set(e, ERR_INTEGRITY,
                "the ledger of \"%s\" is not the one that receipt %lld in the sink was taken from",
                l->env->name, (long long)sequence);
        return err_hint(e, "history was rewritten; compare with `kfmig receipt verify %s`",
                        l->env->name);
    }
    return 0;
}

int sink_check(struct session *s, const struct link *l, struct err *e)
{
    if (s->project.sink == NULL || !l->id.has_ledger) {
        return 0;
    }
    const char *folder = beneath(folder_of(s, l));
    const char *newest = NULL;
    int64_t highest = 0;
    int dirfd = sink_root(s);
    int rc = look(s, dirfd, folder, l->id.size, NULL, &highest, &newest, e);
    if (rc == 0 && highest > l->id.size) {
        err_set(e, ERR_INTEGRITY,
                "the ledger of \"%s\" has %lld entries, the sink has receipts up to %lld",
                l->env->name, (long long)l->id.size, (long long)highest);
        rc = err_hint(e, "was the database restored from a backup? what happened since is in %s",
                      s->project.sink);
    } else if (rc == 0 && highest > 0) {
        rc = check_newest(s, l, dirfd, arena_printf(s->a, "%s/%s", folder, newest), highest, e);
    }
    (void)close(dirfd);
    return rc;
}
