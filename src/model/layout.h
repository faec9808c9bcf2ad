/* The layouts that migrations are kept in, and what names of files mean in them.
 * Owns: the table of layouts (model/layout.def). Pure: no file is looked at. */
#ifndef KFMIG_MODEL_LAYOUT_H
#define KFMIG_MODEL_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum layout {
#define LAYOUT(NAME, ...) LAYOUT_##NAME,
#include "model/layout.def"
#undef LAYOUT
    LAYOUT_COUNT
};

enum { LAYOUT_UPS = 2 };
/* A row of layout.def; up: endings, NULL behind the last. */
struct layout_row {
    const char *name;
    const char *mark, *undo;
    const char *between;
    const char *up[LAYOUT_UPS];
    const char *down;
    const char *down_folder;
    const char *folder;
    const char *example;
    bool is_stamped, has_lines;
};
const struct layout_row *layout_row(enum layout l); /* static memory */
/* Of those that a project may choose for its migrations; LAYOUT_COUNT: none has that name. */
enum layout layout_parse(const char *name);

/* What a file of a flat layout is called. id: that of its migration ("0010__schemas"), also of what
 * undoes it. number: 202602251200 of a stamp. slug: within id. */
struct layout_name {
    enum layout layout;
    bool is_down;
    const char *id, *slug;
    uint64_t number;
};
/* path: relative to the folder of migrations ("down/0010__schemas.down.sql"). False: no layout
 * calls a file so. id in a. */
bool layout_name_parse(struct arena *a, const char *path, struct layout_name *out);

/* What a repeatable definition in the file name is called: "active_widgets" of
 * "R__active_widgets.sql", or where is_own (in a folder of nothing else) of "active_widgets.sql".
 * NULL: it is none. In a. */
const char *layout_definition(struct arena *a, const char *name, bool is_own);

/* What undoes the migration id of layout l, relative to the folder; in a. */
const char *layout_down(struct arena *a, enum layout l, const char *id);
/* The file of the migration id of layout l, as `kfmig new` calls it; in a. */
const char *layout_up(struct arena *a, enum layout l, const char *id);
/* "a migration is called like A, B, C", an example of each flat layout; in a. */
const char *layout_examples(struct arena *a);

/* Of a name that no layout knows: does it look as if it were meant to be a migration? A file of SQL
 * whose name begins with a number, or with a mark and a number. */
bool layout_is_near(const char *name);

#endif
