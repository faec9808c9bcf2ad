/* What is kept back, and where it is put. */
#include "flow/kept_back.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "model/leak.h"

/* JSON and CSV, but for what people write: scripts of search and graph stores, the registry. */
static bool is_record(const char *path)
{
    static const char *const of_people[] = {"migrations/", "registry/"};
    static const char *const of_records[] = {"/receipts/", "/baselines/", "/diffs/"};
    bool is_data = text_ends(path, ".json") || text_ends(path, ".csv") || text_ends(path, ".jsonl");
    for (size_t i = 0; i < sizeof of_records / sizeof of_records[0]; i++) {
        if (strstr(path, of_records[i]) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof of_people / sizeof of_people[0]; i++) {
        is_data = is_data && strncmp(path, of_people[i], strlen(of_people[i])) != 0;
    }
    return is_data;
}

/* The user's own folder for what programs keep (XDG Base Directory Specification); NULL: there is none. */
static const char *state_home(struct arena *a)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (state != NULL && state[0] == '/') {
        return state;
    }
    return home != NULL && home[0] == '/' ? arena_printf(a, "%s/.local/state", home) : NULL;
}

/* A name without folders that says when, why and what. */
static const char *name_of(struct arena *a, const char *path, const struct leak *leak)
{
    char now[CLOCK_TEXT];
    char stamp[CLOCK_TEXT];
    const char *slash = strrchr(path, '/');
    return arena_printf(a, "%s-%s-%s", clock_stamp(clock_text(clock_unix_us(), now), stamp),
                        leak->rule, slash != NULL ? slash + 1 : path);
}

/* The name under which it stands there; NULL: it could not be kept, and is gone. */
static const char *put_aside(struct arena *a, const char *path, struct bytes data,
                             const struct leak *leak)
{
    struct err ignored = {0};
    const char *home = state_home(a);
    const char *name = name_of(a, path, leak);
    if (home == NULL) {
        return NULL;
    }
    const char *folder = arena_printf(a, "%s/kfmig/quarantine", home);
    bool is_kept =
        file_mkdirs(AT_FDCWD, folder, 0700, &ignored) == 0 &&
        file_write(AT_FDCWD, arena_printf(a, "%s/%s", folder, name), data, 0600, &ignored) == 0;
    return is_kept ? name : NULL;
}

static int keep_back(const char *path, struct bytes data, const struct leak *leak, const char *what,
                     struct err *e)
{
    struct arena a = {0};
    const char *name = put_aside(&a, path, data, leak);
    (void)err_set(e, ERR_LEAK, "%s would hold %s (rule %s): it was not %s", path, leak->what,
                  leak->rule, what);
    if (name != NULL) {
        (void)err_hint(
            e,
            "it was put aside, for you alone, as kfmig/quarantine/%s in "
            "~/.local/state (or XDG_STATE_HOME): look where it comes from, and remove it",
            name);
    } else {
        (void)err_hint(e, "it could not be put aside and is gone: look where it comes from");
    }
    arena_release(&a);
    return -1;
}

/* The rules look at what a NUL follows. */
static const struct leak *find(const char *path, struct bytes data)
{
    struct arena a = {0};
    size_t at = 0;
    const char *text = arena_strndup(&a, data.p, data.n);
    const struct leak *found = leak_file(bytes_of(text, data.n), path, &at);
    if (found == NULL && is_record(path)) {
        found = leak_in(LEAK_RECORD, text);
    }
    arena_release(&a);
    return found;
}

int kept_back_judge(const char *path, struct bytes data, struct err *e)
{
    const struct leak *found = data.n > 0 ? find(path, data) : NULL;
    return found != NULL ? keep_back(path, data, found, "written", e) : 0;
}

void kept_back_begin(void)
{
    file_judge_by(kept_back_judge);
}

int kept_back_result(const char *name, struct bytes text, struct err *e)
{
    size_t at = 0;
    const struct leak *found = leak_file(text, "text.sql", &at);
    return found != NULL ? keep_back(name, text, found, "shown", e) : 0;
}
