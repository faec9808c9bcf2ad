/* A statement that runs alone: outside of any transaction block, so that the journal stands around it.
 * Owns: the closed table of their kinds, and what the text of one says. Plain data. Pure. */
#ifndef KFMIG_MODEL_LONE_H
#define KFMIG_MODEL_LONE_H

#include <stdbool.h>

#include "base/arena.h"

enum lone_kind {
#define LONE(name, noun, cleans) LONE_##name,
#include "model/lone.def"
#undef LONE
    LONE_KINDS
};
const char *lone_noun(enum lone_kind k); /* for tests too; static text */
bool lone_cleans(enum lone_kind k);

/* What one is about, by the names in its text; schemas are "" where it says none, the session's
 * search_path then leads to them. schema, name: the index, the partition. table: the one that
 * CREATE INDEX makes it on, or the parent of a partition; else "". is_conditional: IF EXISTS, IF
 * NOT EXISTS. shape: of CREATE INDEX, as sql/lone.c makes it; else "". */
struct lone {
    enum lone_kind kind;
    const char *schema, *name;
    const char *table_schema, *table;
    bool is_conditional;
    const char *shape;
};
/* "index app.i": as object_text() writes names. In a. */
const char *lone_object(struct arena *a, const struct lone *l);

#endif
