/* One migration, as declared in its migration.yml, and the bundle it stands in. Plain data. */
#ifndef KFMIG_MODEL_DECL_H
#define KFMIG_MODEL_DECL_H

#include <stdint.h>

#include "base/digest.h"
#include "base/file.h"
#include "model/env.h"
#include "model/layout.h"

struct doc; /* doc/doc.h */

/* Where a migration may act, as its declaration says. */
struct scope {
    bool
        is_open; /* nothing was declared, and the text does not tell: all is admitted that nothing forbids */
    bool has_schemas, has_tables; /* whether the key is given at all */
    struct names allowed_schemas, allowed_tables;
    struct names forbidden_schemas, forbidden_tables;
    struct names references; /* tables out of scope that may be referred to */
    struct names allowed_extensions;
    struct names
        allowed_global; /* "role:kfm_reader", "role" (any), "program", ... kinds as in model/object.h */
    const char *
        *sorted_tables; /* allowed_tables in order, where they are many: scope_sort(); else NULL */
};

/* The closed list of limits; LIMIT(FIELD, "key", "what it counts"). -1: not declared. */
#define LIMITS(LIMIT)                                                                              \
    LIMIT(max_table_count_touched, "max_table_count_touched", "tables touched")                    \
    LIMIT(max_index_count_delta, "max_index_count_delta", "indexes added or dropped")              \
    LIMIT(max_row_backfill, "max_row_backfill", "rows inserted, updated or deleted")
struct limits {
#define LIMIT(field, key, text) int64_t field;
    LIMITS(LIMIT)
#undef LIMIT
};
extern const struct limits limits_none; /* none declared, nothing counted: -1 throughout */
/* By position in LIMITS: its key (static; NULL past the end) and its value in l (-1: not declared, or not
 * known). */
const char *limit_key(int i);
int64_t limit_value(const struct limits *l, int i);
void limit_set(struct limits *l, int i, int64_t value); /* the other way; nothing past the end */

/* One file of a bundle. path is relative to the project ("migrations/postgis/X/forward.sql"). */
struct artifact {
    const char *path;
    struct digest digest; /* zero: the file could not be read */
    struct bytes bytes;   /* NULL p until loaded */
};
struct artifacts {
    struct artifact *v;
    size_t n, cap;
};

struct script;     /* model/script.h */
struct definition; /* model/definition.h */
struct variables;  /* model/variables.h */

/* What a declaration may leave open: bit 1u << LACK_x of its lacks. Static texts. */
enum lack {
#define LACK(NAME, ...) LACK_##NAME,
#include "model/lack.def"
#undef LACK
    LACK_COUNT
};
const char *lack_key(enum lack l);  /* the member that would say it: "owner" */
const char *lack_text(enum lack l); /* "nobody owns it" */
const char *lack_hint(enum lack l); /* what would close it */

struct decl {
    const char *id;
    const char *type; /* the name of a store */
    const char *intent;
    struct scope scope;
    struct limits limits;
    bool requires_rollback;
    bool after_load;    /* rebuild: after-load */
    bool is_idempotent; /* idempotent: run over itself it changes nothing; in no key */
    const char *deploy; /* requires_deploy: the deployment that it waits for; "": none; in no key */
    struct names reviewers;
    const char *change_class;
    const char *approval_reference; /* approvals.reference; "" if none */
    const char *runner;             /* "native", "psql" (served natively), "command" */
    /* Of "command": the words of what runs it, the variables that it wants to be set, and for how long. */
    const char *command;
    struct names wants;
    int64_t command_limit_ms;
    /* Of a store whose migrations are programs: what undoes it (NULL: nothing), the probe of what it changes,
     * and what that is to say then (NULL: it is not declared). */
    const char *undo_command, *probe, *expect;
    bool has_depends;
    struct names depends_on;
    struct names variables; /* names that its texts hold as ${NAME} */
    struct names rebuilds;  /* definitions that are dropped before it and made again behind it */
    int64_t lock_timeout_ms, statement_timeout_ms,
        idle_timeout_ms; /* defaults 5,000, 0 (none), 60,000 */
    int lock_retries;    /* default 5 */
    bool wants_window;   /* rollout: requires-maintenance-window */
    unsigned lacks;      /* what it leaves open */
    struct artifacts forward, rollback, invariants;
    struct artifact notes; /* path NULL if there is no notes.md */
    struct artifact
        file; /* migration.yml itself: its form is in no key, but receipts name its bytes */
    const struct doc *document; /* what it says, typed by the schema; NULL: nobody read one */
};

/* The class of change that it says it is, 'A' to 'D': class, or else risk low, medium, high for A, B, C;
 * 0: neither is said. */
char decl_class(const struct decl *d);
/* Does it name a plan, ADR, issue or ticket (approvals.reference, ticket)? "TBD" is none. */
bool decl_has_reference(const struct decl *d);

/* What the plan needs of a migration, small enough for 100,000 of them; cached between runs. */
struct bundle {
    const char *id;
    enum store_kind store;
    bool has_depends;
    bool requires_rollback;
    bool has_extensions; /* scope.allowed_extensions is not empty */
    bool after_load;     /* rebuild: after-load */
    bool wants_window;   /* rollout: requires-maintenance-window */
    unsigned char lacks; /* bits: what its declaration leaves open */
    enum layout layout;  /* of what has a file */
    /* "migrations/postgis/PG-MIG-2026-02-28-01": its evidence stands in there, and of a bundle all
     * else; of a flat migration it is FOLDER/meta/ID. */
    const char *dir;
    const char *folder; /* "migrations/postgis": the default order runs within it */
    /* Of a flat migration: "migrations/db/0010__schemas.sql", which is its declaration too; else NULL. */
    const char *file;
    uint64_t number;             /* of a flat migration, by which it runs */
    struct digest checksum;      /* what can change what runs */
    struct digest bundle_digest; /* checksum, the rest of the declaration, notes */
    struct names depends_on;
    struct names variables; /* that its texts hold as ${NAME} */
    /* Of the environment that it is looked at for, whose values its scripts were read with; NULL: of none. */
    const struct variables *values;
    struct names rebuilds; /* definitions that its transaction drops and makes again */
    const char *change_class;
    const char *intent;     /* one line of the declaration; "" where only the ledger knows it */
    const char *deploy;     /* the tag of the deployment that it waits for; NULL, "": none */
    struct names schemas;   /* scope.allowed_schemas */
    const char *projection; /* whose chain it belongs to; NULL */
    const char *status;     /* in registry/migrations.v1.json; NULL: not registered */
    const char *resembles;  /* an absent one whose forward files are much like its own; NULL */
    int likeness;           /* of them, in percent */
    int scope_line;         /* of scope in migration.yml */
    int depends_line;       /* of depends_on in migration.yml, else of migration_id */
    bool is_absent;         /* only the ledger knows it: id and checksum, nothing else */
    bool only_line_ends;    /* what is applied as it has other line ends, and is else the same */
    bool has_evidence;      /* exported run_receipt.json present and well-formed */
    bool evidence_intact;   /* the exported files have the digests that the receipt names */
    struct digest evidence_checksum; /* the checksum that it names */
    struct digest
        evidence_files; /* digest over the exported files' names and bytes, zero if one is missing */
    const struct definition *definition; /* of a repeatable one: model/definition.h; else NULL */
    /* Its declaration and scripts were read, judged without a word, and let go (site/pending.h): their class
     * of risk, and whether code runs in them; 0: they were not. */
    char let_go;
    bool let_go_open;
    const struct decl *decl;      /* NULL until load_decl(), and while they are let go */
    const struct script *forward; /* one per decl->forward; NULL until plan_scripts() parsed them */
    const struct script *invariants; /* one per decl->invariants */
    /* Why it cannot be run: what load_project() found wrong with its files (the first n_misread), and behind
     * that its forward files and invariants, by plan_scripts(). */
    const struct err *faults;
    size_t n_faults, n_misread;
    bool is_illegible; /* its declaration could not be read: nothing is known but where it stands */
};
/* Is it content, made anew whenever it changes, and no migration? */
bool bundle_is_repeatable(const struct bundle *b);
/* One that only the ledger knows: of a migration of the store that holds it. id is borrowed. */
struct bundle bundle_absent(const char *id, const struct digest *checksum);
/* The file that declares it: its migration.yml, or the flat file itself. Borrowed, or in a. */
const char *bundle_file(struct arena *a, const struct bundle *b);
/* What people call the place where it says what it may do: "migration.yml", "its header". Static. */
const char *bundle_declares_in(const struct bundle *b);
/* The folder that paths of its files are told from. Borrowed. */
const char *bundle_base(const struct bundle *b);
/* What key_checksum() wants to know of it: its folder; NULL: it is flat. Borrowed. */
const char *bundle_key_folder(const struct bundle *b);
/* Which of two of a folder runs first, where nothing says otherwise: flat ones by number, then bundles by id,
 * then repeatable definitions. As strcmp(). */
int bundle_compare(const struct bundle *a, const struct bundle *b);

/* Is it a program that runs it, so that nothing of what it does is observed while it does it? Its declaration
 * is there. */
bool bundle_is_program(const struct bundle *b);

#endif
