/* Projections of a project in one environment: their datasets, digests and generations, as the plan wants
 * them. */
#ifndef KFMIG_SITE_PROJECTED_H
#define KFMIG_SITE_PROJECTED_H

#include "data/dataset.h"
#include "data/reader.h"
#include "site/site.h"

/* One projection: what plan_input says of it, and what a run needs. dataset: one per source, NULL where its
 * catalog has faults. chain: its bundles in the order in which they run. */
struct projected {
    struct projection_input input;
    const struct dataset **dataset;
    struct bundle **chain;
    size_t n_chain, cap_chain;
    const struct generation
        *grown; /* the live one as this run has left it, in place; NULL: as the plan says */
    struct err_list faults;
    struct err_list script_faults; /* of its chain */
};

/* Find the datasets and compute the digests of the declared ones, put the undeclared ones beside them: fills
 * s->input.projections. order: of all bundles, undeclared_bundles(). */
int projected_look(struct site *s, const struct plan_order *order, struct err *e) MUST_CHECK;
void projected_release(struct site *s);
/* What was found of p, which is one of the project's or of s->undeclared. */
struct projected *projected_of(const struct site *s, const struct projection *p);
/* Declarations and scripts of x's chain; faults in them are x->script_faults. */
int projected_parse(struct site *s, struct projected *x, struct err *e) MUST_CHECK;

/* Where datasets of p are looked for; what is found is in a. */
struct dataset_place site_place(struct arena *a, const struct project *p);

#endif
