/* layer: load */
/* Any bytes as registry/projections/p.yml of a project with one migration: faults with a place, or a projection in which everything is said. */
#include "fuzz.h"

#include <math.h>

#include "../unit/project.h"

#define PROJECTION "registry/projections/p.yml"

static void must(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

static void write_text(const char *path, const char *text)
{
    project_write(path, text, strlen(text));
}

static void make_project(void)
{
    project_start();
    (void)atexit(project_remove);
    write_text("registry/environments.v1.yml", "environments:\n  dev:\n    stores: {}\n");
    write_text("registry/projections/p/invariants/one.sql", "SELECT 1 WHERE false;\n");
    write_text("migrations/postgis/PG-MIG-2026-01-01-01/migration.yml",
               "migration_id: PG-MIG-2026-01-01-01\ntype: postgis\nintent: a\nscope: "
               "{allowed_schemas: [app]}\nlimits: {}\n"
               "requires_rollback: false\napprovals: {required_reviewers: [r], change_class: "
               "c}\nrunner: {tool: native}\n"
               "artifacts: {forward: [forward.sql]}\n");
    write_text("migrations/postgis/PG-MIG-2026-01-01-01/forward.sql", "CREATE SCHEMA app;\n");
    write_text("migrations/postgis/PG-MIG-2026-01-01-01/notes.md", "Notes.\n");
}

static void check_faults(const struct err_list *faults)
{
    for (size_t i = 0; i < faults->n; i++) {
        const struct err *e = &faults->v[i];
        must(e->code == ERR_CONFIG && e->msg[0] != '\0' && e->where.path[0] != '\0');
        must(strcmp(e->where.path, PROJECTION) != 0 || e->where.line > 0 ||
             strstr(e->msg, "UTF-8") != NULL || e->hint[0] != '\0');
    }
}

static void check_mapping(const struct mapping *m)
{
    must(m->column != NULL && m->column[0] != '\0' && m->line > 0 && m->col > 0);
    must(m->kind != SOURCE_POINT || (m->x != NULL && m->y != NULL));
    must(m->kind != SOURCE_PATH || (m->text != NULL && m->text[0] != '\0'));
}

static void check_projection(const struct projection *p)
{
    must(strcmp(p->name, "p") == 0 && p->schema[0] != '\0' && p->n_sources > 0);
    must(p->keep_generations >= 0 && p->keep_seconds >= 0 && p->snapshot_wait_ms >= 0);
    must(isfinite(p->tolerance) && p->tolerance >= 0);
    must(p->policy == PROJECTION_PREFER_REBUILD || p->policy == PROJECTION_IN_PLACE);
    for (size_t i = 0; i < p->n_sources; i++) {
        const struct projection_source *s = &p->source[i];
        must(s->dataset[0] != '\0' && s->version[0] != '\0' && s->asset[0] != '\0' &&
             s->into[0] != '\0' && s->line > 0 && s->n_columns > 0);
        for (size_t k = 0; k < s->n_columns; k++) {
            check_mapping(&s->column[k]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct project p = {.a = &a};
    struct err e = {0};
    if (project_fd < 0) {
        make_project();
    }
    project_write(PROJECTION, (const char *)data, size);
    p.dirfd = dup(project_fd);
    p.root = project_path;
    must(p.dirfd >= 0 && load_project(&p, NULL, &e) == 0);
    check_faults(&p.faults);
    must(p.n_projection <= 1 && (p.faults.n > 0 || p.n_projection == 1));
    if (p.faults.n == 0) {
        check_projection(&p.projection[0]);
    }
    load_release(&p);
    arena_release(&a);
    return 0;
}
