/* Who answers: server and ledger in one round trip. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/parts.h"
#include "ledger/queries.h"

/* Columns of identify_full.sql and its kin. Behind the database they differ: HAS_GENERATIONS and the next
 * three, and of identify_server.sql, which cannot know all of those, five others. */
enum {
    UUID,
    ENVIRONMENT,
    FORMAT,
    SIZE,
    ROOT,
    EPOCH,
    PLACE,
    LSN,
    TIMELINE,
    IN_RECOVERY,
    READ_ONLY,
    SUPERUSER,
    PID,
    ROLE,
    DATABASE,
    HAS_GENERATIONS,
    NEXT_ID,
    IS_QUIET,
    IS_FLUSHED,
    HAS_LEDGER = HAS_GENERATIONS,
    MAY_READ,
    QUOTED_ROLE,
    BARE_NEXT_ID,
    BARE_IS_QUIET
};

static int copy_column(const struct pg_rows *r, int col, char *out, size_t size, struct err *e)
{
    struct bytes text = pg_bytes(r, 0, col);
    if (text.n >= size) {
        return err_set(e, ERR_INTEGRITY,
                       "the ledger or its server gives a name of %zu bytes, too long for one",
                       text.n);
    }
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return 0;
}

/* "SYSTEM/OID": the server's identifier, nothing where it is denied, and the database's number there. */
static int fill_place(const struct pg_rows *r, struct identity *out, struct err *e)
{
    if (copy_column(r, PLACE, out->system_id, sizeof out->system_id, e) != 0) {
        return -1;
    }
    char *slash = strchr(out->system_id, '/');
    if (slash != NULL) {
        out->database_oid = strtoll(slash + 1, NULL, 10);
        *slash = '\0';
    }
    return 0;
}

static int fill_server(const struct pg *s, const struct pg_rows *r, struct identity *out,
                       struct err *e)
{
    out->timeline = pg_int(r, 0, TIMELINE);
    out->in_recovery = pg_bool(r, 0, IN_RECOVERY);
    out->read_only = pg_bool(r, 0, READ_ONLY);
    out->superuser = pg_bool(r, 0, SUPERUSER);
    out->pooled = pg_int(r, 0, PID) != pg_backend_pid(s);
    out->version = pg_server_version(s);
    if (fill_place(r, out, e) != 0 || copy_column(r, LSN, out->lsn, sizeof out->lsn, e) != 0 ||
        copy_column(r, ROLE, out->role, sizeof out->role, e) != 0) {
        return -1;
    }
    return copy_column(r, DATABASE, out->database, sizeof out->database, e);
}

/* Each of the three tables has one row; identify_full.sql gives NULL for one that is missing. */
static int fill_ledger(const struct pg_rows *r, struct identity *out, struct err *e)
{
    if (pg_rows_n(r) != 1 || pg_null(r, 0, UUID) || pg_null(r, 0, SIZE) || pg_null(r, 0, EPOCH) ||
        pg_int(r, 0, SIZE) < 0) {
        (void)err_set(e, ERR_INTEGRITY,
                      "a row of kfmig.instance, kfmig.head or kfmig.lease is missing or wrong");
        return err_hint(e, "somebody altered the ledger: restore the database, or its schema "
                           "kfmig, from a backup");
    }
    out->has_ledger = true;
    out->format = pg_int(r, 0, FORMAT);
    out->size = pg_int(r, 0, SIZE);
    out->epoch = pg_int(r, 0, EPOCH);
    out->has_generations = pg_bool(r, 0, HAS_GENERATIONS);
    out->next_id = pg_int(r, 0, NEXT_ID);
    out->is_quiet = pg_bool(r, 0, IS_QUIET);
    out->is_flushed = pg_bool(r, 0, IS_FLUSHED);
    if (copy_column(r, UUID, out->uuid, sizeof out->uuid, e) != 0 ||
        copy_column(r, ENVIRONMENT, out->environment, sizeof out->environment, e) != 0) {
        return -1;
    }
    return ledger_row_digest(r, 0, ROOT, &out->root, e);
}

static int check_format(const struct identity *id, struct err *e)
{
    if (id->format >= LEDGER_FORMAT_OLDEST && id->format <= LEDGER_FORMAT) {
        return 0;
    }
    (void)err_set(e, ERR_PREFLIGHT, "the ledger has format %lld, this kfmig knows %d to %d",
                  (long long)id->format, LEDGER_FORMAT_OLDEST, LEDGER_FORMAT);
    return err_hint(e, "use the kfmig that made it, or a newer one");
}

static int refuse_reader(const struct pg_rows *r, struct err *e)
{
    const char *role = pg_text(r, 0, QUOTED_ROLE);
    (void)err_set(e, ERR_PREFLIGHT, "the role %s may not read the ledger", role);
    return err_hint(
        e, "GRANT USAGE ON SCHEMA kfmig TO %s; GRANT SELECT ON ALL TABLES IN SCHEMA kfmig TO %s;",
        role, role);
}

static bool is_expected(const char *sqlstate)
{
    return strcmp(sqlstate, "42P01") == 0 || strcmp(sqlstate, "3F000") == 0 ||
           strcmp(sqlstate, "42501") == 0;
}

/* identify_full.sql failed as it does where it cannot read everything: what is there? Returns 0 with *rows if
 * there is no ledger or it could be read without the control file, else -1. */
static int ask_less(struct pg *s, struct pg_rows **rows, bool *has_ledger, struct err *e)
{
    if (pg_query(s, &ledger_identify_server, NULL, 0, rows, e) != 0) {
        return -1;
    }
    *has_ledger = pg_bool(*rows, 0, HAS_LEDGER);
    if (!*has_ledger) {
        return 0;
    }
    int rc = pg_bool(*rows, 0, MAY_READ) ? 0 : refuse_reader(*rows, e);
    pg_rows_free(*rows);
    *rows = NULL;
    return rc == 0 ? pg_query(s, &ledger_identify_ledger, NULL, 0, rows, e) : -1;
}

int ledger_read_only_from(struct pg *s, const char **out, struct err *e)
{
    static const struct {
        const char *source, *words;
    } sources[] = {
        {"database", "for the database (ALTER DATABASE ... SET)"},
        {"user", "for the role (ALTER ROLE ... SET)"},
        {"database user", "for the role in this database (ALTER ROLE ... IN DATABASE ... SET)"},
        {"global", "for all roles (ALTER ROLE ALL SET)"},
        {"client", "by the client (PGOPTIONS, or options in the connection string)"},
        {"session", "in this session"},
        {"command line", "on the server's command line"},
        {"configuration file", "in the server's configuration (or by ALTER SYSTEM)"},
    };
    struct pg_rows *r = NULL;
    *out = "";
    if (pg_query(s, &ledger_identify_read_only, NULL, 0, &r, e) != 0) {
        return -1;
    }
    for (size_t i = 0; pg_rows_n(r) == 1 && i < sizeof sources / sizeof *sources; i++) {
        if (strcmp(pg_text(r, 0, 0), sources[i].source) == 0) {
            *out = sources[i].words;
        }
    }
    pg_rows_free(r);
    return 0;
}

int ledger_clock(struct pg *s, struct arena *a, const char **out, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &ledger_journal_clock, NULL, 0, &r, e) != 0) {
        return -1;
    }
    *out = pg_rows_n(r) == 1 ? arena_strdup(a, pg_text(r, 0, 0)) : "";
    pg_rows_free(r);
    return 0;
}

int ledger_identify(struct pg *s, struct identity *out, struct err *e)
{
    struct err first = {0};
    struct pg_rows *r = NULL;
    bool has_ledger = true;
    *out = (struct identity){.ids_ours = pg_ids_ours(s)};
    int rc = pg_query(s, &ledger_identify_full, NULL, 0, &r, &first);
    if (rc != 0 && is_expected(first.sqlstate)) {
        rc = ask_less(s, &r, &has_ledger, e);
    } else if (rc != 0 && e != NULL) {
        *e = first;
    }
    if (rc == 0 && has_ledger) {
        rc = fill_ledger(r, out, e);
        rc = rc == 0 ? check_format(out, e) : -1;
    } else if (rc == 0) {
        out->next_id = pg_int(r, 0, BARE_NEXT_ID);
        out->is_quiet = pg_bool(r, 0, BARE_IS_QUIET);
    }
    if (rc == 0) {
        rc = fill_server(s, r, out, e);
    }
    pg_rows_free(r);
    return rc;
}
