/* The toy store: the smallest engine that the contract lets pass, and the example for the next one.
 * A place is a folder; a collection is a folder in it, its objects are files. It has no
 * transactions: a step takes effect as it runs, line by line, and the journal makes it happen once.
 * A collection with generations is a symbolic link, which one rename turns to another.
 * Steps: "put COLLECTION/OBJECT" LF content, whose lines are written one after the other; "drop
 * COLLECTION/OBJECT"; "find COLLECTION WORD", an invariant: it returns the objects with that word in them.
 * What is put into a collection with a file ".mirror" also goes into the collection that the file names: an
 * effect that no text shows. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "pg/pg.h"
#include "store/store.h"

enum { CONTENT_MAX = 1 << 20 };

struct toy {
    struct store store; /* first */
    int dir;
    char identity[64];
    struct store_change change;
};

extern const struct store_ops store_toy;

static int dir_of(const struct store *s)
{
    return ((const struct toy *)s)->dir;
}

/* --- the place --- */

static int open_place(struct store **out, const struct store_place *at, struct err *e)
{
    int dir = open(at->address->opaque, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (dir < 0 || fstat(dir, &st) != 0) {
        return err_errno(e, ERR_PREFLIGHT, "the folder of the toy store cannot be opened");
    }
    struct toy *t = mem_alloc(sizeof *t);
    *t = (struct toy){.store = {&store_toy}, .dir = dir};
    (void)snprintf(t->identity, sizeof t->identity, "%ju", (uintmax_t)st.st_ino);
    *out = &t->store;
    return 0;
}

static void close_place(struct store *s)
{
    if (s != NULL) {
        (void)close(dir_of(s));
        free(s);
    }
}

static int probe(struct store *s, struct arena *a, struct store_facts *out, struct err *e)
{
    (void)e;
    *out = (struct store_facts){.identity = arena_strdup(a, ((const struct toy *)s)->identity),
                                .version = "1",
                                .is_writable = faccessat(dir_of(s), ".", W_OK, 0) == 0};
    return 0;
}

/* --- objects --- */

/* The content of an object, *is_there false: there is none. The live name of a collection is a
 * link: file_read() would refuse it. */
static int read_object(const struct store *s, struct arena *a, const char *path, struct bytes *out,
                       bool *is_there, struct err *e)
{
    int fd = openat(dir_of(s), path, O_RDONLY | O_CLOEXEC);
    *out = (struct bytes){NULL, 0};
    *is_there = fd >= 0;
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR
                   ? 0
                   : err_errno(e, ERR_PREFLIGHT, "\"%s\" cannot be read", path);
    }
    char *text = arena_alloc(a, CONTENT_MAX);
    ssize_t n = read(fd, text, CONTENT_MAX);
    (void)close(fd);
    *out = bytes_of(text, n < 0 ? 0 : (size_t)n);
    return n < 0 ? err_errno(e, ERR_PREFLIGHT, "\"%s\" cannot be read", path) : 0;
}

static int look_object(struct store *s, struct catalog *out, const char *collection,
                       const char *name, struct err *e)
{
    char digest[DIGEST_TEXT];
    struct bytes text;
    bool is_there = false;
    if (read_object(s, out->a, arena_printf(out->a, "%s/%s", collection, name), &text, &is_there,
                    e) != 0) {
        return -1;
    }
    struct digest d = digest_of(text);
    struct facet *facet = ARENA_NEW(out->a, struct facet);
    *facet =
        (struct facet){.name = "content", .value = arena_strdup(out->a, digest_text(&d, digest))};
    (void)catalog_add(out, (struct object){OBJ_TABLE, collection, name, store_toy.name}, facet, 1);
    return 0;
}

static bool is_name(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static int look_collection(struct store *s, struct catalog *out, const char *collection,
                           struct err *e)
{
    int fd = openat(dir_of(s), collection, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    int rc = dir == NULL ? err_errno(e, ERR_PREFLIGHT, "\"%s\" cannot be read", collection) : 0;
    const struct dirent *d = NULL;
    while (rc == 0 && (d = readdir(dir)) != NULL) {
        rc = is_name(d) ? look_object(s, out, collection, arena_strdup(out->a, d->d_name), e) : 0;
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return rc;
}

static int look(struct store *s, struct arena *a, struct catalog *out, struct err *e)
{
    *out = (struct catalog){.a = a, .by_text = {.a = a}, .by_oid = {.a = a}};
    struct file_names names = {0};
    int rc = file_list(a, dir_of(s), ".", &names, e);
    for (size_t i = 0; i < names.n && rc == 0; i++) {
        rc = names.v[i].name[0] == '.' ? 0 : look_collection(s, out, names.v[i].name, e);
    }
    catalog_seal(out);
    return rc;
}

/* --- a change --- */

static int begin(struct store *s, struct arena *a, const struct deadlines *d,
                 struct store_change **out, struct err *e)
{
    (void)d;
    (void)e;
    struct toy *t = (struct toy *)s;
    t->change = (struct store_change){s, a};
    *out = &t->change;
    return 0;
}

static bool is_verb(const struct store_step *step, const char *verb)
{
    size_t n = strlen(verb);
    return step->text.n > n && memcmp(step->text.p, verb, n) == 0 && step->text.p[n] == ' ';
}

static bool is_drop(const struct store_step *step)
{
    return is_verb(step, "drop");
}

/* What stands behind the verb in its line. */
static char *argument_of(struct arena *a, const struct store_step *step)
{
    const char *p = step->text.p;
    const char *space = memchr(p, ' ', step->text.n);
    const char *line = memchr(p, '\n', step->text.n);
    const char *end = line != NULL ? line : p + step->text.n;
    return space == NULL ? arena_strdup(a, "")
                         : arena_strndup(a, space + 1, (size_t)(end - space - 1));
}

static struct bytes content_of(const struct store_step *step)
{
    const char *line = memchr(step->text.p, '\n', step->text.n);
    return line == NULL ? bytes_of("", 0)
                        : bytes_of(line + 1, step->text.n - (size_t)(line + 1 - step->text.p));
}

static int drop(struct store_change *c, const struct store_step *step, struct err *e)
{
    const char *path = argument_of(c->a, step);
    return unlinkat(dir_of(c->store), path, 0) == 0
               ? 0
               : err_errno(e, ERR_APPLY, "\"%s\" cannot be dropped", path);
}

static int mirror(struct store_change *c, const char *collection, const char *name,
                  struct bytes text, struct err *e)
{
    struct bytes to;
    bool is_there = false;
    if (read_object(c->store, c->a, arena_printf(c->a, "%s/.mirror", collection), &to, &is_there,
                    e) != 0 ||
        !is_there) {
        return is_there ? -1 : 0;
    }
    const char *other = arena_strndup(c->a, to.p, to.n);
    (void)mkdirat(dir_of(c->store), other, 0700);
    int fd = openat(dir_of(c->store), arena_printf(c->a, "%s/%s", other, name),
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n ? 0 : -1;
    return fd >= 0 && close(fd) != 0 ? -1 : rc;
}

static int find(struct store_change *c, const struct store_step *step, int64_t *rows, struct err *e)
{
    struct file_names names = {0};
    char *collection = argument_of(c->a, step);
    char *word = strchr(collection, ' ');
    if (word == NULL) {
        return err_set(e, ERR_APPLY, "find what?");
    }
    *word++ = '\0';
    *rows = 0;
    if (file_list(c->a, dir_of(c->store), collection, &names, e) < 0) {
        return -1;
    }
    for (size_t i = 0; i < names.n; i++) {
        struct bytes text;
        bool is_there = false;
        if (read_object(c->store, c->a, arena_printf(c->a, "%s/%s", collection, names.v[i].name),
                        &text, &is_there, e) != 0) {
            return -1;
        }
        *rows += is_there && memmem(text.p, text.n, word, strlen(word)) != NULL ? 1 : 0;
    }
    return 0;
}

/* One line after the other, from the cursor on; what stands behind the cursor was written and not
 * told, and goes. */
static int put(struct store_change *c, const struct store_step *step, const struct store_flight *f,
               struct err *e)
{
    struct bytes text = content_of(step);
    size_t at =
        f->cursor.p == NULL ? 0 : strtoul(arena_strndup(c->a, f->cursor.p, f->cursor.n), NULL, 10);
    const char *path = argument_of(c->a, step);
    const char *slash = strchr(path, '/');
    if (slash == NULL) {
        return err_set(e, ERR_APPLY, "\"%s\" names no collection", path);
    }
    const char *collection = arena_strndup(c->a, path, (size_t)(slash - path));
    (void)mkdirat(dir_of(c->store), collection, 0700);
    int fd = openat(dir_of(c->store), path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int rc = fd < 0 || ftruncate(fd, (off_t)at) != 0 || lseek(fd, (off_t)at, SEEK_SET) < 0 ? -1 : 0;
    while (rc == 0 && at < text.n) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        size_t n = end == NULL ? text.n - at : (size_t)(end + 1 - (text.p + at));
        rc = write(fd, text.p + at, n) == (ssize_t)n ? 0 : -1;
        at += n;
        if (rc == 0 && f->progress != NULL &&
            f->progress(f->ctx, bytes_str(arena_printf(c->a, "%zu", at)), e) != 0) {
            (void)close(fd);
            return -1;
        }
    }
    rc = rc != 0 ? err_errno(e, ERR_APPLY, "\"%s\" cannot be written", path) : fsync(fd);
    rc = fd >= 0 && close(fd) != 0 ? -1 : rc;
    return rc != 0 ? -1 : mirror(c, collection, slash + 1, text, e);
}

static int run(struct store_change *c, const struct program *p, const struct store_flight *f,
               struct store_stop *stop, struct err *e)
{
    for (size_t i = f->from; i < f->to; i++) {
        *stop = (struct store_stop){.step = i, .position = -1};
        int64_t rows = 1;
        int rc = is_drop(&p->v[i])           ? drop(c, &p->v[i], e)
                 : is_verb(&p->v[i], "find") ? find(c, &p->v[i], &rows, e)
                                             : put(c, &p->v[i], f, e);
        if (rc != 0) {
            return -1;
        }
        if (f->rows != NULL) {
            f->rows[i] = rows;
        }
    }
    return 0;
}

static void observed(struct store_change *c, struct observation *out, struct catalog_object *was,
                     struct catalog_object *is)
{
    if (catalog_same(was, is)) {
        return;
    }
    out->changes[out->n_changes++] = (struct change){was, is};
    enum effect effect = was == NULL ? EFFECT_CREATE : is == NULL ? EFFECT_DROP : EFFECT_ALTER;
    touches_add(c->a, &out->touches,
                (struct touch){
                    .object = (is == NULL ? was : is)->object, .effect = effect, .statement = -1});
    out->n_tables_touched++;
}

/* Both catalogs are sorted by text. */
static int observe(struct store_change *c, const struct catalog *base, struct observation *out,
                   struct err *e)
{
    struct catalog now;
    char time[CLOCK_TEXT];
    size_t i = 0;
    size_t k = 0;
    if (look(c->store, c->a, &now, e) != 0) {
        return -1;
    }
    *out =
        (struct observation){.changes = ARENA_ARRAY(c->a, struct change, base->n + now.n + 1),
                             .server_time = arena_strdup(c->a, clock_text(clock_unix_us(), time))};
    while (i < base->n || k < now.n) {
        int order = i == base->n ? 1 : k == now.n ? -1 : strcmp(base->v[i]->text, now.v[k]->text);
        observed(c, out, order <= 0 ? base->v[i] : NULL, order >= 0 ? now.v[k] : NULL);
        i += order <= 0 ? 1 : 0;
        k += order >= 0 ? 1 : 0;
    }
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
    struct arena a = {0};
    struct bytes text;
    bool is_there = false;
    int rc = read_object(s, &a, argument_of(&a, step), &text, &is_there, e);
    *out = is_there ? digest_of(text) : (struct digest){{0}};
    arena_release(&a);
    return rc;
}

/* A beginning of what is put can only be ours: whatever else stands there is what stood there
 * before, or somebody else's. */
static int verify(struct store *s, const struct store_step *step, const struct digest *before,
                  enum standing *out, struct digest *proof, struct err *e)
{
    struct arena a = {0};
    struct bytes text;
    bool is_there = false;
    struct bytes wanted = content_of(step);
    int rc = read_object(s, &a, argument_of(&a, step), &text, &is_there, e);
    *proof = is_there ? digest_of(text) : (struct digest){{0}};
    if (is_drop(step) ? !is_there : is_there && bytes_eq(text, wanted)) {
        *out = STANDS_THERE;
    } else if (digest_eq(proof, before)) {
        *out = STANDS_ABSENT;
    } else {
        bool is_ours = !is_drop(step) && is_there && text.n < wanted.n &&
                       memcmp(text.p, wanted.p, text.n) == 0;
        *out = is_ours ? STANDS_PARTLY : STANDS_FOREIGN;
    }
    arena_release(&a);
    return rc;
}

/* --- generations: links --- */

static int hidden(struct arena *a, const char *name, int64_t number, const char **out,
                  struct err *e)
{
    *out = arena_printf(a, "%s__g%lld", name, (long long)number);
    return strlen(*out) <= 255 ? 0 : err_set(e, ERR_CONFIG, "the name \"%s\" is too long", name);
}

static int make(struct store_change *c, const char *name, int64_t number, const char **facts,
                struct err *e)
{
    const char *folder = NULL;
    *facts = NULL;
    if (hidden(c->a, name, number, &folder, e) != 0) {
        return -1;
    }
    return mkdirat(dir_of(c->store), folder, 0700) == 0
               ? 0
               : err_errno(e, ERR_PREFLIGHT, "\"%s\" cannot be made", folder);
}

static int publish(struct store_change *c, const char *name, int64_t live_number, int64_t number,
                   const char *facts, const char **live_facts, struct err *e)
{
    const char *folder = NULL;
    const char *next = arena_printf(c->a, ".%s.next", name);
    (void)live_number;
    (void)facts;
    *live_facts = NULL;
    if (hidden(c->a, name, number, &folder, e) != 0) {
        return -1;
    }
    (void)unlinkat(dir_of(c->store), next, 0);
    if (faccessat(dir_of(c->store), folder, F_OK, 0) != 0 ||
        symlinkat(folder, dir_of(c->store), next) != 0 ||
        renameat(dir_of(c->store), next, dir_of(c->store), name) != 0) {
        return err_errno(e, ERR_PREFLIGHT, "\"%s\" cannot be published", folder);
    }
    return 0;
}

static int is_live(const struct store_change *c, const char *name, const char *folder, bool *out)
{
    char target[256] = "";
    ssize_t n = readlinkat(dir_of(c->store), name, target, sizeof target - 1);
    *out = n > 0 && strcmp(target, folder) == 0;
    return 0;
}

static int retire(struct store_change *c, const char *name, int64_t number, struct err *e)
{
    const char *folder = NULL;
    bool live = false;
    struct file_names names = {0};
    if (hidden(c->a, name, number, &folder, e) != 0 || is_live(c, name, folder, &live) != 0) {
        return -1;
    }
    if (live) {
        return err_set(e, ERR_PREFLIGHT, "\"%s\" is live", folder);
    }
    if (file_list(c->a, dir_of(c->store), folder, &names, e) < 0) {
        return -1;
    }
    for (size_t i = 0; i < names.n; i++) {
        (void)unlinkat(dir_of(c->store), arena_printf(c->a, "%s/%s", folder, names.v[i].name), 0);
    }
    return unlinkat(dir_of(c->store), folder, AT_REMOVEDIR) == 0
               ? 0
               : err_errno(e, ERR_PREFLIGHT, "\"%s\" cannot be removed", folder);
}

static const struct generation_ops generations = {
    .hidden = hidden, .make = make, .publish = publish, .retire = retire};

const struct store_ops store_toy = {
    .name = "toy",
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
    .generations = &generations,
};
