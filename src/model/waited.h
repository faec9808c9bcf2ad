/* A server that was waited for, and answers. Plain data.
 * version: as the server says it, 150018. tries: connections, with the one that was had. */
#ifndef KFMIG_MODEL_WAITED_H
#define KFMIG_MODEL_WAITED_H

#include <stdbool.h>
#include <stdint.h>

struct waited {
    const char *environment, *database;
    int version, tries;
    int64_t ms;
    bool has_ledger;
};

#endif
