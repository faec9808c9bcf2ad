/* The kinds of statements that run alone. */
#include "model/lone.h"

#include <string.h>

static const struct {
    const char *noun;
    bool cleans, surveys;
} kinds[LONE_KINDS] = {
#define LONE(name, noun, cleans, surveys) {noun, cleans, surveys},
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

bool lone_surveys(enum lone_kind k)
{
    return kinds[k].surveys;
}

static const char *name_of(struct arena *a, const char *schema, const char *name)
{
    const struct object o = {OBJ_TABLE, schema, name, NULL};
    return object_text(a, &o) + strlen("table");
}

const char *lone_object(struct arena *a, const struct lone *l)
{
    const char *names = l->name[0] != '\0' ? name_of(a, l->schema, l->name) : "";
    for (size_t i = 1; i < l->n_tables; i++) {
        names = arena_printf(a, "%s,%s", names, name_of(a, l->tables[i].schema, l->tables[i].name));
    }
    return arena_printf(a, "%s%s", lone_noun(l->kind), names);
}
