/* The receipt sink. */
#include "evidence/sink.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doc/json.h"

enum { RECEIPT_MAX = 64 * 1024 * 1024 };

/* The sink may stand outside the project: absolute paths are taken as they are. */
int sink_root(const char *sink, int dirfd)
{
    return sink[0] == '/' ? open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : dup(dirfd);
}

const char *sink_folder(struct arena *a, const char *sink, const char *env)
{
    return arena_printf(a, "%s/%s", sink + strspn(sink, "/"), env);
}

/* One look into the sink, or delivery to it. a: of that only. */
struct delivery {
    const struct archive *r;
    struct arena *a;
    int dirfd;
    const char *folder; /* SINK/ENV/INSTANCE */
    bool *present;      /* present[n] for n in 1..size: is the receipt of position n there? */
    int64_t highest;    /* the highest position there; 0: none */
    const char *newest; /* its name */
};

static int look(struct delivery *d, struct err *e)
{
    struct file_names names = {0};
    int64_t size = d->r->id->size;
    d->folder =
        arena_printf(d->a, "%s/%s", sink_folder(d->a, d->r->sink, d->r->env->name), d->r->id->uuid);
    d->present = ARENA_ARRAY(d->a, bool, (size_t)size + 2);
    d->dirfd = sink_root(d->r->sink, d->r->dirfd);
    int rc = file_list(d->a, d->dirfd, d->folder, &names, e);
    for (size_t i = 0; rc == 0 && i < names.n; i++) {
        char *end = NULL;
        long long n = strtoll(names.v[i].name, &end, 10);
        if (n < 1 || *end != '-') {
            continue;
        }
        if (n <= size) {
            d->present[n] = true;
        }
        if (n > d->highest) {
            d->highest = n;
            d->newest = names.v[i].name;
        }
    }
    return rc < 0 ? -1 : 0;
}

static int write_missing(void *ctx, const struct receipt_row *row, struct err *e)
{
    struct delivery *d = ctx;
    struct arena a = {0};
    if (row->sequence > d->r->id->size || d->present[row->sequence]) {
        return 0;
    }
    const char *path =
        arena_printf(&a, "%s/%08lld-%s.json", d->folder, (long long)row->sequence, row->run_id);
    int rc = file_write(d->dirfd, path, row->body, 0644, e);
    arena_release(&a);
    if (rc != 0) {
        e->code = ERR_VALIDATE;
    }
    return rc;
}

int sink_deliver(const struct archive *r, struct err *e)
{
    struct arena a = {0};
    struct delivery d = {.r = r, .a = &a};
    int64_t first = 1;
    if (r->sink == NULL || !r->id->has_ledger) {
        return 0;
    }
    int rc = look(&d, e);
    while (first <= r->id->size && d.present[first]) {
        first++;
    }
    if (rc == 0 && first <= r->id->size) {
        rc = r->ledger.receipts(r->ledger.ctx, first - 1, write_missing, &d, e);
    }
    (void)close(d.dirfd);
    arena_release(&a);
    return rc;
}

static struct digest root_before(const struct entries *entries, int64_t sequence)
{
    struct merkle m = {0};
    for (int64_t i = 0; i + 1 < sequence; i++) {
        merkle_add(&m, &entries->v[i].leaf);
    }
    return merkle_root(&m);
}

static int check_newest(const struct delivery *d, struct err *e)
{
    struct bytes text;
    struct digest said = {0};
    const char *path = arena_printf(d->a, "%s/%s", d->folder, d->newest);
    if (file_read(d->a, d->dirfd, path, RECEIPT_MAX, &text, NULL, e) != 0) {
        return -1;
    }
    const struct doc *receipt = json_read(d->a, text, path, e);
    if (receipt == NULL) {
        return -1;
    }
    const struct doc *previous = doc_find(receipt, "ledger.previous");
    struct digest before = root_before(d->r->entries, d->highest);
    if (previous == NULL || previous->type != DOC_TEXT ||
        digest_parse(previous->text.p, &said) != 0 || !digest_eq(&said, &before)) {
        err_set(e, ERR_INTEGRITY,
                "the ledger of \"%s\" is not the one that receipt %lld in the sink was taken from",
                d->r->env->name, (long long)d->highest);
        return err_hint(e, "history was rewritten; compare with `kfmig receipt verify %s`",
                        d->r->env->name);
    }
    return 0;
}

int sink_check(const struct archive *r, bool *is_known, struct err *e)
{
    struct arena a = {0};
    struct delivery d = {.r = r, .a = &a};
    *is_known = false;
    if (r->sink == NULL || !r->id->has_ledger) {
        return 0;
    }
    int rc = look(&d, e);
    if (rc == 0 && d.highest > r->id->size) {
        err_set(e, ERR_INTEGRITY,
                "the ledger of \"%s\" has %lld entries, the sink has receipts up to %lld",
                r->env->name, (long long)r->id->size, (long long)d.highest);
        rc = err_hint(e, "was the database restored from a backup? what happened since is in %s",
                      r->sink);
    } else if (rc == 0 && d.highest > 0) {
        rc = check_newest(&d, e);
    }
    *is_known = d.highest > 0;
    (void)close(d.dirfd);
    arena_release(&a);
    return rc;
}
