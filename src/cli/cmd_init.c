/* kfmig init: a project, from nothing or around what is there. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/output.h"

static const char environments_text[] = "# Environments of this project. A dsn_ref names a "
                                        "variable or a file, never the connection string itself.\n"
                                        "environments:\n"
                                        "  dev:\n"
                                        "    stores:\n"
                                        "      postgis:\n"
                                        "        dsn_ref: DATABASE_URL\n"
                                        "default_environment: dev\n";

static const char embedded_text[] =
    "# Environments of this project. The server of dev is kfmig's own; it starts when it is "
    "needed.\n"
    "environments:\n"
    "  dev:\n"
    "    stores:\n"
    "      postgis:\n"
    "        server: embedded\n"
    "        # provision: {extensions: [postgis], roles: [app_reader]}\n"
    "default_environment: dev\n";

struct skeleton {
    int dirfd;
    struct buf *out;
};

static int put_file(const struct skeleton *w, const char *path, const char *text, struct err *e)
{
    struct stamp stamp;
    int rc = file_stamp(w->dirfd, path, &stamp, e);
    if (rc < 0) {
        return -1;
    }
    if (rc == 1 && file_write(w->dirfd, path, bytes_str(text), 0666, e) != 0) {
        return -1;
    }
    buf_printf(w->out, "%s %s\n", rc == 1 ? "made" : "kept", path);
    return 0;
}

static int put_folder(const struct skeleton *w, const char *path, struct err *e)
{
    bool there = faccessat(w->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    if (file_mkdirs(w->dirfd, path, 0777, e) != 0) {
        return -1;
    }
    buf_printf(w->out, "%s %s/\n", there ? "kept" : "made", path);
    return 0;
}

static int make_all(const struct skeleton *w, bool embedded, struct err *e)
{
    if (put_file(w, "registry/environments.v1.yml", embedded ? embedded_text : environments_text,
                 e) != 0 ||
        put_file(w, "registry/migrations.v1.json",
                 "{\n  \"version\": 1,\n  \"migrations\": []\n}\n", e) != 0 ||
        put_folder(w, "migrations/postgis", e) != 0) {
        return -1;
    }
    return put_file(w, "state/.gitignore", "*\n!.gitignore\n", e);
}

static int run(const struct request *req)
{
    struct err e = {0};
    struct buf out = {0};
    struct skeleton w = {.out = &out};
    if (req->n_args > 0) {
        err_set(&e, ERR_CONFIG, "`kfmig init` takes no arguments");
        err_hint(&e, "`kfmig -C %s init` makes a project there", req->args[0]);
        return output_error(req, -1, &e);
    }
    w.dirfd = open(req->project, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w.dirfd < 0) {
        err_errno(&e, ERR_CONFIG, "cannot open the directory \"%s\"", req->project);
        return output_error(req, -1, &e);
    }
    int status;
    if (make_all(&w, req->embedded, &e) != 0) {
        status = output_error(req, -1, &e);
    } else {
        buf_puts(
            &out,
            req->embedded
                ? ""
                : "set DATABASE_URL to the database of dev: postgresql://USER@HOST/DATABASE\n");
        buf_puts(&out, "next: `kfmig new --from=FILE.sql`, then `kfmig build dev`\n");
        status = output_result(req, &out);
    }
    buf_release(&out);
    (void)close(w.dirfd);
    return status;
}

static const char *const takes[] = {"embedded", NULL};
static const struct example examples[] = {
    {"kfmig init", "a project whose dev environment is the database that DATABASE_URL names"},
    {"kfmig init --embedded",
     "a project whose dev environment is a PostgreSQL that kfmig runs itself"},
    {NULL, NULL},
};

const struct command command_init = {
    .name = "init",
    .synopsis = "",
    .summary = "Make a project.",
    .description = "Makes registry/environments.v1.yml with one environment dev, an empty "
                   "registry/migrations.v1.json, migrations/postgis/ and "
                   "state/ in the current directory (or in DIR of -C). A file that is there "
                   "already is kept as it is.",
    .options = takes,
    .examples = examples,
    .run = run,
};
