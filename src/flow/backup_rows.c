/* A backup of rows alone, as one compressed script: reference 004's backups/migrations. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "data/source.h"
#include "flow/backup_parts.h"

enum { FOLDER_MODE = 0700, FILE_MODE = 0600, TAIL = 4096 };

static const char folder[] = "backups/migrations";
static const char half_made[] = ".part"; /* what it is called until it is whole */

static int dump(struct site *s, const struct backup_made *m, const char *part, const char *log,
                struct err *e)
{
    size_t n = 0;
    const char **args = ARENA_ARRAY(s->a, const char *, m->schemas.n + 8);
    args[n++] = "--format=plain";
    args[n++] = "--data-only";
    args[n++] = "--compress=6"; /* gzip, by all majors */
    args[n++] = arena_printf(s->a, "--file=%s", part);
    return backup_run_dump(s, m, args, n, log, e);
}

/* pg_dump's last words: without them rows may be missing. */
static bool is_ended(const char *tail, size_t n)
{
    return memmem(tail, n, "PostgreSQL database dump complete", 33) != NULL;
}

/* Unpack it to its end, as whoever restores it will. */
static int check(const struct site *s, const char *part, struct err *e)
{
    struct source in = {0};
    int more = source_open(&in, s->project->dirfd, part, e);
    while (more == 0 && (more = source_more(&in, e)) == 1) {
        if (in.end - in.p > TAIL) {
            in.p = in.end - TAIL;
        }
        more = 0;
    }
    bool is_whole = more == 0 && in.p != NULL && is_ended(in.p, (size_t)(in.end - in.p));
    source_close(&in);
    return more < 0   ? err_wrap(e, ERR_PREFLIGHT, "what pg_dump wrote cannot be read: %s", e->msg)
           : is_whole ? 0
                      : err_set(e, ERR_PREFLIGHT, "what pg_dump wrote is not whole");
}

static int measure(const struct site *s, const char *part, struct backup_made *m, struct err *e)
{
    struct file_facts facts;
    int rc = source_digest(s->project->dirfd, part, NULL, NULL, &facts, e);
    if (rc != 0) {
        return rc < 0 ? -1 : err_set(e, ERR_PREFLIGHT, "pg_dump left no \"%s\"", part);
    }
    m->digest = facts.digest;
    m->size = (int64_t)facts.size;
    return 0;
}

static int sync_path(const struct site *s, const char *path, int flags, struct err *e)
{
    int fd = openat(s->project->dirfd, path, flags | O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int rc =
        fd >= 0 && fsync(fd) == 0 ? 0 : err_errno(e, ERR_PREFLIGHT, "cannot write \"%s\"", path);
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

/* It gets its name once it is whole and on disk. */
static int publish(const struct site *s, const char *part, const struct backup_made *m,
                   struct err *e)
{
    if (FAULT(BACKUP_DUMPED)) {
        return err_set(e, ERR_PREFLIGHT, "no backup: fault point");
    }
    if (sync_path(s, part, 0, e) != 0) {
        return -1;
    }
    if (renameat(s->project->dirfd, part, s->project->dirfd, m->path) != 0) {
        return err_errno(e, ERR_PREFLIGHT, "cannot write \"%s\"", m->path);
    }
    const char *text = arena_printf(s->a, "%s\n", m->path);
    return sync_path(s, folder, O_DIRECTORY, e) != 0
               ? -1
               : file_write(s->project->dirfd, arena_printf(s->a, "%s/latest-backup.txt", folder),
                            bytes_str(text), FILE_MODE, e);
}

/* What killed runs left: under the environment's lock nobody else is at work on one. */
static void remove_parts(const struct site *s)
{
    struct file_names names;
    struct err ignored = {0};
    if (file_list(s->a, s->project->dirfd, folder, &names, &ignored) != 0) {
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        const char *name = names.v[i].name;
        size_t n = strlen(name);
        if (strncmp(name, "backup-", 7) == 0 && n > sizeof half_made &&
            strcmp(name + n - (sizeof half_made - 1), half_made) == 0) {
            (void)unlinkat(s->project->dirfd, arena_printf(s->a, "%s/%s", folder, name), 0);
        }
    }
}

int backup_rows(struct site *s, struct backup_made *m, struct err *e)
{
    char now[CLOCK_TEXT];
    char stamp[CLOCK_TEXT];
    int64_t start = clock_ms();
    m->started_at = arena_strdup(s->a, clock_text(clock_unix_us(), now));
    m->path = arena_printf(s->a, "%s/backup-%s.sql.gz", folder, clock_stamp(now, stamp));
    const char *part = arena_printf(s->a, "%s%s", m->path, half_made);
    const char *log = arena_printf(s->a, "%s.log", m->path);
    if (file_mkdirs(s->project->dirfd, folder, FOLDER_MODE, e) != 0) {
        return -1;
    }
    remove_parts(s);
    tell(&s->ear, &(struct tell){.kind = TELL_PHASE, .what = "backup"});
    int rc = dump(s, m, part, log, e) != 0 || check(s, part, e) != 0 ||
                     measure(s, part, m, e) != 0 || publish(s, part, m, e) != 0
                 ? -1
                 : 0;
    if (rc != 0) {
        (void)unlinkat(s->project->dirfd, part, 0);
        return rc;
    }
    (void)unlinkat(s->project->dirfd, log, 0);
    m->ms = clock_ms() - start;
    return 0;
}
