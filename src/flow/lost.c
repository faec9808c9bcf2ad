/* Looking for what a lost database left behind. */
#include "flow/lost.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doc/json.h"
#include "evidence/sink.h"
#include "site/exported.h"

/* POSITION_MAX: what a file claims beyond it is no position of any ledger. */
enum {
    RECEIPT_MAX = 64 * 1024 * 1024,
    POSITION_MAX = 100000000,
    IN_SINK = 0,
    IN_EXPORTS = 1,
    IN_CACHE = 2
};

static const char *const places[] = {"sink", "exported receipts", "cache"};

/* One ledger, as far as one place tells. at: when its newest entry was made; "": not told. */
struct candidate {
    struct checkpoint point;
    const char *at;
};

/* The same ledger: the higher position counts, and what both tell of it is put together. Else the one written
 * to last; one without a time only where there is no other. */
static void take(struct candidate *best, const struct candidate *c)
{
    struct checkpoint *b = &best->point;
    if (c->point.sequence < 1 || c->point.sequence > POSITION_MAX) {
        return;
    }
    if (b->sequence == 0) {
        *best = *c;
        return;
    }
    if (strcmp(b->instance, c->point.instance) != 0) {
        if (strcmp(c->at, best->at) > 0) {
            *best = *c;
        }
        return;
    }
    if (c->point.sequence > b->sequence) {
        const char *at = c->at[0] != '\0' ? c->at : best->at;
        *best = *c;
        best->at = at;
        return;
    }
    for (int i = 0; i < 3 && c->point.sequence == b->sequence; i++) {
        b->found_in[i] = b->found_in[i] != NULL ? b->found_in[i] : c->point.found_in[i];
    }
    if (c->point.sequence == b->sequence) {
        b->root = digest_is_zero(&b->root) ? c->point.root : b->root;
        b->previous = digest_is_zero(&b->previous) ? c->point.previous : b->previous;
        b->receipt = digest_is_zero(&b->receipt) ? c->point.receipt : b->receipt;
    }
}

/* A receipt, or pointer, that one of the places has. */
static void take_found(struct candidate *best, const struct exported *x, int place)
{
    struct candidate c = {.point = x->point, .at = x->at};
    c.point.found_in[place] = places[place];
    take(best, &c);
}

/* --- the sink --------------------------------------------------------------------------------------- */

/* "00000012-RUN.json" */
static long long position_of(const char *name)
{
    char *end = NULL;
    long long n = strtoll(name, &end, 10);
    return name[0] >= '0' && name[0] <= '9' && *end == '-' && n <= POSITION_MAX ? n : 0;
}

/* Does the file hold a receipt of entry sequence of that ledger? */
static bool read_sunk(struct site *s, int dirfd, const char *path, const char *instance,
                      int64_t sequence, struct exported *out)
{
    struct err e = {0};
    struct bytes text;
    if (file_read(s->a, dirfd, path, RECEIPT_MAX, &text, NULL, &e) != 0) {
        return false;
    }
    const struct doc *d = json_read(s->a, text, path, &e);
    return d != NULL && site_read_receipt(d, text, out) && out->point.sequence == sequence &&
           strcmp(out->point.instance, instance) == 0;
}

/* The newest receipt of one instance that can be read. */
static void look_at_instance(struct site *s, int dirfd, const char *folder, const char *instance,
                             struct candidate *best)
{
    struct file_names names = {0};
    struct err e = {0};
    const char *path = arena_printf(s->a, "%s/%s", folder, instance);
    if (file_list(s->a, dirfd, path, &names, &e) != 0) {
        return;
    }
    for (size_t i = names.n; i-- > 0;) {
        struct exported x;
        const char *name = names.v[i].name;
        int64_t sequence = position_of(name);
        if (sequence == 0) {
            continue;
        }
        if (read_sunk(s, dirfd, arena_printf(s->a, "%s/%s", path, name), instance, sequence, &x)) {
            take_found(best, &x, IN_SINK);
            return;
        }
        tell_warning(&s->ear, "the sink's %s/%s is no receipt of that ledger: left aside", instance,
                     name);
    }
}

static int look_in_sink(struct site *s, int dirfd, const struct checkpoint *wanted,
                        struct candidate *best, struct err *e)
{
    struct file_names names = {0};
    const char *folder = sink_folder(s->a, s->project->sink, s->env->name);
    if (file_list(s->a, dirfd, folder, &names, e) < 0) {
        return -1;
    }
    for (size_t i = 0; i < names.n; i++) {
        if (site_is_instance(names.v[i].name) &&
            (wanted == NULL || strcmp(wanted->instance, names.v[i].name) == 0)) {
            look_at_instance(s, dirfd, folder, names.v[i].name, best);
        }
    }
    return 0;
}

/* --- exported receipts ------------------------------------------------------------------------------ */

/* What the walk over exported receipts is for. */
struct looking {
    const struct checkpoint *wanted;
    struct candidate *best;
};

static void take_export(void *ctx, const struct exported *x)
{
    const struct looking *l = ctx;
    if (l->wanted == NULL || strcmp(l->wanted->instance, x->point.instance) == 0) {
        take_found(l->best, x, IN_EXPORTS);
    }
}

static void look_in_cache(struct site *s, const struct checkpoint *wanted, struct candidate *best)
{
    struct candidate c = {.at = ""};
    if (site_remembered(s, &c.point, &c.at) &&
        (wanted == NULL || strcmp(wanted->instance, c.point.instance) == 0)) {
        c.point.found_in[IN_CACHE] = places[IN_CACHE];
        take(best, &c);
    }
}

/* --- what its receipts say -------------------------------------------------------------------------- */

static void read_sources(struct site *s, const struct doc *list, struct known_content *out)
{
    out->source = ARENA_ARRAY(s->a, struct known_source, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        struct known_source *k = &out->source[out->n];
        const struct projection_source named = {.dataset = doc_str(d, "dataset", ""),
                                                .version = doc_str(d, "dataset_version_id", ""),
                                                .asset = doc_str(d, "asset", ""),
                                                .into = doc_str(d, "into", "")};
        k->key = run_source_key(s->a, &named);
        k->content.rows = doc_num(d, "rows", -1);
        if (k->content.rows >= 0 &&
            digest_parse(doc_str(d, "fingerprint", ""), &k->content.sum) == 0) {
            out->n++;
        }
    }
}

/* Does this receipt tell what a generation held that is wanted now, and that no newer one told of? */
static void read_publication(struct site *s, const struct doc *receipt, int64_t sequence,
                             struct lost *out)
{
    const struct doc *d = doc_find(receipt, "claim.projection");
    struct digest generation;
    struct lost_content c = {.sequence = sequence};
    if (strcmp(doc_str(receipt, "result", ""), "success") != 0 ||
        digest_parse(doc_str(d, "digest", ""), &generation) != 0 ||
        digest_parse(doc_str(d, "content", ""), &c.known.content) != 0) {
        return;
    }
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct projection_input *in = s->plan.projections[i].in;
        if (strcmp(in->p->name, doc_str(d, "name", "")) != 0 ||
            !digest_eq(&in->digest, &generation) || lost_content_of(out, in) != NULL) {
            continue;
        }
        c.projection = in->p->name;
        c.generation = generation;
        c.known.whence =
            arena_printf(s->a, "ledger entry %lld of the lost ledger", (long long)sequence);
        read_sources(s, doc_get(d, "sources"), &c.known);
        ARENA_GROW(s->a, out->content, out->n_content, out->cap_content);
        out->content[out->n_content++] = c;
    }
}

static int read_sink(struct site *s, int dirfd, struct lost *out, struct err *e)
{
    struct file_names names = {0};
    const char *folder = arena_printf(
        s->a, "%s/%s", sink_folder(s->a, s->project->sink, s->env->name), out->last.instance);
    if (file_list(s->a, dirfd, folder, &names, e) < 0) {
        return -1;
    }
    for (size_t i = names.n; i-- > 0;) {
        struct bytes text;
        struct err ignored;
        long long n = position_of(names.v[i].name);
        if (n < 1 || n > out->last.sequence) {
            continue;
        }
        out->in_sink[n] = true;
        const char *path = arena_printf(s->a, "%s/%s", folder, names.v[i].name);
        if (file_read(s->a, dirfd, path, RECEIPT_MAX, &text, NULL, &ignored) == 0 &&
            memmem(text.p, text.n, "\"projection_publish\"", 20) != NULL) {
            const struct doc *d = json_read(s->a, text, path, &ignored);
            if (d != NULL) {
                read_publication(s, d, n, out);
            }
        }
    }
    return 0;
}

int lost_find(struct site *s, const struct checkpoint *wanted, struct lost *out, struct err *e)
{
    struct candidate best = {.at = ""};
    bool is_narrow = wanted != NULL && wanted->sequence > 0;
    int dirfd = -1;
    int rc = 0;
    *out = (struct lost){.has_sink = s->project->sink != NULL};
    if (wanted != NULL && !is_narrow) {
        return 0; /* nothing was known when the recovery began */
    }
    if (out->has_sink) {
        dirfd = sink_root(s->project->sink, s->project->dirfd);
        rc = look_in_sink(s, dirfd, wanted, &best, e);
    }
    if (rc == 0) {
        struct looking l = {wanted, &best};
        for (size_t i = 0; i < s->project->n_bundle; i++) {
            site_exports(s, &s->project->bundle[i], take_export, &l);
        }
        look_in_cache(s, wanted, &best);
        out->last = is_narrow && wanted->sequence <= POSITION_MAX ? *wanted : best.point;
        out->in_sink = ARENA_ARRAY(s->a, bool, (size_t)out->last.sequence + 2);
    }
    if (rc == 0 && out->has_sink && out->last.sequence > 0) {
        rc = read_sink(s, dirfd, out, e);
    }
    if (dirfd >= 0) {
        (void)close(dirfd);
    }
    return rc;
}

const struct lost_content *lost_content_of(const struct lost *l, const struct projection_input *in)
{
    for (size_t i = 0; i < l->n_content; i++) {
        if (strcmp(l->content[i].projection, in->p->name) == 0 &&
            digest_eq(&l->content[i].generation, &in->digest)) {
            return &l->content[i];
        }
    }
    return NULL;
}

const char *lost_positions(struct arena *a, const struct lost *l)
{
    struct buf b = {0};
    for (int64_t i = 1; i <= l->last.sequence; i++) {
        int64_t from = i;
        if (l->in_sink[i]) {
            continue;
        }
        while (i < l->last.sequence && !l->in_sink[i + 1]) {
            i++;
        }
        buf_printf(&b, "%s%lld", b.n > 0 ? ", " : "", (long long)from);
        if (i > from) {
            buf_printf(&b, "-%lld", (long long)i);
        }
    }
    const char *text = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return text;
}
