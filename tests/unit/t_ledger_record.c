/* layer: ledger */
/* run: needs=postgres */
/* Recording entries: what comes with them, what the guard refuses, what nobody may change afterwards. */
#include "ledger_server.h"

enum { PLANNED = 88, MANY = 50 };

static const char *text_of(int i)
{
    return arena_printf(&arena, "CREATE TABLE t%d ();\n", i);
}

/* Longer than what goes into one message with others, and of every byte. */
static struct bytes long_text(void)
{
    enum { LONG = 1536 * 1024 };
    static char text[LONG];
    for (size_t i = 0; i < LONG; i++) {
        text[i] = (char)(i * 7 + i / 256);
    }
    return bytes_of(text, LONG);
}

/* Entry i writes object t<i>, and object "common" each time; every tenth removes t<i - 1>. */
static void record_objects(struct runner *r, int i)
{
    struct object_row objects[3] = {
        {.object = "common", .fingerprint = digest_of(bytes_str(text_of(i))), .definition = "n\t1"},
        {.object = arena_printf(&arena, "t%d", i),
         .fingerprint = digest_of(bytes_str("x")),
         .definition = "a \"quoted\", {braced}\tv\\1\nb\t\xC3\xA4"},
        {.object = arena_printf(&arena, "t%d", i - 1)}};
    struct bytes whole = long_text();
    struct blob blobs[3] = {{digest_of(bytes_str(text_of(i))), bytes_str(text_of(i))},
                            {digest_of(whole), whole},
                            {digest_of(bytes_of("a\0b", 3)), bytes_of("a\0b", 3)}};
    bool has_long = i == 7 || i == 8; /* the second time it is there */
    if (!has_long) {
        blobs[1] = blobs[2];
    }
    struct recording rec = {.objects = objects,
                            .n_objects = i % 10 == 0 ? 3 : 2,
                            .blobs = blobs,
                            .n_blobs = has_long ? 3 : 2};
    begin(r);
    must(record(r, arena_printf(&arena, "M%d", i), arena_printf(&arena, "run%d", i / 10), rec),
         "record");
    run(r->s, "COMMIT");
}

static const struct object_row *object_named(const struct object_rows *all, const char *name)
{
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->v[i].object, name) == 0) {
            return &all->v[i];
        }
    }
    return NULL;
}

static void test_many(struct runner *r)
{
    struct entries all;
    struct merkle m;
    bool follows = true;
    for (int i = 1; i <= MANY; i++) {
        record_objects(r, i);
        struct identity id = identify(r->s);
        struct digest root = merkle_root(&r->m);
        follows = follows && id.size == i + 1 && digest_eq(&root, &id.root);
    }
    ok(follows, "after each of 50 records the server's root is ours");
    struct identity id = identify(r->s);
    is_int(ledger_entries(r->s, &id, NULL, &arena, &all, &m, &e), 0, "they are read and verified");
    is_int(all.n, MANY + 1, "all of them");
    is_str(all.v[7].subject, "M7", "in order");
    is_str(ask(r->s, "SELECT cardinality(frontier) FROM kfmig.head"), "4",
           "the head keeps the frontier of 51");
    is_str(ask(r->s, "SELECT at AT TIME ZONE 'UTC' FROM kfmig.entry WHERE seq = 2"),
           "2026-03-02 10:11:12.131415", "the time is the entry's");
}

static void test_objects(struct runner *r)
{
    struct object_rows all;
    must(ledger_objects(r->s, 0, &arena, &all, &e), "objects");
    is_int(all.n, MANY + 1 - MANY / 10, "the sum leaves removed objects out");
    bool sorted = true;
    for (size_t i = 1; i < all.n; i++) {
        sorted = sorted && strcmp(all.v[i - 1].object, all.v[i].object) < 0;
    }
    ok(sorted, "and is sorted by bytes");
    const struct object_row *common = object_named(&all, "common");
    struct digest last = digest_of(bytes_str(text_of(MANY)));
    ok(common != NULL && common->sequence == MANY + 1 && digest_eq(&common->fingerprint, &last),
       "an object is as its last writer left it");
    ok(object_named(&all, "t9") == NULL && object_named(&all, "t10") != NULL, "t9 is gone");
    is_str(object_named(&all, "t10")->definition, "a \"quoted\", {braced}\tv\\1\nb\t\xC3\xA4",
           "definitions come back as they went");
    must(ledger_objects(r->s, 10, &arena, &all, &e), "objects");
    ok(object_named(&all, "t9") != NULL && object_named(&all, "t10") == NULL,
       "up to entry 10 t9 is there");
    is_int(object_named(&all, "common")->sequence, 10, "and other objects as they were then");
    must(ledger_objects(r->s, 1, &arena, &all, &e), "objects");
    is_int(all.n, 0, "first contact brought none");
}

/* Those that are laid over one sum are those of another. */
static void test_changes(struct runner *r)
{
    struct object_rows all;
    struct object_rows last;
    must(ledger_changes(r->s, INT64_MIN, INT64_MAX, &arena, &all, &e), "changes");
    bool in_order = all.n > MANY;
    size_t n_removed = 0;
    for (size_t i = 0; i < all.n; i++) {
        in_order = in_order && (i == 0 || all.v[i - 1].sequence <= all.v[i].sequence);
        n_removed += digest_is_zero(&all.v[i].fingerprint);
    }
    ok(in_order, "all that entries changed, in their order");
    is_int((long long)n_removed, MANY / 10, "removed ones too");
    must(ledger_changes(r->s, MANY, MANY + 1, &arena, &last, &e), "changes");
    struct digest is = digest_of(bytes_str(text_of(MANY)));
    const struct object_row *common = object_named(&last, "common");
    ok(common != NULL && common->sequence == MANY + 1 && digest_eq(&common->fingerprint, &is),
       "those of one entry");
    must(ledger_changes(r->s, MANY + 1, MANY + 1, &arena, &last, &e), "changes");
    is_int(last.n, 0, "none behind the last");
}

static void test_rest(struct runner *r)
{
    struct bytes text;
    struct receipt_rows receipts;
    bool found = false;
    struct digest d = digest_of(bytes_str(text_of(3)));
    must(ledger_blob(r->s, &d, &arena, &text, &found, &e), "blob");
    ok(found && bytes_eq(text, bytes_str(text_of(3))), "an input text");
    d = digest_of(bytes_of("a\0b", 3));
    must(ledger_blob(r->s, &d, &arena, &text, &found, &e), "blob");
    ok(found && bytes_eq(text, bytes_of("a\0b", 3)), "one that came fifty times, with a NUL");
    d = digest_of(long_text());
    must(ledger_blob(r->s, &d, &arena, &text, &found, &e), "blob");
    ok(found && bytes_eq(text, long_text()), "a long one, between others");
    d = digest_of(bytes_str("nothing of the kind"));
    must(ledger_blob(r->s, &d, &arena, &text, &found, &e), "blob");
    ok(!found, "one that is not there");
    is_int(ledger_settle(r->s, "run1", &e), TX_ENDED, "the entry of a run is found");
    is_int(ledger_settle(r->s, "run99", &e), TX_UNDONE, "another is not");
    must(ledger_receipts(r->s, 49, NULL, &arena, &receipts, &e), "receipts");
    ok(receipts.n == 2 && receipts.v[0].sequence == 50 && receipts.v[1].sequence == 51,
       "receipts after 49");
    must(ledger_receipts(r->s, 0, "run2", &arena, &receipts, &e), "receipts");
    ok(receipts.n == 10 && receipts.v[0].sequence == 21, "receipts of a run");
    ok(bytes_eq(receipts.v[0].body, bytes_str("{\"subject\":\"M20\"}")), "with their bodies");
    is_str(receipts.v[0].run_id, "run2", "and their run");
}

/* How the session stands must not matter, and must be the same afterwards. */
static void test_settings(struct runner *r)
{
    static const char *const settings[] = {
        "CREATE SCHEMA evil",
        "CREATE TABLE evil.entry (seq int)",
        "CREATE TEMP TABLE head (size int)",
        "SET search_path = evil, pg_temp, pg_catalog",
        "SET client_encoding = 'LATIN1'",
        "SET array_nulls = off",
        "SET bytea_output = 'escape'",
        "SET DateStyle = 'German'",
        "SET TimeZone = 'Asia/Tokyo'",
        "SET standard_conforming_strings = off",
    };
    struct object_row objects[] = {{.object = "NULL", .definition = "NULL"},
                                   {.object = "u", .fingerprint = r->id.root, .definition = ""}};
    struct recording rec = {.objects = objects, .n_objects = 2};
    begin(r);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        run(r->s, settings[i]);
    }
    is_int(record(r, "M\xC3\xA4", "run", rec), 0, "a record under hostile settings");
    is_str(ask(r->s, "SELECT pg_catalog.current_setting('search_path')"),
           "evil, pg_temp, pg_catalog", "deferred triggers find the search_path of the migration");
    run(r->s, "COMMIT");
    is_str(ask(r->s, "SELECT pg_catalog.current_setting('search_path')"),
           "evil, pg_temp, pg_catalog", "and so does the session");
    run(r->s, "RESET ALL");
    run(r->s, "SET client_encoding = 'UTF8'");
    run(r->s, "DROP SCHEMA evil CASCADE");
    is_str(ask(r->s, "SELECT subject || ' ' || (at AT TIME ZONE 'UTC') FROM kfmig.entry ORDER BY "
                     "seq DESC LIMIT 1"),
           "M\xC3\xA4 2026-03-02 10:11:12.131415", "it is in the ledger as it was meant");
    is_str(ask(r->s, "SELECT string_agg(object || '=' || COALESCE(length(fingerprint), 0) || "
                     "definition, ' ' ORDER BY object) "
                     "FROM kfmig.object WHERE seq = (SELECT max(seq) FROM kfmig.entry)"),
           "NULL=0NULL u=32", "objects too");
}

static void test_undone(struct runner *r)
{
    struct merkle before = r->m;
    struct identity id;
    begin(r);
    must(record(r, "undone", "run", (struct recording){0}), "record");
    run(r->s, "ROLLBACK");
    id = identify(r->s);
    is_int(id.size, before.size, "a record that is rolled back has not been");
    r->m = before;
    record_alone(r, "redone", "run");
    id = identify(r->s);
    is_int(id.size, r->m.size, "and the next one takes its place");
    run(r->s, "BEGIN");
    r->guard = (struct guard){.xid = NULL};
    is_int(record(r, "failed", "run", (struct recording){0}), 0,
           "a record without a migration needs no guard");
    is_str(ask(r->s, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 2 AND "
                     "mode = 'ShareLock'"),
           "1", "and takes the work lock itself");
    run(r->s, "COMMIT");
}

/* One transaction that runs sql, then records; the record must fail with code and words. */
static void refuse(struct runner *r, const char *sql, const char *more, enum err_code code,
                   const char *words)
{
    struct merkle before = r->m;
    begin(r);
    run(r->s, sql);
    if (more != NULL) {
        run(r->s, more);
    }
    is_int(record(r, "refused", "run", (struct recording){0}), -1, sql);
    if (!ok(e.code == code && strstr(e.msg, words) != NULL, words)) {
        server_explain(&e);
    }
    ok(memcmp(&before, &r->m, sizeof before) == 0, "and the tree stays as it was");
    run(r->s, "ROLLBACK");
    run(r->s, "RESET ROLE");
}

static void test_guard(struct runner *r)
{
    struct pg *admin = session(ADMIN);
    run(admin, "CREATE ROLE stranger");
    run(admin, "CREATE ROLE friend");
    run(admin, "GRANT stranger, friend TO kfmig");
    run(r->s, "GRANT USAGE ON SCHEMA kfmig TO friend");
    run(r->s, "GRANT ALL ON ALL TABLES IN SCHEMA kfmig TO friend");
    refuse(r, "COMMIT", "BEGIN", ERR_APPLY, "changed its transaction");
    refuse(r, "ROLLBACK AND CHAIN", NULL, ERR_APPLY, "changed its transaction");
    refuse(r, "SET ROLE friend", NULL, ERR_APPLY, "changed the current or session user");
    refuse(r, "SET ROLE stranger", NULL, ERR_APPLY, "changed the current user or its privileges");
    refuse(r, "SET TRANSACTION READ ONLY", NULL, ERR_APPLY, "read-only");
    refuse(r, "SELECT pg_advisory_unlock_all()", NULL, ERR_APPLY, "changed the advisory locks");
    must(lock_now(r->s, &r->epoch), "lock");
    record_alone(r, "after", "run");
    pg_close(admin);
}

/* Where nobody else's code runs for what is recorded, the next migration finds the session as it was; a view's
 * rule runs for who reads it. */
static void test_others(struct runner *r)
{
    static const struct {
        const char *name, *make, *drop;
        bool acts;
    } others[] = {
        {"the ledger's own view", "SELECT version FROM kfmig.schema_migrations", "SELECT 1", false},
        {"another view", "CREATE VIEW kfmig.more AS SELECT seq FROM kfmig.entry",
         "DROP VIEW kfmig.more", false},
        {"a rule", "CREATE RULE more AS ON INSERT TO kfmig.blob DO ALSO NOTHING",
         "DROP RULE more ON kfmig.blob", true},
        {"a trigger",
         "CREATE TRIGGER more AFTER INSERT ON kfmig.blob FOR EACH STATEMENT "
         "EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()",
         "DROP TRIGGER more ON kfmig.blob", true},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        run(r->s, others[i].make);
        begin(r);
        r->guard.left_nothing = true;
        is_int(record(r, "others", "run", (struct recording){0}), 0, others[i].name);
        ok(r->guard.left_nothing != others[i].acts, "acts, or does not");
        run(r->s, "COMMIT");
        run(r->s, others[i].drop);
    }
}

static void test_fencing(struct runner *r)
{
    struct pg *other = session("");
    struct merkle stale = r->m;
    struct recording late = {.epoch = r->epoch - 1};
    begin(r);
    is_int(record(r, "late", "run", late), -1, "an epoch that has passed cannot record");
    ok(e.code == ERR_LOCKED && strstr(e.msg, "taken over") != NULL,
       "as another run has taken over");
    run(r->s, "ROLLBACK");
    begin(r);
    run(other, "UPDATE kfmig.lease SET epoch = epoch + 1");
    is_int(record(r, "late", "run", (struct recording){0}), -1,
           "nor one that passes while it works");
    is_int(e.code, ERR_LOCKED, "as another run has taken over");
    run(r->s, "ROLLBACK");
    r->epoch++;
    record_alone(r, "next", "run");
    struct merkle now = r->m;
    r->m = stale;
    begin(r);
    is_int(record(r, "stale", "run", (struct recording){0}), -1,
           "who knows an older ledger cannot record");
    ok(e.code == ERR_LOCKED && strstr(e.msg, "another run has written") != NULL, "as it has moved");
    ok(memcmp(&stale, &r->m, sizeof stale) == 0, "and the tree stays as it was");
    run(r->s, "ROLLBACK");
    r->m = now;
    r->m.frontier[0].b[0] ^= 1;
    begin(r);
    is_int(record(r, "fork", "run", (struct recording){0}), -1,
           "nor can who knows another history of the same size");
    is_int(e.code, ERR_LOCKED, "as it has moved");
    run(r->s, "ROLLBACK");
    r->m = now;
    pg_close(other);
}

static void test_append_only(struct runner *r)
{
    static const char *const statements[] = {
        "UPDATE kfmig.entry SET text = text",
        "DELETE FROM kfmig.entry WHERE false",
        "TRUNCATE kfmig.entry CASCADE",
        "UPDATE kfmig.receipt SET body = body",
        "DELETE FROM kfmig.receipt",
        "TRUNCATE kfmig.receipt",
        "UPDATE kfmig.object SET definition = ''",
        "DELETE FROM kfmig.object",
        "TRUNCATE kfmig.object",
        "UPDATE kfmig.blob SET bytes = ''",
        "DELETE FROM kfmig.blob",
        "TRUNCATE kfmig.blob",
    };
    struct pg *admin = session(ADMIN);
    run(admin, "SET session_replication_role = replica");
    bool refused = true;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        is_int(server_run(&e, r->s, statements[i]), -1, statements[i]);
        refused = refused && strcmp(e.sqlstate, "55000") == 0;
        refused = refused && server_run(&e, admin, statements[i]) == -1 &&
                  strcmp(e.sqlstate, "55000") == 0;
    }
    ok(refused, "the owner and a superuser in replica mode are both told that it is append-only");
    is_int(server_run(&e, r->s,
                      "INSERT INTO kfmig.blob VALUES (decode(repeat('00', 32), 'hex'), 'x')"),
           -1, "an input text must have its digest");
    pg_close(admin);
}

int main(int argc, char **argv)
{
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(PLANNED);
    if (ok(server_up(), "a server of our own")) {
        struct pg *s = session("");
        must(ledger_create(s, "dev", &e), "create");
        struct runner r = runner_start("");
        test_many(&r);
        test_objects(&r);
        test_changes(&r);
        test_rest(&r);
        test_settings(&r);
        test_undone(&r);
        test_guard(&r);
        test_others(&r);
        test_fencing(&r);
        test_append_only(&r);
        pg_close(r.s);
        pg_close(s);
    }
    ok(server_down(), "the server is gone");
    arena_release(&arena);
    return tap_done();
}
