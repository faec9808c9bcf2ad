/* layer: cache faults */
#include "tap.h"

#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "cache/cache.h"

#define DB "state/kfmig.db"

enum { ROWS = 60, FLIP_STEP = 97, WRITE_STEP = 16 };

static char root_path[] = "/tmp/kfmig-t-cache-XXXXXX";
static int root;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static void clear(void)
{
    if (root > 0) {
        (void)close(root);
        (void)nftw(root_path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    if ((root == 0 ? mkdtemp(root_path) == NULL : mkdir(root_path, 0700) != 0)) {
        abort();
    }
    root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool exists(const char *path)
{
    struct stat st;
    return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static struct cache *open_cache(void)
{
    return cache_open(root, root_path);
}

/* What a visit saw: "name=value;" in one text. */
static void note(void *ctx, struct bytes name, struct bytes value)
{
    buf_add(ctx, name.p, name.n);
    buf_putc(ctx, '=');
    buf_add(ctx, value.p, value.n);
    buf_putc(ctx, ';');
}

static void is_all(const char *kind, const char *want, const char *name)
{
    struct cache *c = open_cache();
    struct buf seen = {0};
    cache_each(c, kind, note, &seen);
    is_str(buf_str(&seen), want, name);
    buf_release(&seen);
    cache_close(c);
}

static void is_one(struct cache *c, const char *kind, const char *key, const char *want,
                   const char *name)
{
    struct arena a = {0};
    struct bytes v = {0};
    bool found = cache_get(c, kind, bytes_str(key), &a, &v);
    is_str(found ? v.p : NULL, want, name);
    arena_release(&a);
}

static void put(struct cache *c, const char *kind, const char *name, const char *value)
{
    cache_put(c, kind, bytes_str(name), value == NULL ? bytes_of(NULL, 0) : bytes_str(value));
}

static void test_reading_makes_no_file(void)
{
    clear();
    struct cache *c = open_cache();
    ok(c != NULL, "a cache opens where there is none");
    is_one(c, "k", "a", NULL, "nothing is found in it");
    cache_flush(c);
    cache_close(c);
    ok(!exists("state"), "and nothing was made");
    cache_close(NULL);
    cache_flush(NULL);
    put(NULL, "k", "a", "1");
    cache_drop(NULL, "k");
    is_one(NULL, "k", "a", NULL, "no cache at all finds nothing");
    ok(cache_open(root, "/") == NULL, "a root that is not the directory is refused");
    ok(cache_open(root, "/nonexistent") == NULL, "a root that does not exist is refused");
}

static void test_rows(void)
{
    clear();
    struct cache *c = open_cache();
    put(c, "k", "b", "2");
    put(c, "k", "a", "1");
    put(c, "other", "a", "x");
    is_one(c, "k", "a", "1", "what was put is found before it is committed");
    put(c, "k", "c", "");
    put(c, "k", "a", "one");
    cache_close(c);
    ok(exists(DB), "the file is there after closing");
    is_all("k", "a=one;b=2;c=;", "all rows of a kind, in order of name");
    is_all("other", "a=x;", "kinds are apart");
    is_all("nobody", "", "an unknown kind has no rows");

    c = open_cache();
    put(c, "k", "b", NULL);
    put(c, "k", "missing", NULL);
    is_one(c, "k", "b", NULL, "a deleted row is gone at once");
    cache_drop(c, "other");
    put(c, "other", "z", "after");
    cache_close(c);
    is_all("k", "a=one;c=;", "the other rows stay");
    is_all("other", "z=after;", "a kind dropped and filled again");
}

static void test_binary(void)
{
    static const char name[] = {'n', 0, (char)0xFF, 'x'};
    static const char value[] = {0, 1, 0, (char)0xFE};
    clear();
    struct cache *c = open_cache();
    cache_put(c, "bin", bytes_of(name, sizeof name), bytes_of(value, sizeof value));
    char *large = calloc(1, 3000000);
    memset(large, 'L', 2999999);
    put(c, "bin", "large", large);
    cache_close(c);
    c = open_cache();
    struct arena a = {0};
    struct bytes v = {0};
    bool found = cache_get(c, "bin", bytes_of(name, sizeof name), &a, &v);
    ok(found && bytes_eq(v, bytes_of(value, sizeof value)), "names and values may hold any byte");
    found = cache_get(c, "bin", bytes_str("large"), &a, &v);
    ok(found && bytes_eq(v, bytes_str(large)), "a value of 3 MB");
    cache_close(c);
    arena_release(&a);
    free(large);
}

static void put_a(struct cache *c)
{
    put(c, "k", "a", "1");
}

static struct stamp stamp(const char *path)
{
    struct stamp s = {0};
    (void)file_stamp(root, path, &s, NULL);
    return s;
}

static void test_equal_put(void)
{
    clear();
    struct cache *c = open_cache();
    put_a(c);
    cache_close(c);
    struct stamp before = stamp(DB);
    c = open_cache();
    put_a(c);
    cache_close(c);
    struct stamp after = stamp(DB);
    ok(stamp_eq(&before, &after), "putting what is there already writes nothing");
}

static void sql(const char *text)
{
    char path[64];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", root_path, DB);
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK) {
        printf("# %s: %s\n", text, sqlite3_errmsg(db));
        abort();
    }
    (void)sqlite3_close(db);
}

static void write_text(const char *path, const char *text)
{
    int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        abort();
    }
    (void)close(fd);
}

static void start_with_row(void)
{
    clear();
    struct cache *c = open_cache();
    put(c, "k", "a", "1");
    cache_close(c);
}

/* Put a row where the cache is in some bad state; then look at what a fresh cache finds. */
static void try_put(const char *want, const char *name)
{
    struct cache *c = open_cache();
    is_one(c, "k", "a", NULL, name);
    put(c, "k", "b", "2");
    cache_close(c);
    is_all("k", want, name);
}

static void test_strangers(void)
{
    start_with_row();
    sql("PRAGMA user_version = 2");
    try_put("", "a newer format is left alone");
    ok(exists(DB), "and its file stays");
    start_with_row();
    sql("PRAGMA application_id = 7");
    try_put("", "another program's file is left alone");
    ok(exists(DB), "and stays");
}

static void test_damage(void)
{
    clear();
    (void)mkdirat(root, "state", 0755);
    write_text(DB, "this is no database, and long enough to be looked at as one................."
                   "...........................................................................");
    try_put("", "a file that is no database");
    ok(!exists(DB), "a damaged file is removed when the cache is closed");
    struct cache *c = open_cache();
    put(c, "k", "b", "2");
    cache_close(c);
    is_all("k", "b=2;", "and the next cache is a good one");
    start_with_row();
    sql("DROP TABLE hint");
    try_put("", "a database without the table");
    start_with_row();
    sql("UPDATE hint SET value = x'39'");
    try_put("b=2;", "a row that does not fit its guard is absent");
    start_with_row();
    sql("UPDATE hint SET name = x'62'");
    is_all("k", "", "a row under another name is absent");
    start_with_row();
    sql("UPDATE hint SET kind = 'j'");
    is_all("j", "", "a row under another kind is absent");
    start_with_row();
    sql("UPDATE hint SET guard = x'00'");
    is_all("k", "", "a short guard is no guard");
    clear();
    (void)mkdirat(root, "state", 0755);
    write_text(DB, "");
    c = open_cache();
    put(c, "k", "b", "2");
    cache_close(c);
    is_all("k", "b=2;", "an empty file becomes a cache");
}

static void test_places(void)
{
    start_with_row();
    (void)renameat(root, DB, root, "state/real.db");
    (void)symlinkat("real.db", root, DB);
    try_put("", "a symlink for the file");
    ok(exists(DB) && exists("state/real.db"), "and nothing is removed");
    start_with_row();
    (void)renameat(root, "state", root, "elsewhere");
    (void)symlinkat("elsewhere", root, "state");
    try_put("", "a symlink for the folder");
    clear();
    (void)mkdirat(root, "state", 0755);
    (void)mkdirat(root, DB, 0755);
    try_put("", "a directory for the file");
    start_with_row();
    (void)symlinkat("/tmp/nowhere", root, DB "-wal");
    try_put("", "a symlink for the write-ahead log");
    clear();
    write_text("state", "a file");
    try_put("", "a file for the folder");
}

static void test_busy(void)
{
    start_with_row();
    char path[64];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", root_path, DB);
    (void)sqlite3_open(path, &db);
    ok(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK,
       "another process writes");
    struct cache *c = open_cache();
    put(c, "k", "b", "2");
    cache_flush(c);
    is_one(c, "k", "b", NULL, "then a put is given up");
    cache_close(c);
    (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    (void)sqlite3_close(db);
    is_all("k", "a=1;", "and nothing is harmed");
}

/* 4 processes fill a cache that does not exist yet. */
static void test_many(void)
{
    clear();
    for (int p = 0; p < 4; p++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct cache *c = open_cache();
            for (int i = 0; i < 50; i++) {
                char name[16];
                (void)snprintf(name, sizeof name, "%02d", i);
                put(c, "k", name, "same");
            }
            cache_close(c);
            _exit(0);
        }
    }
    int bad = 0;
    for (int p = 0; p < 4; p++) {
        int status = 0;
        (void)wait(&status);
        bad += status != 0;
    }
    is_int(bad, 0, "four at once: none of them fails");
    struct cache *c = open_cache();
    is_one(c, "k", "49", "same", "and the rows are there");
    cache_close(c);
}

/* The order for a fault is read once per process, hence children. */
static int put_in_child(const char *fault, const char *value)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)setenv("KFMIG_FAULT", fault, 1);
        struct cache *c = open_cache();
        put(c, "k", "a", value);
        cache_close(c);
        _exit(0);
    }
    int status = -1;
    (void)waitpid(pid, &status, 0);
    return status;
}

static void test_fault(void)
{
    clear();
    is_int(put_in_child("", "1"), 0, "a child writes a row");
    is_int(put_in_child("cache.commit:error", "2"), 0,
           "a failing commit is no failure of the caller");
    is_all("k", "a=1;", "and the old row stays");
    ok(WIFSIGNALED(put_in_child("cache.commit:kill", "3")), "killed before the commit");
    is_all("k", "a=1;", "the old row stays then too");
    is_int(put_in_child("", "4"), 0, "the next process");
    is_all("k", "a=4;", "writes as ever");
}

/* --- every 97th bit ------------------------------------------------------------------------------------------------ */

struct image {
    char *p;
    size_t n;
};

static struct image take(const char *path)
{
    struct image im = {0};
    int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        abort();
    }
    im.n = (size_t)st.st_size;
    im.p = malloc(im.n + 1);
    if (read(fd, im.p, im.n) != (ssize_t)im.n) {
        abort();
    }
    (void)close(fd);
    return im;
}

static void place(const char *path, const struct image *im)
{
    int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, im->p, im->n) != (ssize_t)im->n) {
        abort();
    }
    (void)close(fd);
}

static void row_text(int i, int round, char out[static 100])
{
    (void)snprintf(out, 100, "value %d of round %d ...............................", i, round);
}

static void put_rows(struct cache *c, int round)
{
    for (int i = 0; i < ROWS; i++) {
        char name[16];
        char value[100];
        (void)snprintf(name, sizeof name, "row%03d", i);
        row_text(i, round, value);
        put(c, "k", name, value);
    }
}

struct look {
    int good, wrong;
};

static void weigh(void *ctx, struct bytes name, struct bytes value)
{
    struct look *l = ctx;
    char first[100];
    char second[100];
    int i = name.n == 6 ? atoi(name.p + 3) : -1;
    row_text(i, 1, first);
    row_text(i, 2, second);
    bool good = bytes_eq(value, bytes_str(first)) || bytes_eq(value, bytes_str(second));
    l->good += good;
    l->wrong += !good;
}

/* Flip bits of one of the two files in turn. */
static void flip(const struct image *db, const struct image *wal, bool in_wal, const char *name)
{
    struct look l = {0};
    int n = 0;
    const struct image *victim = in_wal ? wal : db;
    for (size_t bit = 0; bit < victim->n * 8; bit += FLIP_STEP, n++) {
        victim->p[bit / 8] = (char)(victim->p[bit / 8] ^ (1 << bit % 8));
        (void)unlinkat(root, DB "-shm", 0);
        (void)unlinkat(root, DB "-wal", 0);
        place(DB, db);
        if (wal != NULL) {
            place(DB "-wal", wal);
        }
        struct cache *c = open_cache();
        cache_each(c, "k", weigh, &l);
        if (n % WRITE_STEP == 0) {
            put(c, "k", "new", "new");
        }
        cache_close(c);
        victim->p[bit / 8] = (char)(victim->p[bit / 8] ^ (1 << bit % 8));
    }
    printf("# %d flips, %d rows delivered\n", n, l.good);
    is_int(l.wrong, 0, name);
    ok(l.good > n * ROWS / 4 && n > 200, "and most rows are still delivered");
}

static void test_flips(void)
{
    clear();
    struct cache *c = open_cache();
    put_rows(c, 1);
    cache_close(c);
    struct image db = take(DB);
    flip(&db, NULL, false, "no flipped bit of the file delivers a wrong value");
    clear();
    (void)mkdirat(root, "state", 0755);
    place(DB, &db);
    c = open_cache();
    put_rows(c, 2);
    cache_flush(c);
    struct image wal = take(DB "-wal");
    free(db.p);
    db = take(DB);
    cache_close(c);
    ok(wal.n > 4096, "there is a write-ahead log to damage");
    flip(&db, &wal, true, "no flipped bit of the write-ahead log delivers a wrong value");
    free(db.p);
    free(wal.p);
}

int main(void)
{
    tap_plan(63);
    test_fault(); /* first: here no commit has asked for a fault yet */
    test_reading_makes_no_file();
    test_rows();
    test_binary();
    test_equal_put();
    test_strangers();
    test_damage();
    test_places();
    test_busy();
    test_many();
    test_flips();
    (void)close(root);
    (void)nftw(root_path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return tap_done();
}
