/* A script: one file of a migration as statements, with what each would touch, lock and count.
 * Plain data; script/language.h makes it from text. */
#ifndef KFMIG_MODEL_SCRIPT_H
#define KFMIG_MODEL_SCRIPT_H

#include "base/digest.h"
#include "base/lines.h"
#include "model/backfill.h"
#include "model/env.h"
#include "model/lineage.h"
#include "model/lone.h"
#include "model/touch.h"

/* What of it matters to those who use what is there: bits 1u << DEED_x of a statement. */
enum deed {
#define DEED(NAME, ...) DEED_##NAME,
#include "model/class.def"
#undef DEED
    DEED_COUNT
};

enum statement_kind {
    STATEMENT_PLAIN,  /* runs inside kfmig's transaction */
    STATEMENT_BEGIN,  /* BEGIN, START TRANSACTION: opens a segment; not sent */
    STATEMENT_COMMIT, /* COMMIT, END: closes a segment; not sent */
    /* SET TRANSACTION as the first statement: sent right after kfmig's own BEGIN */
    STATEMENT_SET_TRANSACTION,
    STATEMENT_CONTROL, /* any other transaction control: refused (why holds the reason) */
    /* cannot run in a transaction block: CREATE INDEX CONCURRENTLY, VACUUM, ...: runs alone and journaled
     * (lone), or is refused */
    STATEMENT_NO_TRANSACTION,
    /* never run by kfmig: COPY ... TO STDOUT, psql meta-command, ... (why holds it) */
    STATEMENT_REFUSED
};

/* Lock levels as PostgreSQL numbers them (lockdefs.h): 1 AccessShare .. 8 AccessExclusive. */
struct table_lock {
    struct object object;
    int level;
};

/* Does it run no code, write no rows but the catalogs', and leave nothing in the session, whatever stands in
 * the database? A closed table (sql/quiet.c); event triggers, which run for it, are asked for elsewhere. */
enum quiet { QUIET_NOT, QUIET_YES, QUIET_MAKES_TABLE };

/* A role that a statement needs to find. joined: as whose member it acts, too (a new owner). Borrowed. */
struct role_need {
    const char *name;
    bool joined;
};
struct role_needs {
    struct role_need *v;
    size_t n, cap;
};

/* A column that is given a type, as SQL, with its modifiers ("10,2"; "": none; "?": not numbers). column "":
 * one that is added. What stands in the database decides whether rows are written anew for it. */
struct retype {
    const char *column, *type, *modifiers;
};

/* Whether it is, as the database says. */
enum rewrite_verdict { REWRITE_UNKNOWN, REWRITE_NEVER, REWRITE_MAYBE, REWRITE_SURELY };

/* Why a table's rows are written anew. surely: by the text, whatever the table is, if it has rows of its own;
 * maybe: for something that neither the text nor v decides. */
struct rewriting {
    bool surely, maybe;
    struct retype *v;
    size_t n, cap;
};

/* What it comes to, from the answers of a database: to v[0..n), then, where it is surely, whether the table
 * has rows of its own. NULL: nobody was asked. Never REWRITE_UNKNOWN. */
enum rewrite_verdict rewriting_settle(const struct rewriting *r,
                                      const enum rewrite_verdict *answers);

struct statement {
    enum statement_kind kind;
    enum quiet quiet;
    struct bytes text; /* slice of script.bytes: first token to last, without the semicolon */
    size_t offset;     /* of text in script.bytes */
    int line, col;
    /* The lines behind COPY ... FROM STDIN, up to \\. (not included); p NULL: none. Slice of script.bytes. */
    struct bytes data;
    const char *tag;  /* what the parser calls it: "CREATE TABLE", ...; "" where not analysed */
    const char *why;  /* CONTROL, NO_TRANSACTION, REFUSED: the reason, one clause; else "" */
    const char *hint; /* what to do instead; "" if none */
    const struct lone *lone; /* NO_TRANSACTION: it may run alone; NULL: it is refused */
    /* It runs range by range: what the mark before it says as text, p NULL: none; where its range stands; and
     * both as they are meant (script/backfill.h), NULL: it is none, or refused. */
    struct bytes mark;
    const struct backfill_range *range;
    const struct backfill *backfill;
    /* A value of an enum that it adds, which nobody may use before that is committed; NULL: none. */
    const char *adds;
    /* It is to be a transaction of its own: under locks that earlier statements took its own, weaker one is
     * none (sql/apart.h). */
    bool is_apart;
    bool ends_transaction; /* what follows has to wait for its COMMIT (segments_mark()) */
    bool sets_session;     /* SELECT set_config(..., false), and nothing else: as SET does */
    size_t unread_at;      /* not analysed: offset in script.bytes where the parser stopped */
    int data_line;         /* of the first of data's */
    /* The parser knew it; false: newer syntax, a vendor's, or none: touches are empty. */
    bool analysed;
    /* Holds code whose effects cannot be read off it: DO, CALL, a call of a function that the
     * server does not itself provide; touches are then only a lower bound. */
    bool opaque;
    bool destructive;    /* DROP, TRUNCATE, DELETE, or a column type change */
    bool replaces;       /* CREATE OR REPLACE of a relation: what it makes may have been there */
    unsigned char deeds; /* what its migration's class follows from (model/class.h) */
    /* TRUNCATE or DROP of relations or schemas: rows must be counted before it runs. */
    bool counts_rows_before;
    bool cascade;
    bool rewrites; /* may write a table's rows anew: ALTER COLUMN TYPE, CLUSTER ... */
    struct rewriting
        *rewriting; /* how certain that is, of the first table that it locks; NULL: it does not */
    /* That it writes: 0, at most so many (INSERT ... VALUES), or ROWS_UNKNOWN where the text does
     * not say. */
    int64_t rows;
    /* Indexes made minus dropped, at least: also those behind PRIMARY KEY, UNIQUE, EXCLUDE. */
    int index_delta;
    /* Indexes that become parts of a partitioned one, and count no longer: ALTER INDEX ... ATTACH. */
    int joined_indexes;
    /* Makes or drops others that its text does not show: DROP TABLE, DROP COLUMN, ATTACH PARTITION,
     * LIKE ... */
    bool hides_indexes;
    /* Changes tables that its text does not name: those of an index, of ALL TABLES IN SCHEMA, what
     * depends on something dropped with CASCADE. */
    bool hides_tables;
    /* What depends on something that it names may change with it, by name or by CASCADE: views that
     * mention a renamed table, privileges that mention a role. */
    bool reaches;
    /* Changes what only superusers may look at: a password, options of a user mapping. As anyone else
     * it cannot be observed, and is refused. */
    bool unseen;
    /* In a long file shared by all statements that do the same: places are then those of the first; or put
     * together from a form and the statement's own names: places are then where the statement begins. */
    struct touches touches;
    /* What it makes, attaches or lets inherit, with what that is then a part of; renames: a relation's new
     * name, with the one that it had. */
    struct kin *kin;
    size_t n_kin;
    bool renames;
    /* Strongest per table, what the server will take according to its manual. */
    struct table_lock *locks;
    size_t n_locks;
    struct role_needs *roles; /* that its text names; NULL: none */
};

/* What a statement that may rewrite is known by in tables: borrowed from st, which has rewriting. */
struct bytes rewriting_key(const struct statement *st);

/* Where a statement of a long file stands, in bytes, and what it does. */
struct statement_place {
    uint32_t at, n;
    uint32_t like : 30;    /* index of forms; named: where its own names stand */
    uint32_t named : 1;    /* it does what its form does, to objects of other names */
    uint32_t repeated : 1; /* an earlier statement does the very same */
};
enum { PLACES = 4096 }; /* of a block */

/* Names of statements that differ in nothing else: the index of their form, 4 bytes, and its names in the
 * order
 * of statement_names(), each with a NUL behind it. None goes across the end of a block. */
enum { NAMES_BLOCK = 65536, NAMES_MOST = 1 << 30 };

/* A statement that is put together, with what it points to. */
enum { ROOM_TOUCHES = 6, ROOM_LOCKS = 4, ROOM_KIN = 2, ROOM_ROLES = 2, ROOM_NAMES = 8 };
struct statement_room {
    struct statement st;
    struct touch touches[ROOM_TOUCHES];
    struct table_lock locks[ROOM_LOCKS];
    struct kin kin[ROOM_KIN];
    struct role_need role[ROOM_ROLES];
    struct role_needs roles; /* v: role */
};

/* The names of objects and roles in a statement's lists, each once, in the order in which they stand
 * there. */
struct statement_names {
    const char *v[ROOM_NAMES];
    size_t n;
};
/* false: the lists or the names are longer than there is room for. */
bool statement_names(const struct statement *st, struct statement_names *out);
/* Its index there, or out->n: that of none ("" is no name). */
size_t statement_name(const struct statement_names *names, const char *name);

/* One SQL file. Made once; the bytes hashed are the bytes run. Its statements: script_at(). */
struct script {
    const char *path; /* as shown to people */
    struct bytes bytes;
    struct digest digest; /* of bytes */
    size_t n;             /* statements */
    /* They, one by one; or, where places (n of them) is set, what they are like, each form once: a long file
     * says the same thing over and over. */
    struct statement *forms;
    size_t n_forms; /* where places is set; there is room for one more for each that has adds */
    struct statement_place **places; /* in blocks, which never move; NULL behind the last */
    char **names;                    /* in blocks, which never move; NULL behind the last */
    struct statement_room *owned;    /* one for each form that script_own() may make */
    size_t n_owned;
    struct lines lines; /* where places is set */
    /* Says with a comment "kfmig:allow-unparsed" that statements may be unknown to the parser. */
    bool allows_unread;
    /* Says with "kfmig:allow-data REASON" why it holds more data than a migration should. */
    bool allows_data;
    bool has_block; /* brings its own BEGIN ... COMMIT */
    struct names
        search_path; /* schemas that it names in search_path: unqualified names stand in one of them */
};

/* What only few have, and is kept for one statement even in a long file. */
bool statement_is_single(const struct statement *st);

/* Of statement i of a long file. */
struct statement_place *script_place(const struct script *s, size_t i);

/* Statement i of s. room: where it is put together if it shares its form with others. Returns &room->st,
 * or what
 * s holds, which stays as long as s does. Names and texts stay as long as s does in either case; its lists
 * may lie
 * in room. */
const struct statement *script_at(const struct script *s, size_t i, struct statement_room *room);
/* The form of statement i, to be changed: that of no other from now on. In a long file, of those that are not
 * single, at most as many as it has statements with adds. */
struct statement *script_own(struct script *s, size_t i);
/* The same, to be kept as long as s and a. */
const struct statement *script_keep(struct arena *a, const struct script *s, size_t i);

/* Does statement i the same as an earlier one, for whoever asks only what is done? Not of a part of a script,
 * which may lack that one (segment_bundle()). */
bool script_repeats(const struct script *s, size_t i);

/* How a line of a proposed inverse begins that a person has to write. */
#define SCRIPT_BY_HAND "-- BY HAND"

#endif
