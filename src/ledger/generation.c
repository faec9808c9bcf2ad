/* Generations of projections, as the ledger remembers them. */
#include <string.h>

#include "doc/canon.h"
#include "doc/json.h"
#include "ledger/parts.h"
#include "ledger/queries.h"

enum { PROJECTION, NUMBER, STATE, DIGEST, CONTENT, FACTS, CHANGED_AT }; /* generation_list.sql */

static int found(struct pg *s, bool *out, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &ledger_generation_found, NULL, 0, &r, e) != 0) {
        return -1;
    }
    *out = pg_bool(r, 0, 0);
    pg_rows_free(r);
    return 0;
}

int ledger_generations_create(struct pg *s, struct err *e)
{
    bool is_there = false;
    if (found(s, &is_there, e) != 0 || is_there) {
        return is_there ? 0 : -1;
    }
    pg_batch_add(s, &ledger_generation_create, NULL, 0, NULL);
    pg_batch_add(s, &ledger_generation_create_live, NULL, 0, NULL);
    pg_batch_add(s, &ledger_generation_private, NULL, 0, NULL);
    return pg_batch_run(s, NULL, e);
}

static int damaged(const struct generation *g, struct err *e)
{
    (void)err_set(e, ERR_INTEGRITY, "the ledger's row of generation %lld of %s cannot be read",
                  (long long)g->number, g->projection);
    return err_hint(e, "kfmig.generation was written by something else than this kfmig");
}

static int parse_state(const char *text, enum generation_state *out)
{
    for (int k = 0; k < GENERATION_STATES; k++) {
        if (strcmp(generation_state_text((enum generation_state)k), text) == 0) {
            *out = (enum generation_state)k;
            return 0;
        }
    }
    return -1;
}

static int parse_digest(const struct pg_rows *r, size_t row, int col, struct digest *out)
{
    *out = (struct digest){{0}};
    return pg_null(r, row, col) ? 0 : hex_decode(pg_text(r, row, col), sizeof out->b, out->b);
}

static int parse_facts(struct arena *a, struct bytes text, struct generation *g)
{
    struct err ignored = {0};
    const struct doc *d = json_read(a, text, "kfmig.generation", &ignored);
    if (d == NULL || d->type != DOC_MAP) {
        return -1;
    }
    g->facts = d;
    g->is_chosen = doc_yes(d, "chosen", false);
    g->schema = doc_str(d, "schema", NULL);
    return parts_read(a, d, &g->parts);
}

static int take_row(struct arena *a, const struct pg_rows *r, size_t i, struct generation *g,
                    struct err *e)
{
    *g = (struct generation){.projection = arena_strdup(a, pg_text(r, i, PROJECTION)),
                             .number = pg_int(r, i, NUMBER),
                             .changed_at = arena_strdup(a, pg_text(r, i, CHANGED_AT))};
    struct bytes facts = pg_bytes(r, i, FACTS);
    facts.p = arena_strndup(a, facts.p, facts.n);
    bool good = parse_state(pg_text(r, i, STATE), &g->state) == 0 &&
                parse_digest(r, i, DIGEST, &g->digest) == 0 &&
                parse_digest(r, i, CONTENT, &g->content) == 0 && parse_facts(a, facts, g) == 0;
    return good ? 0 : damaged(g, e);
}

int ledger_generations(struct pg *s, struct arena *a, struct generations *out, struct err *e)
{
    struct pg_rows *r = NULL;
    bool is_there = false;
    int rc = 0;
    *out = (struct generations){0};
    if (found(s, &is_there, e) != 0 || !is_there) {
        return is_there || e->code == ERR_NONE ? 0 : -1;
    }
    if (pg_query(s, &ledger_generation_list, NULL, 0, &r, e) != 0) {
        return -1;
    }
    out->v = ARENA_ARRAY(a, struct generation, pg_rows_n(r) + 1);
    for (size_t i = 0; i < pg_rows_n(r) && rc == 0; i++) {
        rc = take_row(a, r, i, &out->v[out->n], e);
        out->n += rc == 0 ? 1 : 0;
    }
    pg_rows_free(r);
    return rc;
}

static struct bytes write_facts(struct arena *a, const struct generation *g)
{
    struct doc *d = doc_new(a, DOC_MAP);
    for (size_t i = 0; g->facts != NULL && i < g->facts->n; i++) {
        const char *key = g->facts->key[i]->text.p;
        if (strcmp(key, "components") != 0 &&
            strcmp(key, "schema") != 0) { /* as an older kfmig had them; below */
            (void)doc_put(a, d, key, g->facts->item[i]);
        }
    }
    if (g->schema != NULL) {
        (void)doc_put(a, d, "schema", doc_text(a, g->schema));
    }
    (void)doc_put(a, d, "parts", parts_doc(a, &g->parts));
    (void)doc_put(a, d, "chosen", doc_bool(a, g->is_chosen));
    struct buf out = {0};
    canon_write(&out, d);
    struct bytes b = bytes_of(arena_strndup(a, out.p, out.n), out.n);
    buf_release(&out);
    return b;
}

int ledger_generation_put(struct pg *s, const struct generation *g, struct err *e)
{
    struct arena a = {0};
    const char *params[] = {g->projection,
                            ledger_number(&a, g->number),
                            generation_state_text(g->state),
                            digest_is_zero(&g->digest) ? NULL : ledger_digest(&a, &g->digest),
                            digest_is_zero(&g->content) ? NULL : ledger_digest(&a, &g->content),
                            write_facts(&a, g).p};
    int rc = pg_query(s, &ledger_generation_put_row, params, 6, NULL, e);
    arena_release(&a);
    return rc;
}

int ledger_generation_remove(struct pg *s, const char *projection, int64_t number, struct err *e)
{
    struct arena a = {0};
    const char *params[] = {projection, ledger_number(&a, number)};
    int rc = pg_query(s, &ledger_generation_drop, params, 2, NULL, e);
    arena_release(&a);
    return rc;
}

int ledger_generation_next(struct pg *s, const char *projection, int64_t *number, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &ledger_generation_next_number, &projection, 1, &r, e) != 0) {
        return -1;
    }
    *number = pg_int(r, 0, 0);
    pg_rows_free(r);
    return 0;
}
