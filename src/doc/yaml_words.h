/* Words for libyaml's errors, for doc/yaml.c only: libyaml names productions of the YAML grammar, a
 * user needs the cause. */
#ifndef KFMIG_DOC_YAML_WORDS_H
#define KFMIG_DOC_YAML_WORDS_H

#include <stdbool.h>

#include "base/bytes.h"

struct yaml_words {
    const char *msg;
    const char *hint; /* or "" */
    bool at_context;  /* the place to show is where the construct began */
};

/* context may be NULL; problem is libyaml's text; rest is the file from the place of the problem
 * on. */
struct yaml_words yaml_words_for(const char *context, const char *problem, struct bytes rest);

#endif
