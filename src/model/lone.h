/* A statement that runs alone: outside of any transaction block, so that the journal stands around it.
 * Owns: the closed table of their kinds, and what the text of one says. Plain data. Pure. */
#ifndef KFMIG_MODEL_LONE_H
#define KFMIG_MODEL_LONE_H

#include <stdbool.h>

#include "model/object.h"

enum lone_kind {
#define LONE(name, noun, cleans, surveys) LONE_##name,
#include "model/lone.def"
#undef LONE
    LONE_KINDS
};
const char *lone_noun(enum lone_kind k); /* for tests too; static text */
bool lone_cleans(enum lone_kind k);
bool lone_surveys(enum lone_kind k);

/* What is another one once a table was gone through: its indexes, its rows' file, the server's count. */
enum lone_mark { LONE_INDEXES, LONE_INDEXES_CONCURRENTLY, LONE_FILES, LONE_VACUUMS };

/* What one is about, by the names in its text; schemas are "" where it says none, the session's
 * search_path then leads to them. schema, name: the index, the partition. table: the one that
 * CREATE INDEX makes it on, or the parent of a partition; else "". is_conditional: IF EXISTS, IF
 * NOT EXISTS. shape: of CREATE INDEX, as sql/lone.c makes it; of ALTER SYSTEM the value without
 * double quotes; else "". unsets: ALTER SYSTEM that leaves no value. mark: of those that survey.
 * tables: that VACUUM names. */
struct lone {
    enum lone_kind kind;
    const char *schema, *name;
    const char *table_schema, *table;
    bool is_conditional;
    const char *shape;
    bool unsets;
    enum lone_mark mark;
    const struct object *tables;
    size_t n_tables;
};
/* "index app.i", "table app.a, app.b": as object_text() writes names. In a. */
const char *lone_object(struct arena *a, const struct lone *l);

#endif
