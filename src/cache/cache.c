/* Rows of the cache: reading those that are sound, collecting changes, writing them at once. */
#include "cache/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/fault.h"
#include "cache/file.h"

enum { PENDING_MAX = 256 * 1024 * 1024, WRITTEN_AT = 1024 * 1024 };

/* One put or drop that is not written yet. */
struct cached_change {
    const char *kind;
    struct bytes name;
    struct bytes value; /* p NULL: delete */
    bool is_drop;       /* all rows of the kind */
};

struct cache {
    struct cache_file file;
    struct arena arena; /* of what is pending */
    struct cached_change *pending;
    size_t n_pending, cap_pending;
    bool is_visiting;  /* cache_each() is under way: nothing may be written */
    sqlite3_stmt *get; /* of cache_get(), kept: preparing costs more than a row */
};

struct cache *cache_open(int dirfd, const char *root)
{
    struct cache_file file;
    if (!cache_file_init(&file, dirfd, root)) {
        return NULL;
    }
    struct cache *c = mem_alloc(sizeof *c);
    *c = (struct cache){.file = file};
    return c;
}

/* Digests of the parts and not the parts: no two different rows may give the same bytes. */
static struct hint guard_of(const char *kind, struct bytes name, struct bytes value)
{
    struct hint parts[] = {hint_of(bytes_str(kind)), hint_of(name), hint_of(value)};
    return hint_of(bytes_of((const char *)parts, sizeof parts));
}

static bool is_sound(const char *kind, struct bytes name, struct bytes value, struct bytes guard)
{
    struct hint h = guard_of(kind, name, value);
    return guard.n == sizeof h && memcmp(guard.p, &h, sizeof h) == 0;
}

static struct bytes column(sqlite3_stmt *s, int i)
{
    const void *p = sqlite3_column_blob(s, i);
    int n = sqlite3_column_bytes(s, i);
    return p == NULL || n <= 0 ? bytes_of("", 0) : bytes_of(p, (size_t)n);
}

static void bind_bytes(sqlite3_stmt *s, int i, struct bytes b)
{
    (void)sqlite3_bind_blob64(s, i, b.n == 0 ? "" : b.p, b.n, SQLITE_STATIC);
}

/* A statement with its first parameter, or NULL: then the cache is given up. */
static sqlite3_stmt *prepare(struct cache *c, const char *sql, const char *kind)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(c->file.db, sql, -1, &s, NULL);
    if (rc != SQLITE_OK) {
        cache_file_give_up(&c->file, rc);
        return NULL;
    }
    (void)sqlite3_bind_text(s, 1, kind, -1, SQLITE_STATIC);
    return s;
}

/* The same for reading, after what is pending was written; NULL also where there is no file. */
static sqlite3_stmt *prepare_read(struct cache *c, const char *sql, const char *kind)
{
    cache_flush(c);
    if (c == NULL || !cache_file_connect(&c->file, false)) {
        return NULL;
    }
    return prepare(c, sql, kind);
}

static void check_read(struct cache *c, int rc)
{
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        cache_file_give_up(&c->file, rc);
    }
}

void cache_each(struct cache *c, const char *kind, cache_visit visit, void *ctx)
{
    sqlite3_stmt *s =
        prepare_read(c, "SELECT name, value, guard FROM hint WHERE kind = ?1 ORDER BY name", kind);
    if (s == NULL) {
        return;
    }
    struct buf last = {0};
    bool is_first = true;
    int rc;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct bytes name = column(s, 0);
        struct bytes value = column(s, 1);
        /* A damaged tree can lead back to where it began. */
        bool is_next = is_first || bytes_cmp(buf_bytes(&last), name) < 0;
        if (is_next && is_sound(kind, name, value, column(s, 2))) {
            is_first = false;
            buf_clear(&last);
            buf_add(&last, name.p, name.n);
            c->is_visiting = true;
            visit(ctx, name, value);
            c->is_visiting = false;
        }
    }
    check_read(c, rc);
    (void)sqlite3_finalize(s);
    buf_release(&last);
}

/* The kept statement with its first parameter, as prepare_read(). */
static sqlite3_stmt *ready_get(struct cache *c, const char *kind)
{
    static const char sql[] = "SELECT value, guard FROM hint WHERE kind = ?1 AND name = ?2";
    if (c == NULL || c->get == NULL || c->n_pending > 0 || c->file.is_given_up) {
        sqlite3_stmt *s = prepare_read(c, sql, kind);
        if (s != NULL) {
            (void)sqlite3_finalize(c->get);
            c->get = s;
        }
        return s;
    }
    (void)sqlite3_bind_text(c->get, 1, kind, -1, SQLITE_STATIC);
    return c->get;
}

bool cache_get(struct cache *c, const char *kind, struct bytes name, struct arena *a,
               struct bytes *value)
{
    sqlite3_stmt *s = ready_get(c, kind);
    if (s == NULL) {
        return false;
    }
    bind_bytes(s, 2, name);
    int rc = sqlite3_step(s);
    bool found = rc == SQLITE_ROW && is_sound(kind, name, column(s, 0), column(s, 1));
    if (found) {
        struct bytes v = column(s, 0);
        *value = bytes_of(arena_strndup(a, v.p, v.n), v.n);
    }
    check_read(c, rc);
    (void)sqlite3_reset(s);
    return found;
}

static void remember(struct cache *c, const char *kind, struct bytes name, struct bytes value,
                     bool is_drop)
{
    if (c == NULL || c->file.is_given_up || value.n > CACHE_VALUE_MAX ||
        c->arena.used > PENDING_MAX) {
        return;
    }
    struct arena *a = &c->arena;
    if (a->used > WRITTEN_AT && !c->is_visiting) {
        cache_flush(c);
    }
    ARENA_GROW(a, c->pending, c->n_pending, c->cap_pending);
    c->pending[c->n_pending++] = (struct cached_change){
        .kind = arena_strdup(a, kind),
        .name = bytes_of(arena_dup(a, name.p, name.n), name.n),
        .value = bytes_of(value.p == NULL ? NULL : arena_dup(a, value.p, value.n), value.n),
        .is_drop = is_drop,
    };
}

void cache_put(struct cache *c, const char *kind, struct bytes name, struct bytes value)
{
    remember(c, kind, name, value, false);
}

void cache_drop(struct cache *c, const char *kind)
{
    remember(c, kind, bytes_of("", 0), bytes_of(NULL, 0), true);
}

enum { STATEMENT_PUT, STATEMENT_DELETE, STATEMENT_DROP, STATEMENT_COUNT };

/* A row that stays the same is not written: then the whole transaction writes nothing. */
static const char *const statements[STATEMENT_COUNT] = {
    [STATEMENT_PUT] = "INSERT INTO hint (kind, name, value, guard) VALUES (?1, ?2, ?3, ?4)"
                      " ON CONFLICT (kind, name) DO UPDATE"
                      " SET value = excluded.value, guard = excluded.guard"
                      " WHERE guard IS NOT excluded.guard OR value IS NOT excluded.value",
    [STATEMENT_DELETE] = "DELETE FROM hint WHERE kind = ?1 AND name = ?2",
    [STATEMENT_DROP] = "DELETE FROM hint WHERE kind = ?1",
};

static int write_change(sqlite3_stmt *const s[], const struct cached_change *ch)
{
    int which = ch->is_drop           ? STATEMENT_DROP
                : ch->value.p == NULL ? STATEMENT_DELETE
                                      : STATEMENT_PUT;
    struct hint guard = guard_of(ch->kind, ch->name, ch->value);
    (void)sqlite3_bind_text(s[which], 1, ch->kind, -1, SQLITE_STATIC);
    if (which != STATEMENT_DROP) {
        bind_bytes(s[which], 2, ch->name);
    }
    if (which == STATEMENT_PUT) {
        bind_bytes(s[which], 3, ch->value);
        bind_bytes(s[which], 4, bytes_of((const char *)&guard, sizeof guard));
    }
    int rc = sqlite3_step(s[which]);
    (void)sqlite3_reset(s[which]);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int write_pending(struct cache *c, sqlite3_stmt *const s[])
{
    sqlite3 *db = c->file.db;
    int rc = cache_file_run(db, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < c->n_pending && rc == SQLITE_OK; i++) {
        rc = write_change(s, &c->pending[i]);
    }
    if (rc == SQLITE_OK && FAULT(CACHE_COMMIT)) {
        rc = SQLITE_IOERR;
    }
    rc = rc == SQLITE_OK ? cache_file_run(db, "COMMIT") : rc;
    if (sqlite3_get_autocommit(db) == 0) {
        (void)cache_file_run(db, "ROLLBACK");
    }
    return rc;
}

static void write_all(struct cache *c)
{
    sqlite3_stmt *s[STATEMENT_COUNT] = {0};
    /* It stays as it is where another process reads meanwhile: the next one tries again. */
    (void)cache_file_run(c->file.db, "PRAGMA journal_mode = WAL");
    bool good = true;
    for (int i = 0; i < STATEMENT_COUNT && good; i++) {
        s[i] = prepare(c, statements[i], "");
        good = s[i] != NULL;
    }
    int rc = good ? write_pending(c, s) : SQLITE_OK;
    if (rc != SQLITE_OK) {
        cache_file_give_up(&c->file, rc);
    }
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(s[i]);
    }
}

void cache_flush(struct cache *c)
{
    if (c == NULL || c->n_pending == 0) {
        return;
    }
    if (cache_file_connect(&c->file, true)) {
        write_all(c);
    }
    c->pending = NULL;
    c->n_pending = c->cap_pending = 0;
    arena_release(&c->arena);
}

void cache_close(struct cache *c)
{
    if (c != NULL) {
        cache_flush(c);
        (void)sqlite3_finalize(c->get);
        cache_file_close(&c->file);
        arena_release(&c->arena);
        free(c);
    }
}
