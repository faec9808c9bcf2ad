/* What is still known of a ledger that was lost with its database: from the receipt sink, exported receipts
 * and the cache.
 * Owns: where to look, which ledger is the newest, what its receipts say about projections' rows. Asks no
 * database. */
#ifndef KFMIG_FLOW_LOST_H
#define KFMIG_FLOW_LOST_H

#include "run/projection.h"
#include "site/site.h"

/* What the newest publication of one generation digest held. */
struct lost_content {
    const char *projection;
    struct digest generation;
    int64_t sequence;
    struct known_content known;
};

/* last: the newest checkpoint, sequence 0: none. has_sink: one is declared. in_sink[1..last.sequence]: is
 * that receipt there? content: of the generations that are wanted now, where the sink tells it. Memory in the
 * site's arena. */
struct lost {
    struct checkpoint last;
    bool has_sink;
    bool *in_sink;
    struct lost_content *content;
    size_t n_content, cap_content;
};

/* Look for the ledger of its environment that was written to last; wanted: only that instance (a recovery
 * that is gone on with cites it); NULL: any. s has a plan: its projections' digests are those looked for.
 * Files that cannot be read as receipts are warned about and left aside. -1: the sink itself cannot be
 * read. */
int lost_find(struct site *s, const struct checkpoint *wanted, struct lost *out,
              struct err *e) MUST_CHECK;

/* NULL: not told. */
const struct lost_content *lost_content_of(const struct lost *l, const struct projection_input *in);

/* "3, 5-7": the positions whose receipts are not in the sink; "" if all are there. In a. */
const char *lost_positions(struct arena *a, const struct lost *l);

#endif
