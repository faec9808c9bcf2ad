/* Declared projections. */
#include "model/projection.h"

struct part part_of_source(enum part_kind kind, const struct projection_source *s)
{
    return (struct part){.kind = kind,
                         .dataset = s->dataset,
                         .version = s->version,
                         .asset = s->asset,
                         .table = s->into};
}
