/* The store of programs: whatever has a program that brings a state about and one that says what stands
 * there. A place is a folder of probes, each a program; what stands there are their states, which is all that
 * is known: what a program does on its way nobody observes (DESIGN.md section 3a). Nothing is transacted, a
 * step is one program, and the journal makes it happen once: what the probe said before is absent, what the
 * step expects is there, and anything else is for a person to resolve, unless this process saw the program
 * end well. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "launch/launch.h"
#include "model/errand.h"
#include "store/store.h"

enum { PROBE_MS = 60000, LONGEST_MS = 24 * 60 * 60 * 1000, PROBE_MOST = 64 * 1024 * 1024 };

/* folder: of the probes, absolute; dir: the same, beneath place.root. asked: probes that have said the same
 * twice. done, left: the text of the step whose program ended well here, and what the probe said then.
 * refused: of one whose program did not, or did what it must not. */
struct other {
    struct store store; /* first */
    struct store_change change;
    int64_t limit_ms; /* of a program */
    struct arena a;
    const char *folder, *dir, *who;
    struct launch_place place;
    const struct ear *ear;
    struct names asked;
    struct digest done, left, refused;
};

extern const struct store_ops store_other;

/* --- the place --- */

static const struct secret no_connection;

/* What of path lies behind root; NULL: it is not beneath it. */
static const char *beneath(const char *root, const char *path)
{
    size_t n = strlen(root);
    return strncmp(path, root, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

static void take_place(struct other *o, const struct store_place *at)
{
    const struct store_project *p = at->project;
    o->dir = beneath(p->root, o->folder);
    o->place = (struct launch_place){.dirfd = p->dirfd,
                                     .root = p->root,
                                     .env = p->env,
                                     .conninfo = &no_connection,
                                     .roots = p->roots};
    o->ear = p->ear;
}

static int open_place(struct store **out, const struct store_place *at, struct err *e)
{
    struct stat st;
    if (stat(at->address->opaque, &st) != 0) {
        return err_errno(e, ERR_PREFLIGHT, "the folder of the probes cannot be looked at");
    }
    if (!S_ISDIR(st.st_mode) || beneath(at->project->root, at->address->opaque) == NULL) {
        return err_set(e, ERR_PREFLIGHT, "the probes do not stand in a folder of the project");
    }
    struct other *o = mem_alloc(sizeof *o);
    *o = (struct other){.store = {&store_other}};
    o->folder = arena_strdup(&o->a, at->address->opaque);
    o->who = arena_strdup(&o->a, at->who);
    take_place(o, at);
    *out = &o->store;
    return 0;
}

static int refuse_folder(struct err *e)
{
    return err_set(e, ERR_PREFLIGHT, "the folder of the probes cannot be read");
}

static void close_place(struct store *s)
{
    struct other *o = (struct other *)s;
    if (o != NULL) {
        arena_release(&o->a);
        free(o);
    }
}

/* Of all files of its folder, whether they are probes or what those read: names and bytes. */
static int eyes_of(const struct other *o, struct arena *a, struct digest *out, struct err *e)
{
    struct file_names names = {0};
    struct digester *d = digester_open("kfmig.probes.v1");
    int rc = file_list(a, AT_FDCWD, o->folder, &names, e) == 0 ? 0 : refuse_folder(e);
    for (size_t i = 0; i < names.n && rc == 0; i++) {
        struct bytes text = {NULL, 0};
        struct arena one = {0};
        if (names.v[i].type == DT_REG) {
            const char *path = arena_printf(&one, "%s/%s", o->dir, names.v[i].name);
            rc = file_read(&one, o->place.dirfd, path, PROBE_MOST, &text, NULL, e) < 0 ? -1 : 0;
            digester_field(d, names.v[i].name, text);
        }
        arena_release(&one);
    }
    *out = digester_close(d);
    return rc;
}

/* Its probes may be other files tomorrow, and look at the same things: it has no identity. */
static int probe(struct store *s, struct arena *a, struct store_facts *out, struct err *e)
{
    *out = (struct store_facts){.identity = "", .version = "1", .is_writable = true};
    return eyes_of((struct other *)s, a, &out->eyes, e);
}

/* --- what stands there --- */

static int ask_once(const struct other *o, const char *state, struct digest *out, struct err *e)
{
    struct arena a = {0};
    struct buf said = {0};
    const struct launch x = {.command = arena_printf(&a, "./%s", state),
                             .dir = o->dir,
                             .name = state,
                             .app = o->who,
                             .limit_ms = PROBE_MS,
                             .ear = o->ear};
    int rc = launch_ask(&o->place, &a, &x, &said, e);
    if (rc != 0 && e->code == ERR_PREFLIGHT) {
        (void)err_wrap(e, ERR_PREFLIGHT, "the probe of state \"%s\": %s", state, e->msg);
        (void)err_hint(e, "run %s/%s by hand; KFMIG_ENVIRONMENT is \"%s\" then", o->dir, state,
                       o->place.env);
    }
    const char *why = rc == 0 ? state_read(buf_bytes(&said), out) : NULL;
    if (why != NULL) {
        (void)err_set(e, ERR_PREFLIGHT, "the probe of state \"%s\" %s", state, why);
        rc = err_hint(e, "a probe prints one line: sha256: and 64 hex digits, or \"absent\"");
    }
    buf_release(&said);
    arena_release(&a);
    return rc;
}

/* Of a probe that does not say the same of the same nothing can be told: at first it is asked twice. */
static int ask(struct other *o, const char *state, struct digest *out, struct err *e)
{
    struct digest again;
    if (ask_once(o, state, out, e) != 0) {
        return -1;
    }
    if (names_have(&o->asked, state)) {
        return 0;
    }
    if (ask_once(o, state, &again, e) != 0) {
        return -1;
    }
    if (!digest_eq(out, &again)) {
        (void)err_set(e, ERR_PREFLIGHT, "the probe of state \"%s\" does not print the same twice",
                      state);
        return err_hint(e, "leave times, orders and caches out of what it digests; or somebody "
                           "changes it at this moment");
    }
    names_add(&o->a, &o->asked, arena_strdup(&o->a, state));
    return 0;
}

static int look_state(struct other *o, struct catalog *out, const char *state, struct err *e)
{
    char text[DIGEST_TEXT];
    struct digest d;
    if (ask(o, state, &d, e) != 0) {
        return -1;
    }
    if (!digest_is_zero(&d)) {
        struct facet *facet = ARENA_NEW(out->a, struct facet);
        *facet =
            (struct facet){.name = "digest", .value = arena_strdup(out->a, digest_text(&d, text))};
        (void)catalog_add(out, (struct object){OBJ_STATE, "", state, store_other.name}, facet, 1);
    }
    return 0;
}

static bool is_probe(struct arena *a, const struct other *o, const struct file_name *f)
{
    return f->type == DT_REG && state_is_name(f->name) &&
           access(arena_printf(a, "%s/%s", o->folder, f->name), X_OK) == 0;
}

static int look(struct store *s, struct arena *a, struct catalog *out, struct err *e)
{
    struct other *o = (struct other *)s;
    struct file_names names = {0};
    *out = (struct catalog){.a = a, .by_text = {.a = a}, .by_oid = {.a = a}};
    int rc = file_list(a, AT_FDCWD, o->folder, &names, e) == 0 ? 0 : refuse_folder(e);
    for (size_t i = 0; i < names.n && rc == 0; i++) {
        rc = is_probe(a, o, &names.v[i]) ? look_state(o, out, names.v[i].name, e) : 0;
    }
    catalog_seal(out);
    return rc;
}

/* --- a change --- */

static int begin(struct store *s, struct arena *a, const struct deadlines *d,
                 struct store_change **out, struct err *e)
{
    struct other *o = (struct other *)s;
    (void)e;
    o->change = (struct store_change){s, a};
    o->limit_ms = d->statement_ms > 0 ? d->statement_ms : LONGEST_MS;
    *out = &o->change;
    return 0;
}

static int read_errand(struct arena *a, const struct store_step *step, struct errand *out,
                       struct err *e)
{
    return errand_read(a, step->text, step->script != NULL ? step->script->path : "", out, e);
}

/* The folder of the migration that it stands in. */
static const char *dir_of(struct arena *a, const struct other *o, const struct store_step *step)
{
    const char *path = step->script != NULL ? step->script->path : o->dir;
    const char *file = step->script != NULL ? strstr(path, "/migration.yml#") : NULL;
    return file == NULL ? o->dir : arena_strndup(a, path, (size_t)(file - path));
}

static const char *name_of(const char *dir, const struct errand *x)
{
    const char *slash = strrchr(dir, '/');
    return slash != NULL ? slash + 1 : x->state;
}

/* As a probe prints it. */
static const char *state_words(const struct digest *d, char text[static DIGEST_TEXT])
{
    return digest_is_zero(d) ? "absent" : digest_text(d, text);
}

/* What the probe says behind it is what was meant. */
static int judge(const struct errand *x, const struct digest *before, const struct digest *after,
                 struct err *e)
{
    char is[DIGEST_TEXT];
    const char *now = state_words(after, is);
    if (x->expect != NULL && strcmp(x->expect, now) != 0) {
        return err_set(e, ERR_APPLY,
                       "the program ended well, but state \"%s\" is %s, and not %s, which "
                       "runner.expect says",
                       x->state, now, x->expect);
    }
    if (x->expect == NULL && digest_eq(before, after)) {
        return err_set(e, ERR_APPLY,
                       "the program ended well, but changed nothing: the probe of state \"%s\" "
                       "prints what it printed before",
                       x->state);
    }
    return 0;
}

static int do_errand(struct store_change *c, const struct store_step *step, struct err *e)
{
    struct errand x;
    struct digest before;
    struct digest after;
    bool has_begun = false;
    struct other *o = (struct other *)c->store;
    if (read_errand(c->a, step, &x, e) != 0 || ask(o, x.state, &before, e) != 0) {
        return -1;
    }
    const char *dir = dir_of(c->a, o, step);
    const struct launch l = {.command = x.run,
                             .dir = dir,
                             .name = name_of(dir, &x),
                             .app = o->who,
                             .wants = &x.wants,
                             .limit_ms = o->limit_ms,
                             .ear = o->ear};
    o->refused = digest_of(step->text); /* until it ended well */
    if (launch_run(&o->place, c->a, &l, &has_begun, e) != 0 || ask(o, x.state, &after, e) != 0 ||
        judge(&x, &before, &after, e) != 0) {
        return -1;
    }
    o->refused = (struct digest){{0}};
    o->done = digest_of(step->text);
    o->left = after;
    return 0;
}

static int run(struct store_change *c, const struct program *p, const struct store_flight *f,
               struct store_stop *stop, struct err *e)
{
    for (size_t i = f->from; i < f->to; i++) {
        *stop = (struct store_stop){.step = i, .position = -1};
        if (do_errand(c, &p->v[i], e) != 0) {
            return -1;
        }
        if (f->rows != NULL) {
            f->rows[i] = 0;
        }
    }
    return 0;
}

static int observe(struct store_change *c, const struct catalog *base, struct observation *out,
                   struct err *e)
{
    struct catalog now;
    char time[CLOCK_TEXT];
    if (look(c->store, c->a, &now, e) != 0) {
        return -1;
    }
    *out =
        (struct observation){.server_time = arena_strdup(c->a, clock_text(clock_unix_us(), time))};
    catalog_compare(c->a, base, &now, out);
    out->n_tables_touched = (int)out->n_changes;
    return 0;
}

static enum ending commit(struct store_change *c, struct err *e)
{
    (void)c;
    (void)e;
    return TX_ENDED;
}

static void abandon(struct store_change *c)
{
    (void)c;
}

/* --- what the journal asks --- */

static int stands(struct store *s, const struct store_step *step, struct digest *out, struct err *e)
{
    struct errand x;
    struct arena a = {0};
    int rc = read_errand(&a, step, &x, e) != 0 ? -1 : ask((struct other *)s, x.state, out, e);
    arena_release(&a);
    return rc;
}

/* Is it what stood there before what this takes back? */
static bool is_back(const struct store_step *step, const char *now)
{
    static const char name[] = "digest\t";
    const char *l = step->leaves;
    size_t n = strlen(name);
    return l != NULL &&
           (*l == '\0' ? strcmp(now, "absent") == 0
                       : strncmp(l, name, n) == 0 && strcspn(l + n, "\n") == strlen(now) &&
                             strncmp(l + n, now, strlen(now)) == 0);
}

/* Without an expectation it is known to whoever saw the program end well, and where all is as before. */
static bool is_there(const struct other *o, const struct store_step *step, const struct errand *x,
                     const struct digest *now)
{
    char is[DIGEST_TEXT];
    const char *words = state_words(now, is);
    const struct digest text = digest_of(step->text);
    if (digest_eq(&o->refused, &text)) {
        return false;
    }
    return x->expect != NULL
               ? strcmp(x->expect, words) == 0
               : (digest_eq(&o->done, &text) && digest_eq(&o->left, now)) || is_back(step, words);
}

static int verify(struct store *s, const struct store_step *step, const struct digest *before,
                  enum standing *out, struct digest *proof, struct err *e)
{
    struct errand x;
    struct arena a = {0};
    struct other *o = (struct other *)s;
    int rc = read_errand(&a, step, &x, e) != 0 ? -1 : ask(o, x.state, proof, e);
    if (rc == 0) {
        *out = is_there(o, step, &x, proof) ? STANDS_THERE
               : digest_eq(proof, before)   ? STANDS_ABSENT
                                            : STANDS_FOREIGN;
    }
    arena_release(&a);
    return rc;
}

const struct store_ops store_other = {
    .name = "other",
    .open = open_place,
    .close = close_place,
    .probe = probe,
    .look = look,
    .begin = begin,
    .run = run,
    .observe = observe,
    .commit = commit,
    .abandon = abandon,
    .stands = stands,
    .verify = verify,
};
