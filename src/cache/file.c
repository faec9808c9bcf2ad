/* The cache's file. What goes wrong here is never told: the cache is then not there. */
#include "cache/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/file.h"

#define CACHE_PATH "state/kfmig.db"
#define CACHE_ID 0x6B666D67 /* "kfmg", SQLite's application_id */
#define CACHE_FORMAT 1      /* SQLite's user_version */

enum { BUSY_MS = 200 };

/* WAL needs memory that all users of the file share; over a network there is none. */
static bool is_local(int dirfd)
{
    /* NFS, SMB, CIFS, SMB2, 9P, AFS, Coda, Ceph: statfs(2) */
    static const unsigned long networks[] = {0x6969,     0x517B,     0xFF534D42, 0xFE534D42,
                                             0x01021997, 0x5346414F, 0x73757245, 0x00C36400};
    struct statfs fs;
    if (fstatfs(dirfd, &fs) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        if (((unsigned long)fs.f_type & 0xFFFFFFFFUL) == networks[i]) {
            return false;
        }
    }
    return true;
}

/* SQLite opens by path: is root still the name of the directory that dirfd has open? */
static bool is_root(int dirfd, const char *root)
{
    struct stat a;
    struct stat b;
    return fstat(dirfd, &a) == 0 && stat(root, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

bool cache_file_init(struct cache_file *f, int dirfd, const char *root)
{
    if (!is_local(dirfd) || !is_root(dirfd, root)) {
        return false;
    }
    struct buf path = {0};
    buf_printf(&path, "%s/%s", strcmp(root, "/") == 0 ? "" : root, CACHE_PATH);
    *f = (struct cache_file){.dirfd = dirfd, .path = mem_strdup(buf_str(&path))};
    buf_release(&path);
    return true;
}

int cache_file_run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* Is the machine, another process or the user to blame, and not what stands in the file? */
static bool is_circumstance(int code)
{
    static const int codes[] = {SQLITE_BUSY,  SQLITE_LOCKED,   SQLITE_NOMEM,    SQLITE_READONLY,
                                SQLITE_IOERR, SQLITE_FULL,     SQLITE_CANTOPEN, SQLITE_PROTOCOL,
                                SQLITE_AUTH,  SQLITE_PERM,     SQLITE_ABORT,    SQLITE_TOOBIG,
                                SQLITE_NOLFS, SQLITE_INTERRUPT};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i] == code) {
            return true;
        }
    }
    return false;
}

void cache_file_give_up(struct cache_file *f, int rc)
{
    f->is_damaged = f->is_damaged || !is_circumstance(rc & 0xFF);
    f->is_given_up = true;
}

/* The first column of the first row of a query that has one. */
static int ask(sqlite3 *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(s);
    }
    *out = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    (void)sqlite3_finalize(s);
    return rc == SQLITE_ROW ? SQLITE_OK : rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
}

static int harden(sqlite3 *db)
{
    (void)sqlite3_extended_result_codes(db, 1);
    (void)sqlite3_busy_timeout(db, BUSY_MS);
    (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 2 * CACHE_VALUE_MAX);
    (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    return cache_file_run(db, "PRAGMA cell_size_check = ON; PRAGMA synchronous = NORMAL");
}

/* Whose file is it? One without pages is nobody's yet. */
static int check_owner(sqlite3 *db, bool *is_empty)
{
    int64_t pages = 0;
    int64_t id = 0;
    int64_t format = 0;
    int rc = ask(db, "PRAGMA page_count", &pages);
    rc = rc == SQLITE_OK ? ask(db, "PRAGMA application_id", &id) : rc;
    rc = rc == SQLITE_OK ? ask(db, "PRAGMA user_version", &format) : rc;
    *is_empty = pages == 0;
    if (rc != SQLITE_OK || pages == 0) {
        return rc;
    }
    if (id != CACHE_ID || format > CACHE_FORMAT) {
        return SQLITE_AUTH; /* somebody else's, or of a newer kfmig: left alone */
    }
    return format == CACHE_FORMAT ? SQLITE_OK : SQLITE_CORRUPT;
}

/* In one transaction: a process killed half-way leaves an empty file and no stranger's. */
static int create(sqlite3 *db)
{
    char *sql = sqlite3_mprintf("PRAGMA page_size = 8192;"
                                "BEGIN IMMEDIATE;"
                                "PRAGMA application_id = %d;"
                                "PRAGMA user_version = %d;"
                                "CREATE TABLE IF NOT EXISTS hint (kind TEXT NOT NULL,"
                                " name BLOB NOT NULL, value BLOB NOT NULL, guard BLOB NOT NULL,"
                                " PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID;"
                                "COMMIT",
                                CACHE_ID, CACHE_FORMAT);
    int rc = sql == NULL ? SQLITE_NOMEM : cache_file_run(db, sql);
    sqlite3_free(sql);
    if (sqlite3_get_autocommit(db) == 0) {
        (void)cache_file_run(db, "ROLLBACK");
    }
    return rc;
}

static int open_file(struct cache_file *f, bool may_create)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_PRIVATECACHE | (may_create ? SQLITE_OPEN_CREATE : 0);
    bool is_empty = false;
    int rc = sqlite3_open_v2(f->path, &f->db, flags, NULL);
    rc = rc == SQLITE_OK ? harden(f->db) : rc;
    rc = rc == SQLITE_OK ? check_owner(f->db, &is_empty) : rc;
    if (rc == SQLITE_OK && is_empty) {
        rc = may_create ? create(f->db) : SQLITE_ABORT;
    }
    struct stamp s = {0};
    if (file_stamp(f->dirfd, CACHE_PATH, &s, NULL) == 0) {
        f->ino = s.ino;
    }
    return rc;
}

/* Each absent or a regular file: SQLite itself refuses a symlink for the database only. */
static bool is_plain(const struct cache_file *f, struct stamp *db)
{
    static const char *const others[] = {CACHE_PATH "-wal", CACHE_PATH "-shm",
                                         CACHE_PATH "-journal"};
    struct stamp s;
    bool good = file_stamp(f->dirfd, CACHE_PATH, db, NULL) >= 0;
    for (size_t i = 0; i < sizeof others / sizeof others[0] && good; i++) {
        good = file_stamp(f->dirfd, others[i], &s, NULL) >= 0;
    }
    return good;
}

bool cache_file_connect(struct cache_file *f, bool may_create)
{
    struct stamp s = {0};
    if (f->db != NULL || f->is_given_up) {
        return !f->is_given_up;
    }
    if (!is_plain(f, &s) || (may_create && file_mkdirs(f->dirfd, "state", 0777, NULL) != 0)) {
        f->is_given_up = true;
        return false;
    }
    if (s.size == 0 && !may_create) {
        return false;
    }
    int rc = open_file(f, may_create);
    if (rc != SQLITE_OK) {
        cache_file_give_up(f, rc);
    }
    return rc == SQLITE_OK;
}

static void remove_damaged(const struct cache_file *f)
{
    struct stamp s;
    if (file_stamp(f->dirfd, CACHE_PATH, &s, NULL) == 0 && s.ino == f->ino) {
        (void)unlinkat(f->dirfd, CACHE_PATH, 0);
        (void)unlinkat(f->dirfd, CACHE_PATH "-wal", 0);
        (void)unlinkat(f->dirfd, CACHE_PATH "-shm", 0);
    }
}

void cache_file_close(struct cache_file *f)
{
    if (f->db != NULL) {
        (void)sqlite3_close_v2(f->db);
        f->db = NULL;
    }
    if (f->is_damaged) {
        remove_damaged(f);
    }
    free(f->path);
}
