/* A flat migration's declaration, made of its name, its header and the folder's defaults.yml.
 * Owns: what a header's words mean for a declaration, and what contradicts what. */
#ifndef KFMIG_LOAD_FLAT_H
#define KFMIG_LOAD_FLAT_H

#include "doc/doc.h"
#include "model/decl.h"

#define DEFAULTS_NAME "defaults.yml"

/* One migration: path: of its file ("migrations/db/0010__schemas.sql"); name, down: of the file and
 * of the one that undoes it, in the folder; has_down: the latter is there. defaults: NULL: there
 * are none. */
struct flat {
    const char *path, *name, *down;
    const char *id, *type;
    enum layout layout;
    bool has_down;
    const struct doc *header, *defaults;
};

/* What a migration.yml would say, as schema migration_declaration.v1 wants it; its nodes have the
 * places of the header's and of defaults.yml. Contradictions between name, header and files are
 * added to faults. In a. */
struct doc *flat_document(struct arena *a, const struct flat *f, struct err_list *faults);

/* What d, made of that document, leaves open: scope and limits that nothing declares are read off
 * forward, the text of its file, and what that does not tell is a lack. forward that cannot be
 * parsed tells nothing. values: of the variables in it; NULL: their names stand for them. In a. */
void flat_complete(struct arena *a, const struct flat *f, struct bytes forward,
                   const struct variables *values, struct decl *d);

struct meta; /* load/meta.h */
/* What stands beside the flat migrations of a folder. meta NULL: nothing is compared with it. */
struct flat_folder {
    const struct doc *defaults;
    const struct meta *meta;
};

/* FOLDER/defaults.yml, held to its schemas: its members, or NULL where there is none, or where
 * faults were added. used: its stamp, all zero where it is absent. */
struct doc *flat_defaults(struct arena *a, int dirfd, const char *folder, struct stamp *used,
                          struct err_list *faults);

#endif
