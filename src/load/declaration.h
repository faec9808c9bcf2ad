/* migration.yml: text to document to struct decl.
 * Owns: every check that needs this one file only. */
#ifndef KFMIG_LOAD_DECLARATION_H
#define KFMIG_LOAD_DECLARATION_H

#include "doc/doc.h"
#include "model/decl.h"

/* A declaration, and what the rest of load/ needs of its text. */
struct declaration {
    struct decl decl; /* artifacts hold names relative to the bundle; no digests yet */
    struct doc *doc;  /* typed by the schema */
    bool is_sound;    /* the schema holds: decl can be used, whatever other faults there are */
    const char *id;   /* as written, "" if there is none; also of a declaration that is not sound */
    int id_line, id_col;
    int depends_line; /* of depends_on, else of migration_id */
};

/* Read a declaration from its text; path is used for places only. Faults are added. All in a. */
void declaration_read(struct arena *a, struct bytes text, const char *path, struct declaration *out,
                      struct err_list *faults);

/* The same of a document that says what a migration.yml would, wherever that stands; d is typed by it. */
void declaration_take(struct arena *a, struct doc *d, struct declaration *out,
                      struct err_list *faults);

/* What a name of a file in a bundle must look like: relative, no "..", printable ASCII (receipts
 * name it as a key of canonical JSON). NULL if name is good, else what is wrong with it. */
const char *declaration_name_fault(const char *name);
/* What "type" may be: "postgis, search, graph or other"; in a. */
const char *declaration_types(struct arena *a);

/* The place of a key of a map; NULL if it is not there. */
const struct doc *declaration_key(const struct doc *map, const char *key);

/* Of a declaration with faults: the files that it names all the same, as far as they can be told. */
void declaration_files(struct arena *a, struct declaration *d);

/* The texts of a list, as the schema has looked at it; none where list is NULL. In a. */
struct names declaration_names(struct arena *a, const struct doc *list);

#endif
