/* registry/environments.v1.yml: text to environments and policy.
 * Owns: every check that needs this one file only. */
#ifndef KFMIG_LOAD_ENVIRONMENTS_H
#define KFMIG_LOAD_ENVIRONMENTS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "model/env.h"
#include "model/layout.h"

#define ENVIRONMENTS_PATH "registry/environments.v1.yml"

struct alembic; /* load/load.h */
struct environments {
    struct env *env; /* as declared */
    size_t n;
    const struct env *preset; /* default_environment; NULL if there is none */
    struct domains domains;
    const char *sink;              /* or NULL */
    enum layout layout;            /* LAYOUT_COUNT: not said */
    struct names roots;            /* data_roots as declared */
    const struct alembic *alembic; /* load/load.h; NULL: there is none */
};

/* Read from text; path is used for places only. Faults are added; with faults the rest is filled as
 * far as it could be read. In a. */
void environments_read(struct arena *a, struct bytes text, const char *path,
                       struct environments *out, struct err_list *faults);

/* What a project without the file has: one environment "default" that takes DATABASE_URL or the
 * libpq PG* variables. */
void environments_implicit(struct arena *a, struct environments *out);

#endif
