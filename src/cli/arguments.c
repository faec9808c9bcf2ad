/* Positional arguments: environment and targets. */
#include "cli/arguments.h"

#include <string.h>

/* Projections go by their full name. */
static bool take_projection(struct session *s, struct arguments *out, const char *text)
{
    const char *slash = strchr(text, '/');
    const char *name = slash != NULL ? slash + 1 : text;
    size_t n = strcspn(name, "@");
    for (size_t i = 0; i < s->project.n_projection; i++) {
        const char *known = s->project.projection[i].name;
        if (strlen(known) != n || strncmp(known, name, n) != 0) {
            continue;
        }
        const struct env *env =
            slash != NULL ? load_env(&s->project, arena_strndup(s->a, text, (size_t)(slash - text)))
                          : NULL;
        if (slash != NULL && (env == NULL || (out->env != NULL && out->env != env))) {
            return false;
        }
        out->env = env != NULL ? env : out->env;
        out->targets[out->n_targets++] = known;
        return true;
    }
    return false;
}

static int take_target(struct session *s, struct arguments *out, const char *text, struct err *e)
{
    struct target t;
    const struct bundle **bundles =
        ARENA_ARRAY(s->a, const struct bundle *, s->project.n_bundle + 1);
    for (size_t i = 0; i < s->project.n_bundle; i++) {
        bundles[i] = &s->project.bundle[i];
    }
    if (plan_target(text, s->project.env, s->project.n_env, bundles, s->project.n_bundle, s->a, &t,
                    e) != 0) {
        return -1;
    }
    if (t.env != NULL) {
        const struct env *env = load_env(&s->project, t.env);
        if (out->env != NULL && out->env != env) {
            err_set(e, ERR_CONFIG, "\"%s\" is in environment \"%s\", but \"%s\" was named before",
                    text, t.env, out->env->name);
            return err_hint(e, "one run works on one environment");
        }
        out->env = env;
    }
    const char *id = bundles[t.bundle]->id;
    out->targets[out->n_targets++] =
        t.stage == STAGE_COUNT ? id : arena_printf(s->a, "%s@%s", id, stage_text(t.stage));
    return 0;
}

/* The first word may have been meant as an environment. */
static int hint_environment(const struct session *s, const char *text, struct err *e)
{
    for (size_t i = 0; i < s->project.n_env; i++) {
        if (text_is_near(bytes_str(text), bytes_str(s->project.env[i].name))) {
            e->hint[0] = '\0';
            return err_hint(e, "did you mean environment \"%s\"?", s->project.env[i].name);
        }
    }
    return -1;
}

int arguments_resolve(struct session *s, struct arguments *out, struct err *e)
{
    const struct request *req = s->req;
    *out = (struct arguments){.targets = ARENA_ARRAY(s->a, const char *, req->n_args + 1)};
    size_t first = 0;
    if (req->n_args > 0) {
        out->env = load_env(&s->project, req->args[0]);
        first = out->env != NULL ? 1 : 0;
        /* A lone word that is neither: say what it could have been, as an environment. */
        if (out->env == NULL && s->project.n_bundle == 0) {
            return session_env(s, req->args[0], &out->env, e);
        }
    }
    for (size_t i = first; i < req->n_args; i++) {
        if (take_projection(s, out, req->args[i])) {
            continue;
        }
        if (take_target(s, out, req->args[i], e) != 0) {
            return i == 0 ? hint_environment(s, req->args[0], e) : -1;
        }
    }
    return out->env != NULL ? 0 : session_env(s, NULL, &out->env, e);
}
