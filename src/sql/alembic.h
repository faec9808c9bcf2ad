/* What Alembic renders (`alembic upgrade heads --sql`), as one script for each revision.
 * Owns: where the text of a revision begins and ends; the rows of its table of versions, which are
 * written anew (docs/adr/0021-alembic.md). Pure. */
#ifndef KFMIG_SQL_ALEMBIC_H
#define KFMIG_SQL_ALEMBIC_H

#include "base/bytes.h"
#include "model/env.h"

/* A revision as rendered one way. parents: what it revises, none of a root. body: its statements without
 * those for the table of versions. is_apart: it leaves the transaction and comes back
 * (autocommit_block()). */
struct alembic_step {
    const char *rev;
    struct names parents;
    const char *body;
    bool is_apart;
};
/* All of one text, in its order. table: of versions, as it is written there; create: the statement that makes
 * it; both "" where the text does not make it (downgrades). */
struct alembic_steps {
    struct alembic_step *v;
    size_t n, cap;
    const char *table, *create;
};
/* path: what to call text in errors. table: NULL, or as upgrades had it. All in a. -1 with ERR_CONFIG: it
 * is not what Alembic renders. */
int alembic_read(struct arena *a, const char *path, struct bytes text, bool is_up,
                 const char *table, struct alembic_steps *out, struct err *e) MUST_CHECK;

/* The script of the i-th step of up, which comes after those ids, with these lines in its header ("": none).
 * The rows of the table of versions become right whatever other branches stand there. */
void alembic_write_up(struct buf *out, const struct alembic_steps *up, size_t i, const char *header,
                      const struct names *after);
/* What takes it back, from its step of downgrades. is_last: there is no other root, so that the table of
 * versions goes with it. */
void alembic_write_down(struct buf *out, const struct alembic_steps *up,
                        const struct alembic_step *down, bool is_last);

/* Of a file of versions/: its revision, and what it depends on besides what it revises (names of
 * revisions); what stands between [KFM_MIGRATION] marks in it, as lines of a header. rev NULL: it is no
 * revision. In a. */
struct alembic_file {
    const char *rev;
    struct names depends_on;
    const char *header;
};
void alembic_file_read(struct arena *a, struct bytes text, struct alembic_file *out);
/* `script_location` of an alembic.ini, beneath the folder of the ini; NULL: it says none. *other: a word of
 * it that is not read (version_locations), or NULL. In a. */
const char *alembic_location(struct arena *a, struct bytes ini, const char **other);

#endif
