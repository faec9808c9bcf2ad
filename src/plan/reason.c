/* Words for states, actions, stages and reasons. */
#include "plan/plan.h"

const char *plan_state_text(enum plan_state s)
{
    static const char *const text[] = {"current", "stale", "blocked", "not-applicable"};
    return text[s];
}

const char *plan_action_text(enum plan_action a)
{
    static const char *const text[] = {"none", "apply", "export", "rebuild", "publish", "prune"};
    return text[a];
}

const char *stage_text(enum stage s)
{
    static const char *const text[] = {"declaration", "pre",        "apply",   "post",
                                       "diff",        "invariants", "receipt", ""};
    return text[s];
}

static const struct {
    const char *code;
    const char *sentence;
    enum plan_state state;
} table[REASON_COUNT] = {
#define REASON(name, text, leads_to, words) {text, words, STATE_##leads_to},
#include "plan/reason.def"
#undef REASON
};

const char *reason_text(enum reason_code c)
{
    return table[c].code;
}

const char *reason_sentence(enum reason_code c)
{
    return table[c].sentence;
}

enum plan_state reason_state(enum reason_code c)
{
    return table[c].state;
}

void reason_from_fault(struct arena *a, struct reason *r, const struct err *fault)
{
    r->cause = arena_strdup(a, fault->where.path);
    r->detail =
        arena_printf(a, "%s%s%s", fault->msg, fault->hint[0] != '\0' ? "; " : "", fault->hint);
    r->path = r->cause[0] != '\0' ? r->cause : NULL;
    r->line = fault->where.line;
    r->col = fault->where.col;
}
