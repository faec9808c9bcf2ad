/* The kinds of statements that run alone. */
#include "model/lone.h"

static const struct {
    const char *noun;
    bool cleans;
} kinds[LONE_KINDS] = {
#define LONE(name, noun, cleans) {noun, cleans},
#include "model/lone.def"
#undef LONE
};

const char *lone_noun(enum lone_kind k)
{
    return kinds[k].noun;
}

bool lone_cleans(enum lone_kind k)
{
    return kinds[k].cleans;
}
