/* The rules of an environment's policy. */
#include "model/policy.h"

#include <string.h>

#include "doc/doc.h"
#include "model/class.h"

const char *policy_effect_text(enum policy_effect e)
{
    static const char *const texts[] = {
        [POLICY_FORBID] = "forbid", [POLICY_REQUIRE] = "require", [POLICY_WARN] = "warn"};
    return texts[e];
}

static const struct {
    const char *text, *hint;
} needs[POLICY_NEEDS] = {
    [NEED_WINDOW] = {"window", "say rollout: requires-maintenance-window"},
    [NEED_REFERENCE] = {"reference", "name the plan, issue or ADR: ticket, or approvals.reference"},
    [NEED_ROLLBACK] = {"rollback", "write the files that undo it: artifacts.rollback"},
    [NEED_INVARIANTS] = {"invariants",
                         "write queries that find what is wrong: artifacts.invariants"},
};

const char *policy_need_text(enum policy_need n)
{
    return needs[n].text;
}

const char *policy_need_hint(enum policy_need n)
{
    return needs[n].hint;
}

enum policy_need policy_need_parse(const char *text)
{
    int n = 0;
    while (n < POLICY_NEEDS && strcmp(needs[n].text, text) != 0) {
        n++;
    }
    return (enum policy_need)n;
}

/* --- deeds ------------------------------------------------------------------------------------------ */

static bool take_kind(const char *text, enum object_kind *out)
{
    char word[40];
    size_t n = strlen(text);
    if (n >= sizeof word) {
        return false;
    }
    for (size_t i = 0; i <= n; i++) {
        word[i] = text[i] == ' ' ? '_' : text[i];
    }
    return object_kind_parse(word, out) == 0;
}

bool policy_deed_parse(const char *text, struct policy_deed *out)
{
    *out = (struct policy_deed){.kind = OBJ_COUNT};
    if (strcmp(text, "any") == 0) {
        out->is_any = true;
        return true;
    }
    for (int e = EFFECT_WRITE; e < EFFECT_COUNT; e++) {
        const char *word = effect_text((enum effect)e);
        size_t n = strlen(word);
        if (strncmp(text, word, n) == 0 && (text[n] == '\0' || text[n] == ' ')) {
            out->effect = (enum effect)e;
            return text[n] == '\0' || take_kind(text + n + 1, &out->kind);
        }
    }
    return false;
}

static bool is_deed(const struct policy_deed *d, const struct touch *t)
{
    bool changes = t->effect >= EFFECT_WRITE;
    return d->is_any
               ? changes
               : d->effect == t->effect && (d->kind == OBJ_COUNT || d->kind == t->object.kind);
}

bool policy_is_about(const struct policy_rule *r, char class)
{
    return r->classes[0] == '\0' || strchr(r->classes, class_as_strict(class)) != NULL;
}

bool policy_meets(const struct policy_rule *r, const struct touch *t, int64_t rows)
{
    if (r->rows_over >= 0 && rows <= r->rows_over) {
        return false;
    }
    for (size_t i = 0; i < r->n_deeds; i++) {
        if (is_deed(&r->deeds[i], t)) {
            return true;
        }
    }
    return false;
}

int64_t policy_rows(const struct touch *t)
{
    bool is_known = t->inserted >= 0 && t->updated >= 0 && t->deleted >= 0;
    return is_known ? t->inserted + t->updated + t->deleted : INT64_MAX;
}

/* --- needs ------------------------------------------------------------------------------------------ */

static bool has(const struct decl *d, enum policy_need n)
{
    switch (n) {
    case NEED_WINDOW:
        return d->wants_window;
    case NEED_REFERENCE:
        return decl_has_reference(d);
    case NEED_ROLLBACK:
        return d->rollback.n > 0;
    case NEED_INVARIANTS:
        return d->invariants.n > 0;
    case POLICY_NEEDS:
        break;
    }
    return true;
}

enum policy_need policy_lacks(const struct policy_rule *r, const struct decl *d)
{
    for (int n = 0; n < POLICY_NEEDS; n++) {
        if ((r->needs & 1U << n) != 0 && !has(d, (enum policy_need)n)) {
            return (enum policy_need)n;
        }
    }
    return POLICY_NEEDS;
}

/* --- what cannot both be meant ---------------------------------------------------------------------- */

/* Are all classes of b classes of a? */
static bool has_classes(const struct policy_rule *a, const struct policy_rule *b)
{
    const char *of_b = b->classes[0] != '\0' ? b->classes : "ABCD";
    return a->classes[0] == '\0' || strspn(of_b, a->classes) == strlen(of_b);
}

/* Is whatever d means meant by one of a's deeds? */
static bool has_deed(const struct policy_rule *a, const struct policy_deed *d)
{
    for (size_t i = 0; i < a->n_deeds; i++) {
        const struct policy_deed *own = &a->deeds[i];
        if (own->is_any || (!d->is_any && own->effect == d->effect &&
                            (own->kind == OBJ_COUNT || own->kind == d->kind))) {
            return true;
        }
    }
    return false;
}

static bool has_all_deeds(const struct policy_rule *a, const struct policy_rule *b)
{
    for (size_t i = 0; i < b->n_deeds; i++) {
        if (!has_deed(a, &b->deeds[i])) {
            return false;
        }
    }
    return true;
}

const char *policy_contradicts(const struct policy_rule *a, const struct policy_rule *b)
{
    if (a->effect != POLICY_FORBID || b->effect == POLICY_FORBID || !has_classes(a, b) ||
        a->rows_over > b->rows_over) {
        return NULL;
    }
    if (b->effect == POLICY_WARN) {
        return has_all_deeds(a, b) ? "forbids all that is warned of by" : NULL;
    }
    const struct policy_deed any = {.is_any = true};
    return has_deed(a, &any) ? "forbids everything of which something is required by" : NULL;
}
