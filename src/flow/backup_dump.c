/* A backup by pg_dump, as files beneath state/backups. */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/tree.h"
#include "doc/canon.h"
#include "flow/backup_parts.h"
#include "model/operations.h"
#include "pg/child.h"

enum { FOLDER_MODE = 0700, FILE_MODE = 0600, CHUNK = 256 * 1024, STAMP = 22 };

static const char folder[] = "state/backups";

/* --- running a client ------------------------------------------------------------------------------- */

static int open_log(const struct site *s, const char *log, struct err *e)
{
    int fd = openat(s->project->dirfd, log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
                    FILE_MODE);
    return fd >= 0 ? fd : err_errno(e, ERR_PREFLIGHT, "cannot write \"%s\"", log);
}

int backup_client(struct site *s, const struct backup_made *m, const char *program,
                  const char *const *args, const char *dbname, const char *log, int *status,
                  struct err *e)
{
    size_t n = 0;
    struct pg_environment env;
    int fd = open_log(s, log, e);
    if (fd < 0 || pg_environment_make(&s->dsn, dbname, &env, e) != 0) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    while (args[n] != NULL) {
        n++;
    }
    const char **argv = ARENA_ARRAY(s->a, const char *, n + 2);
    argv[0] = arena_printf(s->a, "%s/%s", m->clients.dir, program);
    memcpy((void *)(argv + 1), (const void *)args, n * sizeof *args);
    const struct child c = {.argv = argv,
                            .env = (const char *const *)env.v,
                            .out = fd,
                            .dir = s->project->root,
                            .ear = &s->ear,
                            .grace_ms = BACKUP_GRACE_MS};
    int64_t limit = operations_of(s->env)->threshold[THRESHOLD_BACKUP_TIME];
    int rc = child_run(&c, NULL, limit, status, e);
    pg_environment_wipe(&env);
    (void)close(fd);
    return rc;
}

/* What it said may quote rows: it stays in the file. */
static int fail(const char *program, int status, const char *log, struct err *e)
{
    if (WIFSIGNALED(status)) {
        err_set(e, ERR_PREFLIGHT, "%s was ended by signal %d", program, WTERMSIG(status));
    } else {
        err_set(e, ERR_PREFLIGHT, "%s ended with status %d", program, WEXITSTATUS(status));
    }
    return err_hint(e, "what it said stands in %s", log);
}

/* --- pg_dump ---------------------------------------------------------------------------------------- */

static const char *data_of(const struct site *s, const struct backup_made *m)
{
    return arena_printf(s->a, "%s/data", m->path);
}

int backup_run_dump(struct site *s, const struct backup_made *m, const char **args, size_t n,
                    const char *log, struct err *e)
{
    int status = 0;
    args[n++] = "--no-password";
    args[n++] = "--lock-wait-timeout=30s";
    for (size_t i = 0; i < m->schemas.n; i++) {
        args[n++] = arena_printf(s->a, "--schema=%s", pg_ident(s->a, m->schemas.v[i]));
    }
    args[n] = NULL;
    if (backup_client(s, m, "pg_dump", args, NULL, log, &status, e) != 0) {
        return -1;
    }
    return status == 0 ? 0 : fail("pg_dump", status, log, e);
}

static int dump(struct site *s, const struct backup_made *m, const char *log, struct err *e)
{
    size_t n = 0;
    const char **args = ARENA_ARRAY(s->a, const char *, m->schemas.n + 8);
    args[n++] = "--format=directory";
    args[n++] = arena_printf(s->a, "--jobs=%d", operations_of(s->env)->backup.jobs);
    args[n++] = arena_printf(s->a, "--file=%s", data_of(s, m));
    if (m->snapshot != NULL) {
        args[n++] = arena_printf(s->a, "--snapshot=%s", m->snapshot);
    }
    return backup_run_dump(s, m, args, n, log, e);
}

/* Can it be read back: pg_restore reads its table of contents to the end. */
static int list(struct site *s, const struct backup_made *m, const char *log, struct err *e)
{
    int status = 0;
    const char *args[] = {"--list", "--file=/dev/null", data_of(s, m), NULL};
    if (backup_client(s, m, "pg_restore", args, NULL, log, &status, e) != 0) {
        return -1;
    }
    return status == 0 ? 0 : fail("pg_restore --list", status, log, e);
}

/* --- digests ---------------------------------------------------------------------------------------- */

static int digest_file(const struct site *s, const char *path, int64_t *size, struct digest *out,
                       struct err *e)
{
    static char chunk[CHUNK];
    ssize_t n = 0;
    int fd = openat(s->project->dirfd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct digester *d = digester_open(NULL);
    *size = 0;
    while (fd >= 0 && (n = read(fd, chunk, sizeof chunk)) > 0) {
        digester_raw(d, bytes_of(chunk, (size_t)n));
        *size += n;
    }
    *out = digester_close(d);
    int rc = fd >= 0 && n == 0 ? 0 : err_errno(e, ERR_PREFLIGHT, "cannot read \"%s\"", path);
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

static int digest_files(const struct site *s, struct backup_made *m, struct err *e)
{
    struct file_names names;
    char text[DIGEST_TEXT];
    const char *data = data_of(s, m);
    int rc = file_list(s->a, s->project->dirfd, data, &names, e);
    if (rc != 0) {
        return rc > 0 ? err_set(e, ERR_PREFLIGHT, "pg_dump left no \"%s\"", data) : -1;
    }
    m->files = doc_new(s->a, DOC_LIST);
    for (size_t i = 0; i < names.n; i++) {
        int64_t size = 0;
        struct digest d;
        const char *path = arena_printf(s->a, "%s/%s", data, names.v[i].name);
        if (digest_file(s, path, &size, &d, e) != 0) {
            return -1;
        }
        struct doc *x = doc_push(s->a, m->files, doc_new(s->a, DOC_MAP));
        doc_put(s->a, x, "name", doc_text(s->a, names.v[i].name));
        doc_put(s->a, x, "size", doc_int(s->a, size));
        doc_put(s->a, x, "sha256", doc_text(s->a, digest_text(&d, text)));
        m->size += size;
    }
    m->digest = canon_digest(m->files);
    return 0;
}

/* Written last: without it the folder is what a killed run left. */
static int write_about(const struct site *s, const struct backup_made *m, struct err *e)
{
    char now[CLOCK_TEXT];
    char text[DIGEST_TEXT];
    struct arena *a = s->a;
    struct buf out = {0};
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "format", doc_text(a, "kfmig-backup 1"));
    doc_put(a, d, "environment", doc_text(a, s->env->name));
    doc_put(a, d, "instance", doc_text(a, s->id.uuid));
    doc_put(a, d, "position", doc_int(a, s->id.size));
    doc_put(a, d, "server_version", doc_int(a, s->id.version));
    doc_put(a, d, "tool", doc_text(a, arena_printf(a, "pg_dump %d", m->clients.major)));
    struct doc *schemas = doc_put(a, d, "schemas", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < m->schemas.n; i++) {
        doc_push(a, schemas, doc_name(a, m->schemas.v[i]));
    }
    doc_put(a, d, "started_at", doc_text(a, m->started_at));
    doc_put(a, d, "finished_at", doc_text(a, clock_text(clock_unix_us(), now)));
    doc_put(a, d, "size", doc_int(a, m->size));
    doc_put(a, d, "digest", doc_text(a, digest_text(&m->digest, text)));
    doc_put(a, d, "files", m->files);
    canon_write(&out, d);
    buf_putc(&out, '\n');
    int rc = file_write(s->project->dirfd, arena_printf(a, "%s/backup.json", m->path),
                        buf_bytes(&out), FILE_MODE, e);
    buf_release(&out);
    return rc;
}

/* --- which are kept --------------------------------------------------------------------------------- */

/* "ENV-20261130T091500000000Z": of that environment, and of no other whose name begins so. */
static bool is_ours(const struct site *s, const char *name)
{
    size_t n = strlen(s->env->name);
    if (strncmp(name, s->env->name, n) != 0 || name[n] != '-') {
        return false;
    }
    const char *at = name + n + 1;
    size_t digits = 0;
    for (size_t i = 0; i < STAMP && at[i] != '\0'; i++) {
        digits += isdigit((unsigned char)at[i]) != 0;
    }
    return strlen(at) >= STAMP && digits == STAMP - 2 && at[8] == 'T' && at[STAMP - 1] == 'Z' &&
           (at[STAMP] == '\0' || strcmp(at + STAMP, ".log") == 0);
}

/* Newest last, as their names sort. What cannot be removed is told, and harms nobody. */
static void remove_older(const struct site *s)
{
    struct file_names names;
    struct err ignored = {0};
    size_t kept = 0;
    size_t keep = (size_t)operations_of(s->env)->backup.keep;
    if (file_list(s->a, s->project->dirfd, folder, &names, &ignored) != 0) {
        return;
    }
    for (size_t i = names.n; i-- > 0;) {
        struct stamp stamp;
        const char *name = names.v[i].name;
        const char *path = arena_printf(s->a, "%s/%s", folder, name);
        if (!is_ours(s, name)) {
            continue;
        }
        bool is_whole = file_stamp(s->project->dirfd, arena_printf(s->a, "%s/backup.json", path),
                                   &stamp, &ignored) == 0;
        if (is_whole && kept++ < keep) {
            continue;
        }
        if (tree_remove(s->project->dirfd, path) != 0) {
            tell_warning(&s->ear, "%s: cannot remove %s", s->env->name, path);
        }
    }
}

/* Nothing of it comes into a commit, whatever the project's own files say. */
static int keep_out(const struct site *s, struct err *e)
{
    struct stamp stamp;
    struct err ignored = {0};
    const char *path = arena_printf(s->a, "%s/.gitignore", folder);
    return file_stamp(s->project->dirfd, path, &stamp, &ignored) == 0
               ? 0
               : file_write(s->project->dirfd, path, bytes_str("*\n"), FILE_MODE, e);
}

static int faulty(struct err *e)
{
    return FAULT(BACKUP_DUMPED) ? err_set(e, ERR_PREFLIGHT, "no backup: fault point") : 0;
}

int backup_dump(struct site *s, struct backup_made *m, struct err *e)
{
    char now[CLOCK_TEXT];
    char stamp[CLOCK_TEXT];
    int64_t start = clock_ms();
    m->started_at = arena_strdup(s->a, clock_text(clock_unix_us(), now));
    m->path = arena_printf(s->a, "%s/%s-%s", folder, s->env->name, clock_stamp(now, stamp));
    const char *log = arena_printf(s->a, "%s.log", m->path);
    if (file_mkdirs(s->project->dirfd, m->path, FOLDER_MODE, e) != 0 || keep_out(s, e) != 0) {
        (void)!tree_remove(s->project->dirfd, m->path);
        return -1;
    }
    tell(&s->ear, &(struct tell){.kind = TELL_PHASE, .what = "backup"});
    int rc = dump(s, m, log, e) != 0 || list(s, m, log, e) != 0 || digest_files(s, m, e) != 0 ||
                     faulty(e) != 0 || write_about(s, m, e) != 0
                 ? -1
                 : 0;
    if (rc != 0) {
        (void)!tree_remove(s->project->dirfd, m->path);
        return rc;
    }
    (void)unlinkat(s->project->dirfd, log, 0);
    remove_older(s);
    m->ms = clock_ms() - start;
    return 0;
}
