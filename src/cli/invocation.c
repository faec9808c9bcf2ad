/* One run of the program on a project. */
#include "cli/invocation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/output.h"
#include "flow/alembic.h"

static bool has_state(int dirfd)
{
    struct stat st;
    return fstatat(dirfd, "state", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

int invocation_begin(struct invocation *s, const struct request *req, struct err *e)
{
    *s = (struct invocation){.req = req, .a = mem_alloc(sizeof(struct arena))};
    *s->a = (struct arena){0};
    progress_init(&s->progress, req);
    s->project.a = s->a;
    s->project.dirfd = -1;
    if (load_find(s->a, req->project != NULL ? req->project : ".", &s->project.dirfd,
                  &s->project.root, e) != 0) {
        return -1;
    }
    s->progress.dirfd = s->project.dirfd;
    if (!req->command->makes_no_state || has_state(s->project.dirfd)) {
        s->cache = cache_open(s->project.dirfd, s->project.root);
    }
    s->project.render = alembic_render;
    s->project.render_ctx = &s->progress.ear;
    load_environments(&s->project);
    s->has_begun = true;
    return 0;
}

int invocation_open(struct invocation *s, const struct request *req, bool tolerate, struct err *e)
{
    bool has_begun = s->has_begun;
    s->has_begun = false; /* it may be opened again */
    if ((!has_begun && invocation_begin(s, req, e) != 0) ||
        load_project(&s->project, s->cache, e) != 0) {
        return -1;
    }
    if (tolerate || s->project.faults.n == s->project.n_confined) {
        return 0;
    }
    tell_faults(&s->progress.ear, &s->project.faults);
    err_set(e, ERR_CONFIG, "%zu fault%s in the project", s->project.faults.n,
            s->project.faults.n == 1 ? "" : "s");
    return err_hint(e, "`kfmig check` shows them together with warnings");
}

int invocation_env(struct invocation *s, const char *name, const struct env **out, struct err *e)
{
    *out = name != NULL ? load_env(&s->project, name) : s->project.default_env;
    if (*out != NULL) {
        return 0;
    }
    if (name == NULL) {
        err_set(e, ERR_CONFIG, "no environment given and no default_environment declared");
    } else {
        err_set(e, ERR_CONFIG, "no environment \"%s\"", name);
    }
    struct buf list = {0};
    for (size_t i = 0; i < s->project.n_env; i++) {
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", s->project.env[i].name);
    }
    err_hint(e, "declared: %s", buf_str(&list));
    buf_release(&list);
    return -1;
}

/* An empty variable is not there. */
static const char *key_of(const struct request *req)
{
    const char *key = req->key != NULL ? req->key : getenv("KFMIG_KEY");
    return key != NULL && key[0] != '\0' ? key : NULL;
}

void invocation_site(struct invocation *s, const struct env *env)
{
    enum { SCRIPTS_MOST = 2 * 1024 * 1024 };
    site_close(&s->site);
    site_init(&s->site, s->a, &s->project, s->cache, &s->progress.ear, env,
              &(struct site_options){.verb = s->req->command->name,
                                     .self = s->req->self,
                                     .said = &s->req->said,
                                     .key = key_of(s->req),
                                     .backup = s->backup,
                                     .prunes = s->req->prune,
                                     .scripts_most =
                                         s->shows_no_plan && !env->is_protected ? SCRIPTS_MOST : 0,
                                     .look_wait_ms = s->req->look_wait_ms,
                                     .jobs = s->req->jobs,
                                     .words = output_words(s->req, env)});
}

int invocation_plan(struct invocation *s, const struct env *env, bool want_server, struct err *e)
{
    invocation_site(s, env);
    return site_plan(&s->site, want_server, e);
}

void invocation_close(struct invocation *s)
{
    if (s->a == NULL) {
        return; /* a command that refused before it looked at anything */
    }
    progress_close(&s->progress);
    site_close(&s->site);
    cache_close(s->cache);
    if (s->project.dirfd >= 0) {
        load_release(&s->project);
    }
    arena_release(s->a);
    free(s->a);
}
