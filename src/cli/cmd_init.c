/* kfmig init: a project, from nothing or around what is there. */
#include <fcntl.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "flow/skeleton.h"

static int run(const struct request *req)
{
    struct err e = {0};
    struct buf out = {0};
    if (req->n_args > 0) {
        err_set(&e, ERR_CONFIG, "`kfmig init` takes no arguments");
        err_hint(&e, "`kfmig -C %s init` makes a project there", req->args[0]);
        return output_error(req, -1, &e);
    }
    enum layout layout = req->layout != NULL ? layout_parse(req->layout) : LAYOUT_COUNT;
    if (req->layout != NULL && layout == LAYOUT_COUNT) {
        err_set(&e, ERR_CONFIG, "there is no layout \"%s\"", req->layout);
        err_hint(&e, "bundle, timestamped, versioned, numbered or paired");
        return output_error(req, -1, &e);
    }
    int dirfd = open(req->project, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0) {
        err_errno(&e, ERR_CONFIG, "cannot open the directory \"%s\"", req->project);
        return output_error(req, -1, &e);
    }
    int status;
    if (skeleton_make(dirfd, req->embedded, layout, &out, &e) != 0) {
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
    (void)close(dirfd);
    return status;
}

static const char *const takes[] = {"embedded", "layout", NULL};
static const struct example examples[] = {
    {"kfmig init", "a project whose dev environment is the database that DATABASE_URL names"},
    {"kfmig init --embedded",
     "a project whose dev environment is a PostgreSQL that kfmig runs itself"},
    {"kfmig init --layout=paired", "one whose migrations are called 027_slug.up.sql"},
    {NULL, NULL},
};

const struct command command_init = {
    .name = "init",
    .synopsis = "",
    .summary = "Make a project.",
    .description = "Makes registry/environments.v1.yml with one environment dev, an empty "
                   "registry/migrations.v1.json, migrations/postgis/, "
                   "state/ and a .gitattributes that keeps git from converting line ends below "
                   "migrations/, in the current directory (or in DIR of -C). A file that is there "
                   "already is kept as it is.\n\nWith --layout `kfmig new` makes flat migrations: "
                   "timestamped (20260225_1200__slug.up.sql), versioned (V000123__slug.sql), "
                   "numbered (0010__slug.sql) or paired (027_slug.up.sql); bundle is a folder with "
                   "a migration.yml. All of them are read, whatever it says (docs/layouts.md).",
    .options = takes,
    .examples = examples,
    .run = run,
};
