/* Where an effect stands, in words that tests compare. */
#ifndef KFMIG_TESTS_UNIT_STANDING_TEXT_H
#define KFMIG_TESTS_UNIT_STANDING_TEXT_H

#include "model/standing.h"

static inline const char *standing_text(enum standing s)
{
    static const char *const text[STANDING_COUNT] = {"absent", "there", "partly", "foreign"};
    return text[s];
}

#endif
