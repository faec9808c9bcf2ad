/* The links that why prints, as data: for the .c files of report/ only. Text and JSON are made from the same list. */
#ifndef KFMIG_REPORT_WHY_H
#define KFMIG_REPORT_WHY_H

#include "report/report.h"

/* One link of the chain: a target and one reason for its state, or the fact about it in another environment's ledger. */
struct link_why {
    const char *target;
    const struct step *step;
    const struct reason *reason;
    const struct fact *fact; /* of another environment; NULL for links of this plan */
    const char *fact_env;
    size_t depth; /* position of its step in the chain of steps */
};
struct links_why {
    struct link_why *v;
    size_t n, cap;
    size_t n_steps;
};

/* From the target to its root causes, in a. */
void why_links(struct arena *a, const struct plan *p, int step, enum stage stage,
               struct links_why *out);

#endif
