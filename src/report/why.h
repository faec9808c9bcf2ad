/* The links that why prints, as data: for the .c files of report/ only. Text and JSON are made from the same
 * list. */
#ifndef KFMIG_REPORT_WHY_H
#define KFMIG_REPORT_WHY_H

#include "report/report.h"

/* One link of the chain: a target and one reason for its state, or the fact about it in another environment's
 * ledger. */
struct link_why {
    const char *target;
    const struct step *step;
    const struct reason *reason;
    const struct fact *fact; /* of another environment; NULL for links of this plan */
    const char *fact_env;
    enum phase phase; /* of a projection */
    size_t depth;     /* position of its migration or projection in the chain of them */
};
struct links_why {
    struct link_why *v;
    size_t n, cap;
    size_t n_steps; /* migrations and projections */
};

/* From the target to its root causes, in a. */
void why_links(struct arena *a, const struct plan *p, int step, enum stage stage,
               struct links_why *out);
/* The same from a part of a projection. */
void why_links_projection(struct arena *a, const struct plan *p, int projection, int part,
                          struct links_why *out);

/* "  label     text", for people; nothing for "". */
void why_put_pair(struct buf *out, const char *label, const char *text);
/* What a generation was made from. */
void why_put_parts(struct buf *out, const struct generation *g);
/* Of a projection that is current, as r says: its digest, content and parts. */
void why_put_generation(struct buf *out, const struct step *x, const struct reason *r);

#endif
