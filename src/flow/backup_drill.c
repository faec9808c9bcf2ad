/* A backup restored in a throwaway database, and compared with the snapshot that it was made of. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "flow/backup_parts.h"
#include "flow/drill_parts.h"
#include "model/operations.h"
#include "pg/tx.h"
#include "site/backup.h"

enum { LISTED_MAX = 1000, LIST_MAX = 256 * 1024 * 1024 };

/* What is compared: definitions, and how many rows each table has. */
struct standing_there {
    struct catalog catalog;
    struct table_rows *tables;
    size_t n_tables;
};

static void differs(struct site *s, struct backup_drill *x, const char *what)
{
    if (x->n_different++ < LISTED_MAX) {
        ARENA_GROW(s->a, x->differs.v, x->differs.n, x->differs.cap);
        x->differs.v[x->differs.n++] = what;
    }
}

static void compare_objects(struct site *s, const struct catalog *was, const struct catalog *now,
                            struct backup_drill *x)
{
    for (struct drill_walk w = {0}; drill_next(&w, was, now);) {
        x->n_objects++;
        if (!w.is_same) {
            differs(s, x, w.text);
        }
    }
}

static void compare_rows(struct site *s, const struct standing_there *was,
                         const struct standing_there *now, struct backup_drill *x)
{
    for (size_t i = 0; i < was->n_tables; i++) {
        const struct table_rows *t = &was->tables[i];
        int64_t rows = recover_rows(now->tables, now->n_tables, t->text, -1);
        x->n_tables++;
        x->n_rows += rows > 0 ? rows : 0;
        if (rows != t->rows || rows < 0) {
            differs(s, x, arena_printf(s->a, "the rows of %s", t->text));
        }
    }
}

/* Comments of extensions belong to who made them, which is not who restores. */
static int leave_out(struct site *s, const char *path, struct err *e)
{
    struct bytes text;
    struct buf out = {0};
    int rc = file_read(s->a, s->project->dirfd, path, LIST_MAX, &text, NULL, e);
    if (rc != 0) {
        return rc > 0 ? err_set(e, ERR_PREFLIGHT, "pg_restore made no list") : -1;
    }
    for (const char *line = text.p; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        n += line[n] == '\n';
        const char *kind = memmem(line, n, " COMMENT - EXTENSION ", 21);
        buf_puts(&out, kind != NULL ? ";" : "");
        buf_add(&out, line, n);
        line += n;
    }
    rc = file_write(s->project->dirfd, path, buf_bytes(&out), 0600, e);
    buf_release(&out);
    return rc;
}

/* What pg_restore could not do shows in what stands there afterwards. */
static int restore(struct site *s, const struct backup_made *m, const char *name, struct err *e)
{
    int status = 0;
    const char *log = arena_printf(s->a, "%s.log", m->path);
    const char *list = arena_printf(s->a, "%s/restore.list", m->path);
    const char *data = arena_printf(s->a, "%s/data", m->path);
    const char *lists[] = {"--list", arena_printf(s->a, "--file=%s", list), data, NULL};
    const char *args[] = {arena_printf(s->a, "--dbname=%s", name),
                          "--no-password",
                          arena_printf(s->a, "--jobs=%d", operations_of(s->env)->backup.jobs),
                          arena_printf(s->a, "--use-list=%s", list),
                          data,
                          NULL};
    if (backup_client(s, m, "pg_restore", lists, NULL, log, &status, e) != 0 ||
        leave_out(s, list, e) != 0 ||
        backup_client(s, m, "pg_restore", args, name, log, &status, e) != 0) {
        return -1;
    }
    (void)unlinkat(s->project->dirfd, list, 0);
    if (status == 0) {
        (void)unlinkat(s->project->dirfd, log, 0);
    } else {
        tell_warning(&s->ear, "%s: pg_restore told of errors; what it said stands in %s",
                     s->env->name, log);
    }
    return 0;
}

static int look_at(struct site *s, const char *name, struct standing_there *out, struct err *e)
{
    struct site made;
    site_init(&made, s->a, s->project, NULL, &s->ear, s->env,
              &(struct site_options){
                  .verb = s->o.verb, .self = s->o.self, .dbname = name, .words = s->o.words});
    int rc = site_plan(&made, true, e) != 0 || site_look(&made, e) != 0 ? -1 : 0;
    if (rc == 0) {
        recover_count(&made, &out->tables, &out->n_tables);
        out->catalog = made.catalog;
    }
    site_close(&made);
    return rc;
}

/* The definitions that stand there, and, in the snapshot that pg_dump reads by, the rows. */
static int back_up(struct site *s, struct backup_made *m, struct standing_there *was, struct err *e)
{
    if (site_look(s, e) != 0 || site_export_snapshot(s, &m->snapshot, e) != 0) {
        return -1;
    }
    was->catalog = s->catalog;
    int rc = backup_dump(s, m, e);
    if (rc == 0) {
        recover_count(s, &was->tables, &was->n_tables);
    }
    tx_roll_back(s->pg);
    return rc;
}

int backup_try(struct site *s, struct backup_made *m, struct backup_drill *out, struct err *e)
{
    char name[DRILL_NAME] = "";
    struct standing_there was = {0};
    struct standing_there now = {0};
    struct err late = {0};
    size_t n = 0;
    if (drill_sweep(s, &n, e) != 0 || back_up(s, m, &was, e) != 0) {
        return -1;
    }
    int rc = drill_create(s, NULL, name, e) != 0 || drill_extensions(s, name, e) != 0 ||
                     restore(s, m, name, e) != 0 || look_at(s, name, &now, e) != 0
                 ? -1
                 : 0;
    if (rc == 0) {
        compare_objects(s, &was.catalog, &now.catalog, out);
        compare_rows(s, &was, &now, out);
    }
    if (name[0] != '\0' && drill_drop(s, name, &late) != 0 && rc == 0) {
        *e = late;
        rc = -1;
    }
    return rc;
}
