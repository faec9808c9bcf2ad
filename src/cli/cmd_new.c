/* kfmig new: a bundle, empty or from an SQL file. */
#include <string.h>

#include "cli/bundle.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "flow/fresh_flat.h"
#include "flow/skeleton.h"

static const char *join_words(struct arena *a, const struct request *req)
{
    const char *text = "";
    for (size_t i = 0; i < req->n_args; i++) {
        text = arena_printf(a, "%s%s%s", text, i > 0 ? " " : "", req->args[i]);
    }
    return text;
}

static int make_draft(struct arena *a, const struct request *req, struct fresh *f, struct err *e)
{
    struct err_list faults = {0};
    if (req->from == NULL) {
        fresh_empty(a, f);
        return 0;
    }
    int rc = fresh_from(a, req->from, req->data, f, &faults, e);
    output_faults(req, &faults);
    err_list_release(&faults);
    return rc;
}

static int add_to_registry(const struct request *req, struct err *e)
{
    struct invocation again = {0};
    bool fixed = false;
    int rc = invocation_open(&again, req, true, e);
    if (rc == 0) {
        rc = load_registry_check(&again.project, true, &fixed, e);
    }
    invocation_close(&again);
    return rc;
}

/* What was made, and what a person would call its files. */
static const char *made_text(struct invocation *s, const struct fresh *f)
{
    return f->made != NULL
               ? f->made
               : arena_printf(s->a, "%s/%s: migration.yml forward.sql rollback.sql notes.md",
                              f->folder, f->draft.decl.id);
}

int bundle_print(struct invocation *s, const struct request *req, const struct fresh *f)
{
    const char *dir =
        f->made == NULL ? arena_printf(s->a, "%s/%s", f->folder, f->draft.decl.id) : f->folder;
    fresh_warn(&s->project, &s->progress.ear, f->folder, f);
    if (req->format == FORMAT_JSON) {
        struct doc *d = doc_new(s->a, DOC_MAP);
        doc_put(s->a, d, "migration_id", doc_text(s->a, f->draft.decl.id));
        doc_put(s->a, d, "dir", doc_text(s->a, dir));
        return output_json(req, d);
    }
    struct buf out = {0};
    buf_printf(&out, "made %s\n", made_text(s, f));
    const char *edit =
        f->forward.path == NULL
            ? f->made != NULL ? "write them, " : "write forward.sql and rollback.sql, "
        : f->n_forward_open > 0
            ? f->made != NULL ? "finish them, " : "finish forward.sql and rollback.sql, "
        : f->n_open > 0 ? f->made != NULL ? "finish what undoes it, " : "finish rollback.sql, "
                        : "";
    buf_printf(&out, "next: %s`kfmig check`, `kfmig plan`, `kfmig build`\n", edit);
    int status = output_result(req, &out);
    buf_release(&out);
    return status;
}

int bundle_write(struct invocation *s, const struct request *req, struct fresh *f, struct err *e)
{
    struct project *p = &s->project;
    const struct fresh_place at = fresh_place(p);
    bool is_bundle = at.layout == LAYOUT_BUNDLE;
    f->folder = at.folder;
    if (is_bundle ? skeleton_id(s->a, p->dirfd, p->root, at.folder, &f->draft.decl.id, e) != 0
                  : fresh_flat_id(p, &at, f, e) != 0) {
        return -1;
    }
    fresh_reviewers(p, f);
    int rc = is_bundle ? fresh_write(p, at.folder, f, e) : fresh_flat_write(p, &at, f, e);
    return rc == 0 ? add_to_registry(req, e) : -1;
}

static int make(struct invocation *s, const struct request *req, struct fresh *f, struct err *e)
{
    if (invocation_open(s, req, true, e) != 0 || make_draft(s->a, req, f, e) != 0 ||
        fresh_intent(join_words(s->a, req), req->from, f, e) != 0) {
        return -1;
    }
    return bundle_write(s, req, f, e);
}

static int run(const struct request *req)
{
    struct invocation s = {0};
    struct fresh f = {.n_open = 0};
    struct err e = {0};
    /* A place in --from's FILE is relative to the current directory, not to the project. */
    int status = make(&s, req, &f, &e) != 0 ? output_error(req, -1, &e) : bundle_print(&s, req, &f);
    buf_release(&f.rollback);
    invocation_close(&s);
    return status;
}

static const char *const takes[] = {"from", "data", NULL};
static const struct example examples[] = {
    {"kfmig new add an index on parcels", "an empty migration with this intent"},
    {"kfmig new --from=parcels.sql",
     "one that runs parcels.sql, within the scope and limits that it needs"},
    {"kfmig new --from=dump.sql --data=app.country",
     "a pg_dump's structure, and the rows of one table"},
    {NULL, NULL},
};

const struct command command_new = {
    .name = "new",
    .synopsis = "[WORD...]",
    .summary = "Make a migration.",
    .description =
        "Makes migrations/postgis/PG-MIG-<today>-NN/ with migration.yml, forward.sql, "
        "rollback.sql and notes.md, and adds it to "
        "registry/migrations.v1.json. The WORDs are its intent. NN follows what the "
        "folder and every branch of the "
        "repository have, also remote-tracking ones; behind 99 comes 99-001.\n\n"
        "With --from the SQL of FILE becomes forward.sql; scope and limits are set to "
        "what it touches and no more, and "
        "rollback.sql undoes what can be undone mechanically. What a person must write "
        "is marked with BY HAND.\n\nIn a project of flat migrations it makes their files instead "
        "(docs/layouts.md): as `layout` of registry/environments.v1.yml says, else as "
        "the last migration is called.\n\nOf a plain pg_dump the structure becomes "
        "forward.sql; rows only "
        "of the tables that --data names.",
    .options = takes,
    .examples = examples,
    .run = run,
};
