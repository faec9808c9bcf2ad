/* A session's evidence. */
#include "cli/archive.h"

#include "evidence/sink.h"

struct archive archive_of(const struct session *s, const struct link *l)
{
    return (struct archive){.ledger = ledger_source_of(l->pg),
                            .env = l->env,
                            .id = &l->id,
                            .entries = &l->entries,
                            .past = &l->past,
                            .dirfd = s->project.dirfd,
                            .bundles = s->project.bundle,
                            .n_bundles = s->project.n_bundle,
                            .sink = s->dbname == NULL ? s->project.sink : NULL};
}

int archive_deliver(struct session *s, struct err *e)
{
    struct archive r = archive_of(s, &s->link);
    return s->link.pg == NULL || !pg_is_alive(s->link.pg) ? 0 : sink_deliver(&r, e);
}
