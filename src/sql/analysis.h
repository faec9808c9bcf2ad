/* One statement under analysis: what it would touch, lock, count.
 * Owns: the state shared by the touch_*.c files and how findings enter struct statement. */
#ifndef KFMIG_SQL_ANALYSIS_H
#define KFMIG_SQL_ANALYSIS_H

#include "base/lines.h"
#include "sql/path.h"
#include "sql/script.h"
#include "sql/tree.h"

/* Lock levels (lockdefs.h). */
enum {
    LOCK_NONE = 0,
    LOCK_ACCESS_SHARE,
    LOCK_ROW_SHARE,
    LOCK_ROW_EXCLUSIVE,
    LOCK_SHARE_UPDATE_EXCLUSIVE,
    LOCK_SHARE,
    LOCK_SHARE_ROW_EXCLUSIVE,
    LOCK_EXCLUSIVE,
    LOCK_ACCESS_EXCLUSIVE
};

/* Temporary relations that the script has made so far: their names hide permanent ones. */
struct temp {
    const char *name;
    bool until_commit; /* ON COMMIT DROP */
};
struct temps {
    struct temp *v;
    size_t n, cap;
    size_t n_added; /* ever */
};
void temps_add(struct arena *a, struct temps *t, const char *name, bool until_commit);
void temps_remove(struct temps *t, const char *name);
void temps_commit(struct temps *t);

/* A name that WITH defines, innermost first. */
struct cte {
    const char *name;
    const struct cte *outer;
};

struct analysis {
    struct arena *a;       /* for what ends up in the statement */
    struct arena *lists;   /* for its touches and locks while they grow: analysis_end() */
    struct arena *scratch; /* for the parse tree and names in scope */
    struct statement *st;
    int index;                 /* of st in its script */
    size_t locks_cap, kin_cap; /* of st->locks, st->kin */
    struct temps *temps;
    struct path *path;
    const struct lines *lines;
    size_t base; /* of the parsed text in the script: tree locations count from here */
    size_t cut,
        shift; /* locations from cut on are shift further back in the script; cut 0: none are */
    bool elsewhere;     /* tree locations belong to another text (a function's body) */
    bool defining;      /* what is read now is stored, not run: every effect is a reference */
    bool acting;        /* ... and is a statement: what it would write is locked for writing now */
    bool temporary;     /* the table being made or altered is temporary: its indexes do not count */
    bool only;          /* ONLY: children are left alone */
    bool fills;         /* defaults run now: ADD COLUMN fills the rows that are there */
    int read_lock;      /* of a relation in FROM */
    int depth;          /* function bodies within function bodies */
    const char *schema; /* CREATE SCHEMA: where its elements go; else "" */
    const PgQuery__RangeVar *making; /* the table that is being created, for references to itself */
    const struct cte *ctes;
};

/* Analyse one parsed statement into x->st: touches, locks, flags. */
void analysis_run(struct analysis *x, const tree *stmt);
/* No more of it comes: its touches and locks go into x->a, without the room in which they grew. */
void analysis_end(struct analysis *x);

/* Look at any part of a tree: handlers where there are some, children otherwise. */
void analysis_visit(struct analysis *x, const tree *m);
void analysis_node(struct analysis *x, const PgQuery__Node *n);
void analysis_nodes(struct analysis *x, struct tree_list list);
void analysis_children(struct analysis *x, const tree *m);

/* The same for something that is stored and not run now (a view's query, a default). */
void analysis_define(struct analysis *x, const tree *m);
void analysis_define_nodes(struct analysis *x, struct tree_list list);

/* The same for a statement that runs later: a rule's action, a function's body. */
void analysis_define_action(struct analysis *x, const tree *m);

/* Record a touch, once per object and effect. location is the tree's, -1 for the statement's own
 * place. Relations of pg_temp and reads of the server's own catalogs are left out. */
void analysis_touch(struct analysis *x, enum object_kind kind, const char *schema, const char *name,
                    enum effect effect, int location);

/* The same for what code that runs now may do: no place of its own, and no verdict rests on it. */
void analysis_maybe(struct analysis *x, const struct object *o, enum effect effect);

/* Touch and lock a relation as the tree names it; NULL is nothing. Returns false if it is temporary. */
bool analysis_relation(struct analysis *x, const PgQuery__RangeVar *r, enum object_kind kind,
                       enum effect effect, int lock);
bool analysis_named(struct analysis *x, struct dotted d, enum object_kind kind, enum effect effect,
                    int lock, int location);
void analysis_lock(struct analysis *x, const PgQuery__RangeVar *r, enum object_kind kind,
                   int level);
bool analysis_is_temp(const struct analysis *x, struct dotted d);

/* A relation that comes into being; a temporary one is remembered and gives no touch. Returns false
 * if it is temporary. */
bool analysis_create(struct analysis *x, const PgQuery__RangeVar *r, enum object_kind kind,
                     bool until_commit);

/* child becomes a part of parent: a partition of it, or one that inherits. */
void analysis_kin(struct analysis *x, const PgQuery__RangeVar *child,
                  const PgQuery__RangeVar *parent);

/* A role as the text names it; "" where whoever runs it is meant (current_user and the like). */
const char *analysis_role(const PgQuery__RoleSpec *r);
void analysis_roles(struct analysis *x, struct tree_list roles, enum effect effect);
/* The statement needs that role, or those, to be there; joined: and to be a member. What has no name of its
 * own (public, current_user) is always there; NULL is nothing. */
void analysis_needs(struct analysis *x, const PgQuery__RoleSpec *r, bool joined);
void analysis_needs_all(struct analysis *x, struct tree_list roles, bool joined);

/* Facts about the statement; ignored while defining. */
void analysis_opaque(struct analysis *x);
/* d: DEED_COUNT: what it destroys breaks nobody. */
void analysis_destructive(struct analysis *x, enum deed d);
void analysis_deed(struct analysis *x, enum deed d); /* what its class follows from */
void analysis_rewrites(struct analysis *x); /* a table's rows are written anew, or may be */
void analysis_indexes(struct analysis *x, int delta);
void analysis_hidden_indexes(struct analysis *x); /* made or dropped, how many is not in the text */
void analysis_hidden_tables(struct analysis *x);  /* changed, and not named by the text */
void analysis_reaches(struct analysis *x);        /* what depends on it may change with it */
void analysis_cascade(struct analysis *x, PgQuery__DropBehavior b);

/* A table that the text does not name is changed, the one of an index or of statistics: it stands
 * in the schema of d. */
void analysis_unnamed_table(struct analysis *x, struct dotted d, enum effect effect);

/* What the touch_*.c files know, by type of message. */
typedef void handler_fn(struct analysis *x, const tree *m);
struct handler {
    const ProtobufCMessageDescriptor *type;
    handler_fn *fn;
};
struct handlers {
    const struct handler *v;
    size_t n;
};
extern const struct handlers touch_query_handlers;
extern const struct handlers touch_call_handlers;
extern const struct handlers touch_table_handlers;
extern const struct handlers touch_alter_handlers;
extern const struct handlers touch_index_handlers;
extern const struct handlers touch_object_handlers;
extern const struct handlers touch_make_handlers;
extern const struct handlers touch_role_handlers;
extern const struct handlers touch_remote_handlers;
extern const struct handlers touch_upkeep_handlers;

#define HANDLERS(name, rows) const struct handlers name = {rows, sizeof(rows) / sizeof(rows)[0]}

/* Read a message as what its descriptor says it is. */
#define TREE(type, m) ((const PgQuery__##type *)(const void *)(m))
#define LIST(m, field) tree_list((m)->field, (m)->n_##field)

#endif
