/* Alembic's migrations, rendered. */
#include "flow/alembic.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "pg/child.h"
#include "sql/alembic.h"

enum {
    FILE_MODE = 0600,
    FILE_MOST = 4 * 1024 * 1024,
    OUTPUT_MOST = 64 * 1024 * 1024,
    FILES_MOST = 20000,
    DEPTH_MOST = 8,
    GRACE_MS = 2000
};

/* Other rules, other files: a part of what is remembered. */
static const char rules[] = "kfmig.alembic.v1";
static const char folder[] = ALEMBIC_FOLDER;
static const char remembered[] = ALEMBIC_FOLDER "/.inputs";
static const char log_path[] = ALEMBIC_FOLDER "/.log";

/* A file of versions/, by its revision. stem: its name without .py, the id of the migration. */
struct revision {
    struct alembic_file is;
    const char *stem;
};
struct alembic_work {
    struct project *p;
    struct arena *a;
    const struct ear *ear;
    const char *location; /* the folder with env.py */
    struct revision *v;
    size_t n, cap, n_files;
    struct digester *inputs;
};

/* --- what it is made of ----------------------------------------------------------------------------- */

static bool has_stem(const struct alembic_work *w, const char *stem)
{
    for (size_t i = 0; i < w->n; i++) {
        if (strcmp(w->v[i].stem, stem) == 0) {
            return true;
        }
    }
    return false;
}

/* A regular file of a folder that was just listed, whose name ends in .py. */
static int take_file(struct alembic_work *w, const char *path, struct err *e)
{
    struct bytes text;
    struct revision r;
    const char *name = strrchr(path, '/') + 1;
    int rc = file_read(w->a, w->p->dirfd, path, FILE_MOST, &text, NULL, e);
    if (rc != 0) {
        return rc < 0 ? -1 : err_set(e, ERR_CONFIG, "\"%s\" is not there", path);
    }
    digester_field(w->inputs, path, text);
    alembic_file_read(w->a, text, &r.is);
    if (r.is.rev != NULL) {
        r.stem = arena_strndup(w->a, name, strlen(name) - strlen(".py"));
        if (has_stem(w, r.stem)) {
            (void)err_at(e, ERR_CONFIG, path, 0, 0, "another revision's file is called %s, too",
                         name);
            return err_hint(e, "a migration is called as its file is: give it another name");
        }
        ARENA_GROW(w->a, w->v, w->n, w->cap);
        w->v[w->n++] = r;
    }
    return 0;
}

/* All of Python beneath path, in order of names. */
static int take_folder(struct alembic_work *w, const char *path, int depth, struct err *e)
{
    struct file_names names;
    int rc = file_list(w->a, w->p->dirfd, path, &names, e);
    if (rc != 0) {
        return rc < 0 ? -1 : err_set(e, ERR_CONFIG, "there is no folder \"%s\"", path);
    }
    for (size_t i = 0; i < names.n; i++) {
        const char *name = names.v[i].name;
        const char *below = arena_printf(w->a, "%s/%s", path, name);
        size_t n = strlen(name);
        bool is_python = n > 3 && strcmp(name + n - 3, ".py") == 0;
        if (names.v[i].type == DT_DIR && name[0] != '.' && strcmp(name, "__pycache__") != 0 &&
            depth < DEPTH_MOST && take_folder(w, below, depth + 1, e) != 0) {
            return -1;
        }
        if (names.v[i].type == DT_REG && is_python &&
            (++w->n_files > FILES_MOST || take_file(w, below, e) != 0)) {
            return w->n_files > FILES_MOST
                       ? err_set(e, ERR_CONFIG, "more than %d files in \"%s\"", FILES_MOST, path)
                       : -1;
        }
    }
    return 0;
}

static int fail_config(const struct alembic_work *w, const char *what, const char *hint,
                       struct err *e)
{
    (void)err_at(e, ERR_CONFIG, w->p->alembic->config, 0, 0, "%s", what);
    return err_hint(e, "%s", hint);
}

static int take_inputs(struct alembic_work *w, struct digest *out, struct err *e)
{
    struct bytes ini;
    const char *other = NULL;
    const char *config = w->p->alembic->config;
    const char *slash = strrchr(config, '/');
    int rc = file_read(w->a, w->p->dirfd, config, FILE_MOST, &ini, NULL, e);
    if (rc != 0) {
        return rc < 0 ? -1
                      : fail_config(w, "it is not there",
                                    "`alembic: {config: PATH}` names Alembic's ini file", e);
    }
    const char *location = alembic_location(w->a, ini, &other);
    if (location == NULL || location[0] == '/' || other != NULL) {
        return fail_config(w,
                           other != NULL ? "`version_locations` is not read"
                                         : "it has no `script_location` beneath it",
                           "kfmig reads the versions/ beneath script_location", e);
    }
    w->location = slash != NULL
                      ? arena_printf(w->a, "%.*s/%s", (int)(slash - config), config, location)
                      : location;
    w->inputs = digester_open(rules);
    digester_field(w->inputs, "command", bytes_str(w->p->alembic->command));
    digester_field(w->inputs, config, ini);
    rc = take_folder(w, w->location, 0, e);
    *out = digester_close(w->inputs);
    return rc;
}

/* --- the program ------------------------------------------------------------------------------------ */

/* Ours, so that env.py finds what it reads; and nothing is written beside the sources. */
static const char *const *environment_of(const struct alembic_work *w)
{
    size_t n = 0;
    while (environ[n] != NULL) {
        n++;
    }
    const char **v = ARENA_ARRAY(w->a, const char *, n + 3);
    memcpy((void *)v, (void *)environ, n * sizeof *v);
    v[n] = "PYTHONDONTWRITEBYTECODE=1";
    v[n + 1] = "PYTHONHASHSEED=0";
    return v;
}

static int open_log(const struct alembic_work *w, struct err *e)
{
    int fd = openat(w->p->dirfd, log_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                    FILE_MODE);
    return fd >= 0 ? fd : err_errno(e, ERR_PREFLIGHT, "cannot write \"%s\"", log_path);
}

/* 1: it says no, which is its own affair; what is no answer at all is -1. */
static int judge(const struct alembic_work *w, const struct buf *out, int status, struct err *e)
{
    if (out->n >= OUTPUT_MOST) {
        return err_set(e, ERR_PREFLIGHT, "alembic prints more than %d MiB", OUTPUT_MOST >> 20);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return 0;
    }
    (void)err_at(e, ERR_PREFLIGHT, w->p->alembic->config, 0, 0,
                 WIFSIGNALED(status) ? "alembic was ended by signal %d"
                                     : "alembic ended with status %d",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    (void)err_hint(e, "what it said stands in %s", log_path);
    return WIFEXITED(status) ? 1 : -1;
}

/* alembic --config=... WHAT RANGE --sql; *text in w->a. 1, with *e: a migration raises. */
static int run(struct alembic_work *w, const char *what, const char *range, struct bytes *text,
               struct err *e)
{
    struct buf out = {0};
    int status = 0;
    const struct alembic *is = w->p->alembic;
    const char *argv[] = {is->command, "--config", is->config, what, range, "--sql", NULL};
    struct child c = {.argv = argv,
                      .env = environment_of(w),
                      .out = open_log(w, e),
                      .dir = w->p->root,
                      .ear = w->ear,
                      .grace_ms = GRACE_MS,
                      .words_most = OUTPUT_MOST};
    if (c.out < 0) {
        return -1;
    }
    int rc = child_run(&c, &out, is->limit_ms, &status, e);
    rc = rc == 0 ? judge(w, &out, status, e) : rc;
    *text = bytes_of(arena_strndup(w->a, buf_str(&out), out.n), out.n);
    buf_release(&out);
    (void)close(c.out);
    return rc;
}

/* --- files ------------------------------------------------------------------------------------------ */

static const struct revision *revision_of(const struct alembic_work *w, const char *rev)
{
    for (size_t i = 0; i < w->n; i++) {
        if (strcmp(w->v[i].is.rev, rev) == 0) {
            return &w->v[i];
        }
    }
    return NULL;
}

static const struct alembic_step *step_of(const struct alembic_steps *l, const char *rev)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->v[i].rev, rev) == 0) {
            return &l->v[i];
        }
    }
    return NULL;
}

static const char *id_of(const struct alembic_work *w, const char *rev)
{
    const struct revision *r = revision_of(w, rev);
    return r != NULL ? r->stem : arena_printf(w->a, "alembic-%s", rev);
}

/* Only what is another: who reads beside us sees whole files, and no change where there is none. */
static int write_file(struct alembic_work *w, const char *name, const struct buf *text,
                      struct err *e)
{
    struct bytes old;
    struct err ignored = {0};
    const char *path = arena_printf(w->a, "%s/%s", folder, name);
    if (file_read(w->a, w->p->dirfd, path, OUTPUT_MOST, &old, NULL, &ignored) == 0 &&
        bytes_cmp(old, bytes_of(buf_str(text), text->n)) == 0) {
        return 0;
    }
    return file_write(w->p->dirfd, path, buf_bytes(text), FILE_MODE, e);
}

static size_t count_roots(const struct alembic_steps *up)
{
    size_t n = 0;
    for (size_t i = 0; i < up->n; i++) {
        n += up->v[i].parents.n == 0;
    }
    return n;
}

static int write_step(struct alembic_work *w, const struct alembic_steps *up, size_t i,
                      const struct alembic_step *down, struct names *written, struct err *e)
{
    struct buf text = {0};
    struct names after = {0};
    const struct alembic_step *s = &up->v[i];
    const struct revision *r = revision_of(w, s->rev);
    for (size_t k = 0; k < s->parents.n; k++) {
        names_add(w->a, &after, id_of(w, s->parents.v[k]));
    }
    for (size_t k = 0; r != NULL && k < r->is.depends_on.n; k++) {
        names_add(w->a, &after, id_of(w, r->is.depends_on.v[k]));
    }
    const char *name = arena_printf(w->a, "%s.up.sql", id_of(w, s->rev));
    alembic_write_up(&text, up, i, r != NULL ? r->is.header : "", &after);
    int rc = write_file(w, name, &text, e);
    names_add(w->a, written, name);
    buf_release(&text);
    if (rc == 0 && down != NULL) {
        name = arena_printf(w->a, "%s.down.sql", id_of(w, s->rev));
        alembic_write_down(&text, up, down, count_roots(up) == 1);
        rc = write_file(w, name, &text, e);
        names_add(w->a, written, name);
        buf_release(&text);
    }
    return rc;
}

/* Scripts of revisions that are no more. */
static int remove_others(struct alembic_work *w, const struct names *written, struct err *e)
{
    struct file_names names;
    if (file_list(w->a, w->p->dirfd, folder, &names, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < names.n; i++) {
        const char *name = names.v[i].name;
        const char *path = arena_printf(w->a, "%s/%s", folder, name);
        if (name[0] != '.' && strstr(name, ".sql") != NULL && !names_have(written, name) &&
            unlinkat(w->p->dirfd, path, 0) != 0) {
            return err_errno(e, ERR_PREFLIGHT, "cannot remove \"%s\"", path);
        }
    }
    return 0;
}

/* --- all of it -------------------------------------------------------------------------------------- */

/* One after the other, where not all of them can be taken back: a revision whose downgrade() raises has no
 * rollback. Nothing else that goes wrong says so. */
static int render_downs_alone(struct alembic_work *w, const struct alembic_steps *up,
                              struct alembic_steps *out, struct err *e)
{
    struct bytes text;
    struct alembic_steps one;
    *out = (struct alembic_steps){.table = up->table};
    for (size_t i = 0; i < up->n; i++) {
        struct err own = {0};
        const struct alembic_step *s = &up->v[i];
        const char *to = s->parents.n > 0 ? s->parents.v[0] : "base";
        if (s->parents.n > 1) {
            continue;
        }
        int rc = run(w, "downgrade", arena_printf(w->a, "%s:%s", s->rev, to), &text, &own);
        if (rc < 0) {
            *e = own;
            return -1;
        }
        if (rc == 0 &&
            alembic_read(w->a, "alembic downgrade", text, false, up->table, &one, e) != 0) {
            return -1;
        }
        if (rc == 0 && one.n == 1) {
            ARENA_GROW(w->a, out->v, out->n, out->cap);
            out->v[out->n++] = one.v[0];
        }
    }
    return 0;
}

static int render_downs(struct alembic_work *w, const struct alembic_steps *up,
                        struct alembic_steps *out, struct err *e)
{
    struct bytes text;
    struct err own = {0};
    int rc = run(w, "downgrade", "heads:base", &text, &own);
    if (rc < 0) {
        *e = own;
        return -1;
    }
    return rc == 0 ? alembic_read(w->a, "alembic downgrade", text, false, up->table, out, e)
                   : render_downs_alone(w, up, out, e);
}

static int render(struct alembic_work *w, const char *inputs, struct err *e)
{
    struct bytes text;
    struct alembic_steps up;
    struct alembic_steps down = {0};
    struct names written = {0};
    struct buf line = {0};
    if (file_mkdirs(w->p->dirfd, folder, 0700, e) != 0 ||
        run(w, "upgrade", "heads", &text, e) != 0 ||
        alembic_read(w->a, "alembic upgrade", text, true, NULL, &up, e) != 0 ||
        (up.n > 0 && render_downs(w, &up, &down, e) != 0)) {
        return -1;
    }
    (void)unlinkat(w->p->dirfd, remembered, 0);
    for (size_t i = 0; i < up.n; i++) {
        if (write_step(w, &up, i, step_of(&down, up.v[i].rev), &written, e) != 0) {
            return -1;
        }
    }
    if (remove_others(w, &written, e) != 0) {
        return -1;
    }
    (void)unlinkat(w->p->dirfd, log_path, 0);
    buf_printf(&line, "%s\n", inputs);
    int rc = file_write(w->p->dirfd, remembered, buf_bytes(&line), FILE_MODE, e);
    buf_release(&line);
    return rc;
}

static bool is_remembered(const struct alembic_work *w, const char *inputs)
{
    struct bytes text;
    struct err ignored = {0};
    size_t n = strlen(inputs);
    return file_read(w->a, w->p->dirfd, remembered, 4096, &text, NULL, &ignored) == 0 &&
           text.n == n + 1 && memcmp(text.p, inputs, n) == 0;
}

int alembic_render(struct project *p, void *ctx, struct err *e)
{
    struct arena a = {0};
    struct digest d;
    char inputs[DIGEST_TEXT];
    struct alembic_work w = {.p = p, .a = &a, .ear = ctx};
    int rc = take_inputs(&w, &d, e);
    if (rc == 0 && !is_remembered(&w, digest_text(&d, inputs))) {
        tell_note(w.ear, "alembic renders the migrations of %s", w.location);
        rc = render(&w, inputs, e);
    }
    arena_release(&a);
    return rc;
}
