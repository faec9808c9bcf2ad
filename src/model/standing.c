/* Where an effect stands: the words. */
#include "model/standing.h"

const char *standing_text(enum standing s)
{
    static const char *const text[STANDING_COUNT] = {"absent", "there", "partly", "foreign"};
    return text[s];
}
