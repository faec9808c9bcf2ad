/* Projections of a project in one environment: their datasets, digests and generations, as the plan wants them. */
#ifndef KFMIG_CLI_PROJECTIONS_H
#define KFMIG_CLI_PROJECTIONS_H

#include "cli/work.h"
#include "data/dataset.h"
#include "data/reader.h"
#include "run/projection.h"

/* One projection: what plan_input says of it, and what a run needs. dataset: one per source, NULL where its catalog has faults. */
struct projected {
    struct projection_input input;
    const struct dataset **dataset;
    struct bundle **chain; /* in the order in which they run */
    size_t n_chain, cap_chain;
    const struct generation
        *grown; /* the live one as this run has left it, in place; NULL: as the plan says */
    struct err_list faults;
    struct err_list script_faults; /* of its chain */
};

/* Find the datasets, read the generations, compute the digests: fills s->input.projections. order: of all bundles. */
int projections_look(struct session *s, const struct plan_order *order, struct err *e) MUST_CHECK;
void projections_release(struct session *s);
struct dataset_place projections_place(struct session *s);

/* Take what belongs to generations that are not live out of the catalogs that were read. */
int projections_hide(struct session *s, struct link *l, struct err *e) MUST_CHECK;

/* Everything that running it needs: declarations, scripts, invariants. */
int projections_job(struct session *s, const struct step *step, struct projection_job *job,
                    struct err *e) MUST_CHECK;

/* A member that is applied in place: the live generation's row with it; false: step is none such. remember: the migration
 * was applied; the plan stays as it was made. */
bool projections_grown(struct session *s, const struct step *step, struct generation *out);
void projections_remember(struct session *s, const struct step *step, const struct generation *now);

#endif
