/* Checking a document against a compiled schema.
 * Owns: which faults are reported, and the journal by which a form that was tried in vain leaves
 * the document as it was. */
#include "doc/schema_node.h"

enum { TRIAL_LIMIT = 20000000, VALUE_WEIGHT = 8, PATTERN_TEXT_LIMIT = 4096 };

static const int64_t LARGEST = 9007199254740991; /* 2^53 - 1 */

/* One scalar that got a type. */
struct retyped {
    struct doc *d;
    enum doc_type type;
    int64_t number;
    bool flag;
};

struct checker {
    struct arena *a;
    struct err_list *faults;
    bool quiet; /* a trial: faults are weighed, not reported */
    size_t n;   /* faults, or their weight in a trial */
    struct retyped *journal;
    size_t n_journal, cap_journal;
    size_t n_tried; /* values looked at in trials */
};

static void check(struct checker *c, const struct schema *s, struct doc *d, const struct spot *at);

static void PRINTF_LIKE(4, 5)
    fault(struct checker *c, const struct doc *d, const char *hint, const char *fmt, ...)
{
    c->n++;
    if (c->quiet) {
        return;
    }
    struct buf msg = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&msg, fmt, ap);
    va_end(ap);
    err_list_addf(c->faults, ERR_CONFIG, d->path, d->line, d->col, hint, "%s", buf_str(&msg));
    buf_release(&msg);
}

static const char *subject(struct checker *c, const struct schema *s, const struct spot *at)
{
    return c->quiet ? "" : schema_subject(c->a, s, at);
}

static void apply(struct retyped *r)
{
    r->d->type = r->type;
    r->d->number = r->number;
    r->d->flag = r->flag;
}

static void roll_back(struct checker *c, size_t mark)
{
    while (c->n_journal > mark) {
        c->journal[--c->n_journal].d->type = DOC_TEXT;
    }
}

static bool read_number(struct bytes s, int64_t *out)
{
    size_t i = s.n > 0 && s.p[0] == '-';
    bool good = s.n > i;
    int64_t v = 0;
    for (; i < s.n && good; i++) {
        good = s.p[i] >= '0' && s.p[i] <= '9';
        v = v * 10 + (s.p[i] - '0');
        good = good && v <= LARGEST;
    }
    *out = s.n > 0 && s.p[0] == '-' ? -v : v;
    return good;
}

/* Gives a plain scalar the first of the types asked for that its text can be. */
static void retype(struct checker *c, struct doc *d, unsigned types)
{
    if (d->type != DOC_TEXT || !d->plain || types == TYPES_ANY) {
        return;
    }
    struct retyped r = {.d = d, .type = DOC_TEXT};
    bool is_true = bytes_eq(d->text, bytes_str("true"));
    bool is_null =
        d->text.n == 0 || bytes_eq(d->text, bytes_str("~")) || bytes_eq(d->text, bytes_str("null"));
    if ((types & TYPES_NULL) != 0 && is_null) {
        r.type = DOC_NULL;
    } else if ((types & TYPES_BOOL) != 0 && (is_true || bytes_eq(d->text, bytes_str("false")))) {
        r.type = DOC_BOOL;
        r.flag = is_true;
    } else if ((types & TYPES_INT) != 0 && read_number(d->text, &r.number)) {
        r.type = DOC_INT;
    }
    if (r.type != DOC_TEXT) {
        apply(&r);
        ARENA_GROW(c->a, c->journal, c->n_journal, c->cap_journal);
        c->journal[c->n_journal++] = r;
    }
}

/* A key without a value is no text. */
static unsigned type_of(const struct doc *d)
{
    bool is_missing = d->type == DOC_TEXT && d->plain && d->text.n == 0;
    return is_missing ? TYPES_NULL : 1U << d->type;
}

/* Is d the value v? Scalars inside d get the types they have in v. */
static bool is_value(struct checker *c, struct doc *d, const struct doc *v)
{
    retype(c, d, 1U << v->type);
    if (d->type != v->type || (d->type != DOC_LIST && d->type != DOC_MAP)) {
        return d->type == v->type && doc_eq(d, v);
    }
    bool same = d->n == v->n;
    for (size_t i = 0; i < d->n && same; i++) {
        const struct doc *other = d->type == DOC_LIST ? v->item[i] : doc_get(v, d->key[i]->text.p);
        same = other != NULL && is_value(c, d->item[i], other);
    }
    return same;
}

static bool is_listed(struct checker *c, struct doc *d, const struct doc *values)
{
    for (size_t i = 0; i < values->n; i++) {
        size_t mark = c->n_journal;
        if (is_value(c, d, values->item[i])) {
            return true;
        }
        roll_back(c, mark);
    }
    return false;
}

static void check_values(struct checker *c, const struct schema *s, struct doc *d,
                         const struct spot *at)
{
    if (s->enums != NULL && !is_listed(c, d, s->enums)) {
        c->n += c->quiet ? VALUE_WEIGHT : 0;
        fault(c, d, c->quiet ? NULL : schema_enum_hint(c->a, s->enums, d), "%s: %s is not allowed",
              subject(c, s, at), c->quiet ? "" : schema_found(c->a, d));
    }
    if (s->constant != NULL && !is_value(c, d, s->constant)) {
        c->n += c->quiet ? VALUE_WEIGHT : 0;
        fault(c, d, schema_description(s), "%s: expected %s, found %s", subject(c, s, at),
              c->quiet ? "" : schema_found(c->a, s->constant),
              c->quiet ? "" : schema_found(c->a, d));
    }
}

static void check_range(struct checker *c, const struct schema *s, const struct doc *d,
                        const struct spot *at)
{
    if (d->number < s->minimum) {
        fault(c, d, schema_description(s), "%s: %lld is less than the minimum of %lld",
              subject(c, s, at), (long long)d->number, (long long)s->minimum);
    }
    if (d->number > s->maximum) {
        fault(c, d, schema_description(s), "%s: %lld is more than the maximum of %lld",
              subject(c, s, at), (long long)d->number, (long long)s->maximum);
    }
}

/* Too few or too many of something. */
static void check_count(struct checker *c, const struct schema *s, const struct doc *d,
                        const struct spot *at, size_t n, int64_t least, int64_t most,
                        const char *one)
{
    int64_t count = (int64_t)n;
    if (count >= least && count <= most) {
        return;
    }
    int64_t bound = count < least ? least : most;
    fault(c, d, schema_description(s), "%s: has %zu %s%s, but must have at %s %lld",
          subject(c, s, at), n, one, n == 1 ? "" : "s", count < least ? "least" : "most",
          (long long)bound);
}

static size_t count_characters(struct bytes s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    }
    return n;
}

static void check_text(struct checker *c, const struct schema *s, const struct doc *d,
                       const struct spot *at)
{
    check_count(c, s, d, at, count_characters(d->text), s->min_length, s->max_length, "character");
    if (s->regex == NULL) {
        return;
    }
    if (d->text.n > PATTERN_TEXT_LIMIT) {
        fault(c, d, "shorten it", "%s: is too long to be checked against a pattern",
              subject(c, s, at));
    } else if (regexec(s->regex, d->text.p, 0, NULL, 0) != 0) {
        fault(c, d, schema_description(s), "%s: does not match the pattern %s", subject(c, s, at),
              s->pattern);
    }
}

static void check_unique(struct checker *c, const struct schema *s, const struct doc *d,
                         const struct spot *at)
{
    size_t first;
    size_t second;
    if (schema_twins(d, &first, &second)) {
        fault(c, d->item[second], "keep one of the two", "%s: the values %zu and %zu are the same",
              subject(c, s, at), first + 1, second + 1);
    }
}

static void check_list(struct checker *c, const struct schema *s, struct doc *d,
                       const struct spot *at)
{
    check_count(c, s, d, at, d->n, s->min_items, s->max_items, "value");
    for (size_t i = 0; i < d->n && s->items != NULL; i++) {
        struct spot item = {.up = at, .index = i, .allowed = TYPES_ANY};
        check(c, s->items, d->item[i], &item);
    }
    if (s->unique) {
        check_unique(c, s, d, at);
    }
}

static void check_member(struct checker *c, const struct schema *s, struct doc *d, size_t i,
                         const struct spot *at)
{
    struct bytes key = d->key[i]->text;
    struct spot inner = {.up = at, .key = key, .allowed = TYPES_ANY};
    if (s->names != NULL) {
        struct doc name = *d->key[i];
        name.plain = false; /* a key is text, whatever it looks like */
        check(c, s->names, &name, &inner);
    }
    const struct schema *known = table_get(&s->props, key);
    if (known == NULL && s->additional != NULL && s->additional->never) {
        fault(c, d->key[i], c->quiet ? NULL : schema_key_hint(c->a, s, d, key),
              "unknown key \"%.*s\" in %s", (int)text_cut(key, 60), key.p,
              c->quiet ? "" : schema_container(c->a, s, at));
        return;
    }
    known = known == NULL ? s->additional : known;
    if (known != NULL) {
        check(c, known, d->item[i], &inner);
    }
}

/* because: the key that asks for the others, or NULL. */
static void check_required(struct checker *c, const struct schema *s, const struct doc *d,
                           const struct spot *at, const struct doc *keys, const char *because)
{
    for (size_t i = 0; i < doc_len(keys); i++) {
        const char *key = keys->item[i]->text.p;
        if (doc_get(d, key) != NULL) {
            continue;
        }
        const struct schema *known = table_gets(&s->props, key);
        const char *hint = known == NULL ? NULL : schema_description(known);
        const char *container = c->quiet ? "" : schema_container(c->a, s, at);
        if (because == NULL) {
            fault(c, d, hint, "missing key \"%s\" in %s", key, container);
        } else {
            fault(c, d, hint, "missing key \"%s\" in %s, which has \"%s\"", key, container,
                  because);
        }
    }
}

static void check_map(struct checker *c, const struct schema *s, struct doc *d,
                      const struct spot *at)
{
    check_count(c, s, d, at, d->n, s->min_props, s->max_props, "key");
    check_required(c, s, d, at, s->required, NULL);
    for (size_t i = 0; i < doc_len(s->dependent); i++) {
        const char *because = s->dependent->key[i]->text.p;
        if (doc_get(d, because) != NULL) {
            check_required(c, s, d, at, s->dependent->item[i], because);
        }
    }
    for (size_t i = 0; i < d->n; i++) {
        check_member(c, s, d, i, at);
    }
}

/* Checks in silence. Returns the weight of the faults: 0 if d fits. The types it gave are the
 * caller's to take back. */
static size_t try_one(struct checker *c, const struct schema *s, struct doc *d,
                      const struct spot *at)
{
    bool was_quiet = c->quiet;
    size_t before = c->n;
    c->quiet = true;
    c->n = 0;
    check(c, s, d, at);
    size_t weight = c->n;
    c->quiet = was_quiet;
    c->n = before;
    return weight;
}

static bool fits(struct checker *c, const struct schema *s, struct doc *d, const struct spot *at)
{
    size_t mark = c->n_journal;
    bool good = try_one(c, s, d, at) == 0;
    roll_back(c, mark);
    return good;
}

/* d fits none of the forms: says why for the one it was meant to be, if that can be told. */
static void explain(struct checker *c, const struct schema *s, const struct schema_list *forms,
                    struct doc *d, const struct spot *at)
{
    const struct schema *best = NULL;
    size_t least = SIZE_MAX;
    bool is_tie = false;
    unsigned types = TYPES_NONE;
    for (size_t i = 0; i < forms->n; i++) {
        const struct schema *form = forms->v[i];
        types |= form->accepts;
        if ((form->accepts & type_of(d)) == 0) {
            continue;
        }
        size_t mark = c->n_journal;
        size_t weight = try_one(c, form, d, at);
        roll_back(c, mark);
        is_tie = weight == least || (is_tie && weight > least);
        best = weight < least ? form : best;
        least = weight < least ? weight : least;
    }
    if (best == NULL) {
        fault(c, d, schema_type_hint(s, d), "%s: expected %s, found %s", subject(c, s, at),
              schema_types(c->a, types), schema_found(c->a, d));
    } else if (is_tie) {
        fault(c, d, schema_description(s), "%s: fits none of the forms it may have",
              subject(c, s, at));
    } else {
        check(c, best, d, at);
    }
}

static void check_any(struct checker *c, const struct schema *s, struct doc *d,
                      const struct spot *at)
{
    for (size_t i = 0; i < s->any_of.n; i++) {
        size_t mark = c->n_journal;
        if (try_one(c, s->any_of.v[i], d, at) == 0) {
            return;
        }
        roll_back(c, mark);
    }
    if (c->quiet) {
        c->n++;
    } else {
        explain(c, s, &s->any_of, d, at);
    }
}

/* The types the one fitting form gave are taken back while the others are tried, and given again
 * after. */
static void check_one(struct checker *c, const struct schema *s, struct doc *d,
                      const struct spot *at)
{
    struct retyped *kept = NULL;
    size_t n_kept = 0;
    size_t n_fits = 0;
    for (size_t i = 0; i < s->one_of.n; i++) {
        size_t mark = c->n_journal;
        if (try_one(c, s->one_of.v[i], d, at) == 0 && ++n_fits == 1) {
            n_kept = c->n_journal - mark;
            kept = n_kept == 0 ? NULL : arena_dup(c->a, &c->journal[mark], n_kept * sizeof *kept);
        }
        roll_back(c, mark);
    }
    if (n_fits == 1) {
        for (size_t i = 0; i < n_kept; i++) {
            apply(&kept[i]);
            ARENA_GROW(c->a, c->journal, c->n_journal, c->cap_journal);
            c->journal[c->n_journal++] = kept[i];
        }
    } else if (n_fits > 1) {
        fault(c, d, schema_description(s), "%s: fits more than one of the forms it may have",
              subject(c, s, at));
    } else if (c->quiet) {
        c->n++;
    } else {
        explain(c, s, &s->one_of, d, at);
    }
}

static void check_combined(struct checker *c, const struct schema *s, struct doc *d,
                           const struct spot *at)
{
    if (s->ref != NULL) {
        check(c, s->ref, d, at);
    }
    for (size_t i = 0; i < s->all_of.n; i++) {
        check(c, s->all_of.v[i], d, at);
    }
    if (s->any_of.n > 0) {
        check_any(c, s, d, at);
    }
    if (s->one_of.n > 0) {
        check_one(c, s, d, at);
    }
    if (s->refused != NULL && fits(c, s->refused, d, at)) {
        const char *hint = schema_description(s->refused);
        fault(c, d, hint == NULL ? schema_description(s) : hint,
              "%s: has a form that is not allowed", subject(c, s, at));
    }
    const struct schema *branch = NULL;
    if (s->when != NULL) {
        branch = fits(c, s->when, d, at) ? s->then : s->otherwise;
    }
    if (branch != NULL) {
        check(c, branch, d, at);
    }
}

static void check_typed(struct checker *c, const struct schema *s, struct doc *d,
                        const struct spot *at)
{
    switch (d->type) {
    case DOC_INT:
        check_range(c, s, d, at);
        break;
    case DOC_TEXT:
        check_text(c, s, d, at);
        break;
    case DOC_LIST:
        check_list(c, s, d, at);
        break;
    case DOC_MAP:
        check_map(c, s, d, at);
        break;
    case DOC_NULL:
    case DOC_BOOL:
        break;
    }
}

static void check(struct checker *c, const struct schema *s, struct doc *d, const struct spot *at)
{
    if (c->quiet && ++c->n_tried > TRIAL_LIMIT) {
        c->n++;
        return;
    }
    if (s->never) {
        fault(c, d, "remove it", "%s: is not allowed here", subject(c, s, at));
        return;
    }
    /* A schema met later for the same value may not widen what an earlier one has narrowed. */
    struct spot same = *at;
    same.allowed &= s->accepts;
    retype(c, d, same.allowed);
    if (s->types != TYPES_ANY && (s->types & type_of(d)) == 0) {
        fault(c, d, schema_type_hint(s, d), "%s: expected %s, found %s", subject(c, s, at),
              c->quiet ? "" : schema_types(c->a, s->types), c->quiet ? "" : schema_found(c->a, d));
        return;
    }
    check_values(c, s, d, at);
    check_typed(c, s, d, at);
    check_combined(c, s, d, &same);
}

size_t schema_check(struct arena *a, const struct schema *s, struct doc *d, struct err_list *faults)
{
    struct checker c = {.a = a, .faults = faults};
    struct spot root = {.allowed = TYPES_ANY};
    check(&c, s, d, &root);
    if (c.n_tried > TRIAL_LIMIT) {
        fault(&c, d, "simplify the schema", "the schema has too many forms to try them all");
    }
    return c.n;
}
