/* First contact: schema, tables and the first entry, in one transaction. */
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "doc/canon.h"
#include "ledger/parts.h"
#include "ledger/queries.h"

#ifndef KFMIG_VERSION
#define KFMIG_VERSION "0"
#endif

enum { LOCKED, ROLE, QUOTED_DATABASE, DATABASE, NOW }; /* create_probe.sql */
enum { HAS_LEDGER, HAS_SCHEMA, MAY_CREATE };           /* create_found.sql */
enum { MAKER_TIMEOUT_MS = 60000, ENVIRONMENT_MAX = 63 };

/* started and now: the server's clock, before the lock on making was asked for and since it is ours. */
struct contact {
    struct pg *s;
    struct arena *a;
    const struct first_contact *with;
    const char *role;
    const char *quoted_database;
    const char *database;
    const char *started;
    const char *now;
    bool has_schema;
    bool is_made;
    bool is_unknown; /* the answer to COMMIT was lost */
    char uuid[37];
    char run_id[37];
};

static struct doc *put_map(struct arena *a, struct doc *map, const char *key)
{
    return doc_put(a, map, key, doc_new(a, DOC_MAP));
}

static void put_text(struct arena *a, struct doc *map, const char *key, const char *value)
{
    doc_put(a, map, key, doc_text(a, value));
}

static void put_parts(const struct contact *c, const struct digest *previous, struct doc *root)
{
    char text[DIGEST_TEXT];
    struct arena *a = c->a;
    struct doc *actor = put_map(a, root, "actor");
    put_text(a, actor, "type", "service");
    put_text(a, actor, "id", "kfmig");
    struct doc *tool = put_map(a, root, "tool");
    put_text(a, tool, "name", "kfmig");
    put_text(a, tool, "version", KFMIG_VERSION);
    struct doc *ledger = put_map(a, root, "ledger");
    put_text(a, ledger, "instance", c->uuid);
    doc_put(a, ledger, "sequence", doc_int(a, 1));
    put_text(a, ledger, "previous", digest_text(previous, text));
    struct doc *target = put_map(a, root, "target");
    put_text(a, target, "environment", c->with->env);
    if (c->with->env_kind != NULL) {
        put_text(a, target, "kind", c->with->env_kind);
    }
    doc_put(a, target, "db", doc_name(a, c->database));
    struct doc *claim = put_map(a, root, "claim");
    doc_put(a, claim, "inputs", doc_new(a, DOC_LIST));
    doc_put(a, claim, "outputs", doc_new(a, DOC_LIST));
    doc_put(a, claim, "gates", doc_new(a, DOC_LIST));
    if (c->with->cites != NULL) {
        struct doc *recovery = put_map(a, claim, "recovery");
        doc_put(a, recovery, "cites", checkpoint_doc(a, c->with->cites));
    }
}

static struct doc *contact_receipt(const struct contact *c, const struct digest *previous)
{
    struct arena *a = c->a;
    struct doc *root = doc_new(a, DOC_MAP);
    put_text(a, root, "format", "kfmig.run_receipt.v1");
    put_text(a, root, "names", NAMES_ENCODED);
    put_text(a, root, "run_id", c->run_id);
    put_text(a, root, "run_kind", "contact");
    put_text(a, root, "environment", c->with->env);
    put_text(a, root, "result", "success");
    put_text(a, root, "started_at", c->started);
    put_text(a, root, "finished_at", c->now);
    put_parts(c, previous, root);
    return root;
}

static void add_tables(const struct contact *c)
{
    static const struct pg_sql *const statements[] = {
        &ledger_create_instance,
        &ledger_create_lease,
        &ledger_create_head,
        &ledger_create_entry,
        &ledger_create_entry_run,
        &ledger_create_receipt,
        &ledger_create_receipt_run,
        &ledger_create_object,
        &ledger_create_blob,
        &ledger_generation_create,
        &ledger_generation_create_live,
        &ledger_create_refuse,
        &ledger_create_triggers,
        &ledger_create_view,
        &ledger_create_private_schema,
        &ledger_create_private_tables,
        &ledger_create_private_functions,
    };
    if (!c->has_schema) {
        pg_batch_add(c->s, &ledger_create_schema, NULL, 0, NULL);
    }
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        pg_batch_add(c->s, statements[i], NULL, 0, NULL);
    }
}

static int check_name(const struct contact *c, struct err *e)
{
    size_t n = strlen(c->with->env);
    if (n == 0 || n > ENVIRONMENT_MAX) {
        return err_set(e, ERR_CONFIG, "the environment's name has %zu bytes, not 1 to %d", n,
                       ENVIRONMENT_MAX);
    }
    return canon_check(doc_text(c->a, c->with->env), e);
}

static int write_next(const struct contact *c, struct merkle *m, struct err *e)
{
    struct recording record = {.entry = NULL};
    if (c->with->follow(c->with->ctx, c->uuid, m, c->now, &record, e) != 0) {
        return -1;
    }
    ledger_add_record(c->s, c->a, &record, m, NULL);
    return pg_batch_run(c->s, NULL, e);
}

static int write_all(const struct contact *c, struct buf *body, struct err *e)
{
    struct merkle m = {0};
    struct entry en = {.sequence = 1,
                       .kind = ENTRY_CONTACT,
                       .subject = "database",
                       .result = "success",
                       .run_id = c->run_id,
                       .finished_at = c->now,
                       .environment = c->with->env,
                       .instance = c->uuid,
                       .previous = merkle_root(&m)};
    const char *instance[] = {c->uuid, c->with->env, ledger_number(c->a, LEDGER_FORMAT)};
    struct doc *receipt = contact_receipt(c, &en.previous);
    if (check_name(c, e) != 0) {
        return -1;
    }
    canon_write(body, receipt);
    en.receipt = digest_of(buf_bytes(body));
    struct recording record = {.entry = &en, .receipt = buf_bytes(body)};
    add_tables(c);
    pg_batch_add(c->s, &ledger_create_row_instance, instance, 3, NULL);
    pg_batch_add(c->s, &ledger_create_row_lease, NULL, 0, NULL);
    pg_batch_add(c->s, &ledger_create_row_head, NULL, 0, NULL);
    ledger_add_record(c->s, c->a, &record, &m, NULL);
    if (pg_batch_run(c->s, NULL, e) != 0) {
        return -1;
    }
    return c->with->follow == NULL ? 0 : write_next(c, &m, e);
}

/* The transaction is open: asks for the lock on making the ledger, and for names and time. */
static int probe(struct contact *c, bool *locked, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(c->s, &ledger_create_probe, NULL, 0, &r, e) != 0) {
        return -1;
    }
    *locked = pg_bool(r, 0, LOCKED);
    c->role = arena_strdup(c->a, pg_text(r, 0, ROLE));
    c->quoted_database = arena_strdup(c->a, pg_text(r, 0, QUOTED_DATABASE));
    c->database = arena_strdup(c->a, pg_text(r, 0, DATABASE));
    c->now = arena_strdup(c->a, pg_text(r, 0, NOW));
    c->started = c->started == NULL ? c->now : c->started;
    pg_rows_free(r);
    return 0;
}

static int refuse_maker(const struct contact *c, struct err *e)
{
    (void)err_set(e, ERR_PREFLIGHT,
                  "the role %s may not create the ledger (schema kfmig) in the database %s",
                  c->role, c->quoted_database);
    if (c->has_schema) {
        return err_hint(e, "ALTER SCHEMA kfmig OWNER TO %s;", c->role);
    }
    return err_hint(e, "GRANT CREATE ON DATABASE %s TO %s;", c->quoted_database, c->role);
}

static int look(struct contact *c, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(c->s, &ledger_create_found, NULL, 0, &r, e) != 0) {
        return -1;
    }
    c->is_made = pg_bool(r, 0, HAS_LEDGER);
    c->has_schema = pg_bool(r, 0, HAS_SCHEMA);
    bool may_create = pg_bool(r, 0, MAY_CREATE);
    pg_rows_free(r);
    return c->is_made || may_create ? 0 : refuse_maker(c, e);
}

static int make(struct contact *c, struct err *e)
{
    struct buf body = {0};
    int rc = write_all(c, &body, e);
    buf_release(&body);
    if (rc != 0) {
        return -1;
    }
    if (FAULT(LEDGER_CREATE)) {
        return err_set(e, ERR_PREFLIGHT, "the ledger was not created: fault point");
    }
    enum ending end = tx_commit(c->s, NULL, e);
    c->is_unknown = end == TX_UNKNOWN;
    if (end == TX_ENDED) {
        pg_id_is_ours(c->s);
    }
    return end == TX_ENDED ? 0 : -1;
}

/* One transaction that makes the ledger if the lock on making is free; *locked says whether it was. */
static int try_make(struct contact *c, bool *locked, struct err *e)
{
    if (ledger_begin(c->s, e) != 0) {
        return -1;
    }
    int rc = probe(c, locked, e);
    if (rc == 0 && *locked) {
        rc = look(c, e);
        if (rc == 0 && !c->is_made) {
            rc = make(c, e);
        }
    }
    tx_roll_back(c->s);
    return rc;
}

/* Polls for the lock on making, between transactions. */
static int make_or_find(struct contact *c, struct err *e)
{
    bool locked = false;
    int64_t deadline = clock_ms() + MAKER_TIMEOUT_MS;
    int rc = try_make(c, &locked, e);
    while (rc == 0 && !locked && clock_ms() < deadline) {
        ledger_pause();
        rc = try_make(c, &locked, e);
    }
    if (rc == 0 && !locked) {
        (void)err_set(e, ERR_LOCKED, "another session has been creating the ledger for %d s",
                      MAKER_TIMEOUT_MS / 1000);
        rc = err_hint(e, "run again when it has ended");
    }
    return rc;
}

/* Whoever gets the lock on making knows that the backend which had it has ended: what that one did is there
 * now, or never will be. So it is enough to try once more: the ledger is found made, or is made. */
static int ask(struct contact *c, struct pg **s, struct err *e)
{
    struct err why = *e;
    c->is_unknown = false;
    if (c->with->reconnect != NULL && c->with->reconnect(c->with->ctx, s, &why) == 0) {
        c->s = *s;
        if (make_or_find(c, &why) == 0) {
            return 0;
        }
    }
    (void)err_set(e, ERR_DOUBT,
                  "the connection was lost while the ledger was made and the outcome is not known "
                  "yet");
    return err_hint(e, "run the same command again: kfmig looks first (%s)", why.msg);
}

int ledger_create_with(struct pg **s, const struct first_contact *f, struct err *e)
{
    struct arena a = {0};
    struct err why = {0};
    struct contact c = {.s = *s, .a = &a, .with = f};
    random_uuid(c.uuid);
    random_uuid(c.run_id);
    int rc = make_or_find(&c, &why);
    if (rc != 0 && c.is_unknown) {
        rc = ask(&c, s, &why);
    }
    if (rc != 0 && e != NULL) {
        *e = why;
    }
    arena_release(&a);
    return rc;
}
