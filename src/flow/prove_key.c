/* What a proof depends on, and what is remembered of it. */
#include <stdio.h>
#include <string.h>

#include "doc/canon.h"
#include "doc/json.h"
#include "flow/prove_parts.h"

/* Raise it where what is tried, or how it is judged, changes. */
enum { PROOF_RULES = 2 };
static const char kind[] = "proof";

/* --- keys -------------------------------------------------------------------------------------------- */

static void add_number(struct digester *d, const char *name, int64_t v)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)v);
    digester_field(d, name, bytes_of(text, (size_t)n));
}

static void add_digest(struct digester *d, const char *name, const struct digest *v)
{
    digester_field(d, name, bytes_of((const char *)v->b, sizeof v->b));
}

static void add_names(struct digester *d, const char *name, const struct names *l)
{
    for (size_t i = 0; i < l->n; i++) {
        digester_field(d, name, bytes_str(l->v[i]));
    }
}

/* Of everything but the migrations: where it is tried, with what, and by which rules. */
static struct digest surroundings(const struct test_run *p, int version)
{
    struct digester *d = digester_open("kfmig.proof-place.v1");
    add_number(d, "rules", PROOF_RULES);
    digester_field(d, "environment", bytes_str(p->env.name));
    digester_field(d, "server",
                   bytes_str(p->o->server_ref != NULL ? p->o->server_ref : "embedded"));
    digester_field(d, "template", bytes_str(p->o->template != NULL ? p->o->template : ""));
    add_number(d, "version", version);
    add_number(d, "limit", p->o->limit_ms);
    add_digest(d, "seeds", &p->seeds.digest);
    add_digest(d, "workload", &p->workload.digest);
    add_names(d, "extension", &p->env.extensions);
    add_names(d, "role", &p->env.roles);
    add_names(d, "protected schema", &p->s->project->domains.schemas);
    add_names(d, "protected table", &p->s->project->domains.tables);
    add_names(d, "protected role", &p->s->project->domains.roles);
    return digester_close(d);
}

/* The migration itself, and whether its file says that it is idempotent: what is no part of its checksum. */
static struct digest key_of(const struct proof *p, const struct digest *place)
{
    struct digester *d = digester_open("kfmig.proof.v1");
    add_digest(d, "place", place);
    add_digest(d, "before", &p->before);
    add_digest(d, "checksum", &p->bundle->checksum);
    add_digest(d, "declaration", &p->bundle->bundle_digest);
    return digester_close(d);
}

/* --- what is remembered ------------------------------------------------------------------------------- */

static struct doc *digest_doc(struct arena *a, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return doc_text(a, digest_text(d, text));
}

static struct doc *kept_doc(struct arena *a, const struct proof *p, const struct digest *place)
{
    struct doc *d = doc_new(a, DOC_MAP);
    const struct proof_found *f = p->found;
    doc_put(a, d, "key", digest_doc(a, &p->key));
    doc_put(a, d, "place", digest_doc(a, place));
    doc_put(a, d, "before", digest_doc(a, &p->before));
    doc_put(a, d, "checksum", digest_doc(a, &p->bundle->checksum));
    doc_put(a, d, "down", doc_int(a, f->down));
    doc_put(a, d, "seeds", doc_int(a, (int64_t)f->n_seeds));
    struct doc *parts = doc_put(a, d, "parts", doc_new(a, DOC_LIST));
    for (int i = 0; i < PROOF_PARTS; i++) {
        struct doc *x = doc_push(a, parts, doc_new(a, DOC_MAP));
        doc_put(a, x, "end", doc_int(a, f->part[i].end));
        doc_put(a, x, "ms", doc_int(a, f->part[i].ms));
    }
    struct doc *waits = doc_put(a, d, "waits", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < PROOF_WAITS_MOST; i++) {
        struct doc *x = doc_push(a, waits, doc_new(a, DOC_MAP));
        doc_put(a, x, "ms", doc_int(a, f->wait[i].ms));
        doc_put(a, x, "n", doc_int(a, f->wait[i].n));
        doc_put(a, x, "errors", doc_int(a, f->wait[i].errors));
    }
    doc_put(a, d, "n_rows", doc_int(a, (int64_t)f->n_rows));
    struct doc *rows = doc_put(a, d, "rows", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < f->n_rows && i < PROOF_ROWS_MOST; i++) {
        struct doc *x = doc_push(a, rows, doc_new(a, DOC_MAP));
        doc_put(a, x, "table", doc_name(a, f->rows[i].table));
        doc_put(a, x, "rows", doc_int(a, f->rows[i].rows));
    }
    return d;
}

static void read_rows(const struct doc *list, struct proof_found *f)
{
    for (size_t i = 0; i < doc_len(list) && i < PROOF_ROWS_MOST; i++) {
        struct buf name = {0};
        text_decode(&name, bytes_str(doc_str(list->item[i], "table", "")));
        (void)snprintf(f->rows[i].table, sizeof f->rows[i].table, "%s", buf_str(&name));
        f->rows[i].rows = doc_num(list->item[i], "rows", -1);
        buf_release(&name);
    }
}

/* A row is sound (the cache saw to that) and of this key, so it is what was written. */
static void take(struct proof *p, const struct doc *d)
{
    struct proof_found *f = p->found;
    const struct doc *parts = doc_get(d, "parts");
    f->down = (enum down_class)doc_num(d, "down", DOWN_UNTRIED);
    f->n_seeds = (size_t)doc_num(d, "seeds", 0);
    f->n_rows = (size_t)doc_num(d, "n_rows", 0);
    for (size_t i = 0; i < doc_len(parts) && i < PROOF_PARTS; i++) {
        f->part[i].end = (enum proof_end)doc_num(parts->item[i], "end", PROOF_OPEN);
        f->part[i].ms = doc_num(parts->item[i], "ms", 0);
    }
    const struct doc *waits = doc_get(d, "waits");
    for (size_t i = 0; i < doc_len(waits) && i < PROOF_WAITS_MOST; i++) {
        f->wait[i] = (struct proof_wait){.ms = doc_num(waits->item[i], "ms", 0),
                                         .n = doc_num(waits->item[i], "n", 0),
                                         .errors = doc_num(waits->item[i], "errors", 0)};
    }
    read_rows(doc_get(d, "rows"), f);
    p->is_cached = true;
    p->because = "";
}

static bool is_same(const struct doc *d, const char *member, const struct digest *v)
{
    char text[DIGEST_TEXT];
    return strcmp(doc_str(d, member, ""), digest_text(v, text)) == 0;
}

static const char *why(const struct proof *p, const struct doc *d, const struct digest *place)
{
    return !is_same(d, "checksum", &p->bundle->checksum) ? "its content is another"
           : !is_same(d, "before", &p->before)           ? "a migration before it is another"
           : !is_same(d, "place", place) ? "server, seeds, workload, limit or policy are others"
                                         : "its declaration is another";
}

static struct bytes name_of(const struct test_run *p, const struct proof *x)
{
    return bytes_str(arena_printf(p->s->a, "%s/%s", p->env.name, x->id));
}

static void find(struct test_run *p, struct proof *x)
{
    struct bytes text;
    struct err e = {0};
    x->because = "never proven";
    if (!cache_get(p->s->cache, kind, name_of(p, x), p->s->a, &text)) {
        return;
    }
    const struct doc *d = json_read(p->s->a, text, "", &e);
    if (d != NULL && is_same(d, "key", &x->key)) {
        take(x, d);
    } else if (d != NULL) {
        x->because = why(x, d, &p->place);
    }
}

void keys_find(struct test_run *p, int version)
{
    struct digest before = {{0}};
    p->place = surroundings(p, version);
    for (size_t i = 0; i < p->out->n; i++) {
        struct proof *x = &p->out->v[i];
        x->before = before;
        x->key = key_of(x, &p->place);
        find(p, x);
        struct digester *d = digester_open("kfmig.proof-before.v1");
        add_digest(d, "before", &before);
        digester_field(d, "id", bytes_str(x->id));
        add_digest(d, "checksum", &x->bundle->checksum);
        before = digester_close(d);
    }
}

void keys_keep(const struct test_run *p)
{
    for (size_t i = 0; i < p->out->n; i++) {
        const struct proof *x = &p->out->v[i];
        struct buf text = {0};
        if (x->is_cached || !x->is_wanted || !proof_holds(x)) {
            continue;
        }
        canon_write(&text, kept_doc(p->s->a, x, &p->place));
        cache_put(p->s->cache, kind, name_of(p, x), buf_bytes(&text));
        buf_release(&text);
    }
    cache_flush(p->s->cache);
}
