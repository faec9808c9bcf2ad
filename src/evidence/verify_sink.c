/* The receipt sink against the ledger. */
#include "evidence/verify_sink.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evidence/sink.h"
#include "evidence/verify_exports.h"

enum { RECEIPT_MAX = 64 * 1024 * 1024 };

/* One look at SINK/ENV/INSTANCE. present[n]: a file is there for position n. */
struct sunk {
    const struct archive *r;
    const struct entries *entries;
    struct arena *a; /* of the findings */
    struct verified *v;
    int dirfd;
    const char *folder;
    bool *present;
    int64_t beyond; /* the highest position behind the ledger's last one; 0: none */
};

#define find(x, path, ...) verify_found((x)->v, (x)->a, "sink", (path), __VA_ARGS__)

static void check_file(struct sunk *x, const char *name, int64_t sequence)
{
    struct arena a = {0};
    struct bytes text;
    struct err e = {0};
    const char *path = arena_printf(&a, "%s/%s", x->folder, name);
    if (file_read(&a, x->dirfd, path, RECEIPT_MAX, &text, NULL, &e) != 0) {
        find(x, path, "%s", e.msg);
    } else {
        struct digest have = digest_of(text);
        bool is_good = digest_eq(&have, &x->entries->v[sequence - 1].receipt);
        x->v->n_sunk += is_good;
        if (!is_good) {
            find(x, path, "not the receipt of ledger entry %lld", (long long)sequence);
        }
    }
    arena_release(&a);
}

static void check_names(struct sunk *x, const struct file_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        char *end = NULL;
        long long n = strtoll(names->v[i].name, &end, 10);
        if (n < 1 || *end != '-') {
            continue; /* a file on its way there has another name */
        }
        if ((size_t)n > x->entries->n) {
            x->beyond = n > x->beyond ? n : x->beyond;
            continue;
        }
        x->present[n] = true;
        check_file(x, names->v[i].name, n);
    }
}

static void check_missing(struct sunk *x)
{
    for (size_t n = 1; n <= x->entries->n; n++) {
        if (!x->present[n]) {
            find(x, x->folder, "lacks the receipt of ledger entry %zu: the next run delivers it",
                 n);
        }
    }
}

/* What a run writes and delivers meanwhile is right. */
static void check_beyond(struct sunk *x)
{
    struct identity now;
    struct err e = {0};
    const struct ledger_source *l = &x->r->ledger;
    if (x->beyond > 0 && (l->identity(l->ctx, &now, &e) != 0 || x->beyond > now.size)) {
        find(x, x->folder, "has a receipt of entry %lld, the ledger has %zu entries",
             (long long)x->beyond, x->entries->n);
    }
}

void verify_sink(const struct archive *r, const struct entries *entries, struct arena *a,
                 struct verified *v)
{
    struct arena own = {0};
    struct file_names names = {0};
    struct err e = {0};
    struct sunk x = {.r = r, .entries = entries, .a = a, .v = v};
    if (r->sink == NULL) {
        return;
    }
    x.folder = arena_printf(&own, "%s/%s", sink_folder(&own, r->sink, r->env->name), r->id->uuid);
    x.present = ARENA_ARRAY(&own, bool, entries->n + 1);
    x.dirfd = sink_root(r->sink, r->dirfd);
    if (x.dirfd < 0 || file_list(&own, x.dirfd, x.folder, &names, &e) < 0) {
        find(&x, x.folder, "%s", x.dirfd < 0 ? "cannot be read" : e.msg);
    } else {
        check_names(&x, &names);
        check_missing(&x);
        check_beyond(&x);
    }
    if (x.dirfd >= 0) {
        (void)close(x.dirfd);
    }
    arena_release(&own);
}
