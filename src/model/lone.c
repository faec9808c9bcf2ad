/* The kinds of statements that run alone. */
#include "model/lone.h"

#include <string.h>

#include "model/object.h"

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

const char *lone_object(struct arena *a, const struct lone *l)
{
    const struct object o = {OBJ_TABLE, l->schema, l->name, NULL};
    return arena_printf(a, "%s%s", lone_noun(l->kind), object_text(a, &o) + strlen("table"));
}
