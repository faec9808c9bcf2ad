/* What a backup asks of a database. */
#include "site/backup.h"

#include <string.h>

#include "site/queries.h"

int site_schemas(struct site *s, const struct names *schemas, struct names *out, struct err *e)
{
    struct pg_rows *r = NULL;
    const char *params[] = {pg_array(s->a, schemas->v, schemas->n)};
    *out = (struct names){0};
    if (pg_query(s->pg, &site_backup_about, params, 1, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(r); i++) {
        ARENA_GROW(s->a, out->v, out->n, out->cap);
        out->v[out->n++] = arena_strdup(s->a, pg_text(r, i, 0));
    }
    pg_rows_free(r);
    return 0;
}

int site_export_snapshot(struct site *s, const char **id, struct err *e)
{
    struct pg_rows *r = NULL;
    if (site_snapshot(s, e) != 0 || pg_query(s->pg, &site_backup_snapshot, NULL, 0, &r, e) != 0) {
        return -1;
    }
    *id = arena_strdup(s->a, pg_text(r, 0, 0));
    pg_rows_free(r);
    return 0;
}

const struct entry *site_last_backup(const struct site *s, bool drills)
{
    const struct entry *last = NULL;
    for (size_t i = 0; i < s->entries.n; i++) {
        const struct entry *en = &s->entries.v[i];
        if (en->kind == ENTRY_BACKUP && strcmp(en->result, "success") == 0 &&
            (!drills || strcmp(en->subject, "drill") == 0)) {
            last = en;
        }
    }
    return last;
}
