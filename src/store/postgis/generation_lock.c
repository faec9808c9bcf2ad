/* Waiting until nobody is left who would see a mixture: old snapshots, then locks. */
#include <string.h>

#include "store/postgis/generation_query.h"

enum { COL_OIDS, COL_STATEMENT };
enum { COL_WHO, COL_RELATION };
enum { TRY_MS = 50 }; /* how long to try to get all locks without waiting for one */

int generation_horizon(struct pg *s, struct arena *a, const char **horizon, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &postgis_generation_horizon, NULL, 0, &r, e) != 0) {
        return -1;
    }
    *horizon = arena_strdup(a, pg_text(r, 0, 0));
    pg_rows_free(r);
    return 0;
}

int generation_old_snapshots(struct pg *s, struct arena *a, const char *horizon,
                             struct old_snapshots *out, struct err *e)
{
    struct pg_rows *r = NULL;
    *out = (struct old_snapshots){0};
    if (horizon == NULL) {
        return 0;
    }
    if (pg_query(s, &postgis_generation_old_snapshots, &horizon, 1, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        ARENA_GROW(a, out->who, out->n, out->cap);
        out->who[out->n++] = arena_strdup(a, pg_text(r, i, 0));
    }
    pg_rows_free(r);
    return 0;
}

int generation_hold(struct pg *s, struct arena *a, const struct names *schemas, struct err *e)
{
    const char *params[1] = {pg_array(a, schemas->v, schemas->n)};
    return generation_each(s, &postgis_generation_hold, params, 1, e);
}

/* lock_not_available, deadlock_detected */
static bool is_held(const struct err *e)
{
    return strcmp(e->sqlstate, "55P03") == 0 || strcmp(e->sqlstate, "40P01") == 0;
}

static int find_holder(struct pg *s, struct arena *a, const char *oids, const char **held_by,
                       struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &postgis_pin_undo, NULL, 0, NULL, e) != 0 ||
        pg_query(s, &postgis_pin_release, NULL, 0, NULL, e) != 0 ||
        generation_ask(s, &postgis_generation_holder, &oids, 1, &r, e) != 0) {
        return -1;
    }
    *held_by = pg_rows_n(r) == 0 ? "a session that has just ended"
                                 : arena_printf(a, "%s uses %s", pg_text(r, 0, COL_WHO),
                                                pg_text(r, 0, COL_RELATION));
    pg_rows_free(r);
    return 1;
}

/* Returns 0 with all locks, 1 with none. */
static int lock_all(struct pg *s, struct arena *a, const struct pg_rows *relations,
                    const char **held_by, struct err *e)
{
    struct err refusal = {0};
    if (pg_query(s, &postgis_pin_savepoint, NULL, 0, NULL, e) != 0) {
        return -1;
    }
    if (pg_run(s, pg_text(relations, 0, COL_STATEMENT), NULL, 0, NULL, &refusal) == 0) {
        return pg_query(s, &postgis_pin_release, NULL, 0, NULL, e);
    }
    if (is_held(&refusal)) {
        return find_holder(s, a, pg_text(relations, 0, COL_OIDS), held_by, e);
    }
    if (e != NULL) {
        *e = refusal;
    }
    return -1;
}

int generation_lock(struct pg *s, struct arena *a, const char *live, const char *hidden,
                    int64_t patience_ms, const char **held_by, struct err *e)
{
    struct pg_rows *r = NULL;
    bool waits = patience_ms > 0;
    const char *ms = arena_printf(a, "%lld", waits ? (long long)patience_ms : (long long)TRY_MS);
    const char *params[4] = {live, hidden, ms, waits ? "t" : "f"};
    if (generation_ask(s, &postgis_generation_relations, params, 4, &r, e) != 0) {
        return -1;
    }
    int rc = pg_rows_n(r) == 0 ? 0 : lock_all(s, a, r, held_by, e);
    pg_rows_free(r);
    return rc;
}
