/* Names of flat migrations, by the rows of model/layout.def. */
#include "model/layout.h"

#include <string.h>

enum { DIGITS_MOST = 18, STAMP_DAY = 8, STAMP_TIME = 4 };
static const char digits[] = "0123456789";

static const struct layout_row rows[LAYOUT_COUNT] = {
#define LAYOUT(NAME, name, mark, undo, stamped, between, up1, up2, down, folder, lines, home,      \
               example)                                                                            \
    {name, mark, undo, between, {up1, up2}, down, folder, home, example, stamped, lines},
#include "model/layout.def"
#undef LAYOUT
};

const struct layout_row *layout_row(enum layout l)
{
    return &rows[l];
}

enum layout layout_parse(const char *name)
{
    int l = 0;
    while (l <= LAYOUT_BUNDLE && strcmp(rows[l].name, name) != 0) {
        l++;
    }
    return l <= LAYOUT_BUNDLE ? (enum layout)l : LAYOUT_COUNT;
}

static uint64_t number_of(const char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v * 10 + (uint64_t)(p[i] - '0');
    }
    return v;
}

/* The digits of a row at p; 0: there are none, or not as it wants them. */
static size_t read_number(const struct layout_row *r, const char *p, uint64_t *out)
{
    size_t n = strspn(p, digits);
    if (!r->is_stamped) {
        *out = n <= DIGITS_MOST ? number_of(p, n) : 0;
        return n <= DIGITS_MOST ? n : 0;
    }
    size_t n_time = n == STAMP_DAY && p[n] == '_' ? strspn(p + n + 1, digits) : 0;
    if (n_time != STAMP_TIME) {
        return 0;
    }
    *out = number_of(p, n) * 10000 + number_of(p + n + 1, n_time);
    return n + 1 + n_time;
}

static bool ends_in(const char *p, size_t n, const char *ending)
{
    size_t n_ending = strlen(ending);
    return n > n_ending && strncmp(p + n - n_ending, ending, n_ending) == 0;
}

/* mark, number, between, slug, ending: *stem receives how long it is without its ending. */
static bool reads(const struct layout_row *r, const char *mark, const char *name,
                  const char *ending, struct layout_name *out, size_t *stem)
{
    size_t n = strlen(name);
    size_t n_mark = strlen(mark);
    size_t n_between = strlen(r->between);
    if (ending == NULL || !ends_in(name, n, ending) || strncmp(name, mark, n_mark) != 0) {
        return false;
    }
    *stem = n - strlen(ending);
    size_t n_number = read_number(r, name + n_mark, &out->number);
    size_t at = n_mark + n_number;
    if (n_number == 0 || strncmp(name + at, r->between, n_between) != 0 ||
        at + n_between >= *stem) {
        return false;
    }
    out->slug = name + at + n_between;
    return !ends_in(name, *stem, ".up") && !ends_in(name, *stem, ".down");
}

/* The id that the first n bytes of name give, with the mark of what is done. */
static void take_id(struct arena *a, const struct layout_row *r, const char *mark, const char *name,
                    size_t n, struct layout_name *out)
{
    size_t n_slug = n - (size_t)(out->slug - name);
    size_t n_own = strlen(r->mark);
    size_t n_rest = n - strlen(mark);
    char *id = arena_alloc(a, n_own + n_rest + 1);
    memcpy(id, r->mark, n_own);
    memcpy(id + n_own, name + n - n_rest, n_rest);
    out->id = id;
    out->slug = id + n_own + n_rest - n_slug;
}

static bool read_as(struct arena *a, const struct layout_row *r, const char *path,
                    struct layout_name *out)
{
    size_t stem = 0;
    size_t n_folder = strlen(r->down_folder);
    bool is_below = n_folder > 0 && strncmp(path, r->down_folder, n_folder) == 0;
    for (int i = 0; i < LAYOUT_UPS && strchr(path, '/') == NULL; i++) {
        if (reads(r, r->mark, path, r->up[i], out, &stem)) {
            take_id(a, r, r->mark, path, stem, out);
            return true;
        }
    }
    if (is_below != (n_folder > 0) || !reads(r, r->undo, path + n_folder, r->down, out, &stem)) {
        return false;
    }
    out->is_down = true;
    take_id(a, r, r->undo, path + n_folder, stem, out);
    return true;
}

bool layout_name_parse(struct arena *a, const char *path, struct layout_name *out)
{
    for (int l = 0; l < LAYOUT_BUNDLE; l++) {
        *out = (struct layout_name){.layout = (enum layout)l};
        if (read_as(a, &rows[l], path, out)) {
            return true;
        }
    }
    return false;
}

const char *layout_definition(struct arena *a, const char *name, bool is_own)
{
    const struct layout_row *r = &rows[LAYOUT_REPEATABLE];
    size_t n = strlen(name);
    size_t n_mark = strlen(r->mark);
    bool is_marked = strncmp(name, r->mark, n_mark) == 0;
    size_t from = is_marked ? n_mark : 0;
    if ((!is_marked && !is_own) || name[0] == '.' || !ends_in(name + from, n - from, r->up[0])) {
        return NULL;
    }
    return arena_strndup(a, name + from, n - from - strlen(r->up[0]));
}

const char *layout_down(struct arena *a, enum layout l, const char *id)
{
    const struct layout_row *r = &rows[l];
    return arena_printf(a, "%s%s%s%s", r->down_folder, r->undo, id + strlen(r->mark), r->down);
}

const char *layout_up(struct arena *a, enum layout l, const char *id)
{
    return arena_printf(a, "%s%s", id, rows[l].up[0]);
}

bool layout_is_near(const char *name)
{
    size_t n = strlen(name);
    const char *at = name + (strchr("VUR", name[0]) != NULL);
    return ends_in(name, n, ".sql") &&
           (strchr(digits, at[0]) != NULL || strncmp(name, "R__", 3) == 0);
}

const char *layout_examples(struct arena *a)
{
    const char *text = "a migration is called like";
    for (int l = 0; l < LAYOUT_BUNDLE; l++) {
        text = arena_printf(a, "%s%s %s", text, l > 0 ? "," : "", rows[l].example);
    }
    return text;
}
