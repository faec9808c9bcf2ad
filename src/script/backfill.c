/* Backfills as a mark declares them. */
#include "script/backfill.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "doc/canon.h"
#include "doc/yaml.h"

typedef int parse_fn(struct arena *a, const char *path, struct bytes text, struct script *out,
                     struct err *e);

/* One being read. why: the first thing wrong with it; NULL: nothing. */
struct declaring {
    struct arena *a;
    parse_fn *parse;
    const struct doc *d;
    struct backfill *out;
    const char *why, *hint;
};

static void refuse(struct declaring *x, const char *why, const char *hint)
{
    if (x->why == NULL) {
        x->why = why;
        x->hint = hint;
    }
}

static const struct doc *value_of(const struct doc *map, const char *key)
{
    const struct doc *d = doc_get(map, key);
    return d != NULL && d->type == DOC_NULL ? NULL : d;
}

static const char *text_of(struct declaring *x, const char *key)
{
    const struct doc *d = value_of(x->d, key);
    if (d == NULL || d->type == DOC_TEXT) {
        return d != NULL ? d->text.p : "";
    }
    refuse(x, arena_printf(x->a, "\"%s\" of the backfill is no text", key), "");
    return "";
}

/* A text, or a list of them. */
static struct names list_of(struct declaring *x, const char *key, const struct doc *d)
{
    struct names out = {0};
    size_t n = d == NULL ? 0 : d->type == DOC_LIST ? d->n : 1;
    for (size_t i = 0; i < n; i++) {
        const struct doc *item = d->type == DOC_LIST ? d->item[i] : d;
        if (item->type != DOC_TEXT) {
            refuse(x, arena_printf(x->a, "\"%s\" of the backfill is no list of texts", key), "");
            return (struct names){0};
        }
        ARENA_GROW(x->a, out.v, out.n, out.cap);
        out.v[out.n++] = item->text.p;
    }
    return out;
}

static int64_t number_of(struct declaring *x, const struct doc *map, const char *key, int64_t least,
                         int64_t most, int64_t otherwise)
{
    const struct doc *d = value_of(map, key);
    int64_t n = otherwise;
    if (d != NULL) {
        const char *text = d->type == DOC_TEXT ? d->text.p : "";
        size_t n_digits = strspn(text, "0123456789");
        bool is_number = n_digits > 0 && n_digits < 16 && text[n_digits] == '\0';
        n = is_number ? strtoll(text, NULL, 10) : -1;
        if (n < least || n > most) {
            refuse(x,
                   arena_printf(x->a, "\"%s\" of the backfill is no number from %lld to %lld", key,
                                (long long)least, (long long)most),
                   "");
        }
    }
    return n;
}

static int64_t span_of(struct declaring *x, const struct doc *map, const char *key,
                       int64_t otherwise)
{
    enum { LONGEST_MS = 24 * 60 * 60 * 1000 };
    const struct doc *d = value_of(map, key);
    int64_t ms = otherwise;
    if (d != NULL) {
        ms = d->type == DOC_TEXT ? clock_span_ms(d->text.p) : -1;
        if (ms < 0 || ms > LONGEST_MS) {
            refuse(x, arena_printf(x->a, "\"%s\" of the backfill is no time up to 24h", key),
                   "write 100ms, 2s or 1min");
        }
    }
    return ms;
}

static void check_keys(struct declaring *x, const struct doc *map, const char *const *known,
                       size_t n)
{
    for (size_t i = 0; map != NULL && i < doc_len(map); i++) {
        bool is_known = false;
        for (size_t k = 0; k < n; k++) {
            is_known |= strcmp(map->key[i]->text.p, known[k]) == 0;
        }
        if (!is_known) {
            refuse(x, arena_printf(x->a, "a backfill has no \"%s\"", map->key[i]->text.p),
                   "it has table, key, rows, pause, bound, verify and thresholds");
        }
    }
}

static void read_table(struct declaring *x)
{
    const char *name = text_of(x, "table");
    const char *dot = strchr(name, '.');
    if (name[0] == '\0' || (dot != NULL && (strchr(dot + 1, '.') != NULL || dot[1] == '\0'))) {
        refuse(x, "the backfill does not name its table", "write table: schema.name");
    }
    x->out->schema = dot != NULL ? arena_strndup(x->a, name, (size_t)(dot - name)) : "";
    x->out->table = dot != NULL ? dot + 1 : name;
}

static void read_bound(struct declaring *x)
{
    const struct doc *d = value_of(x->d, "bound");
    const char *word = d != NULL && d->type == DOC_TEXT ? d->text.p : "";
    if (d == NULL || strcmp(word, "start") == 0) {
        x->out->bound = BACKFILL_START;
    } else if (strcmp(word, "end") == 0) {
        x->out->bound = BACKFILL_END;
    } else if (d->type == DOC_LIST) {
        x->out->bound = BACKFILL_GIVEN;
        x->out->to = list_of(x, "bound", d);
        if (x->out->to.n != x->out->key.n) {
            refuse(x, "the backfill's bound has not as many values as its key has columns", "");
        }
    } else {
        refuse(x, "the backfill's bound is neither start nor end nor a list of values",
               "write bound: start, bound: end, or bound: [VALUE, ...] with a value for each "
               "column of the key");
    }
}

static size_t count_plain(const struct script *s)
{
    struct statement_room room;
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        n += script_at(s, i, &room)->kind == STATEMENT_PLAIN ? 1 : 0;
    }
    return n;
}

static void read_verify(struct declaring *x, const char *path)
{
    struct err e = {0};
    const char *text = text_of(x, "verify");
    struct script *s = ARENA_NEW(x->a, struct script);
    if (text[0] == '\0') {
        return;
    }
    if (x->parse(x->a, path, bytes_str(text), s, &e) != 0 || s->n != 1 || count_plain(s) != 1 ||
        !s->forms[0].analysed) {
        refuse(x, "the backfill's verify is not one query", "it returns the rows that are wrong");
    }
    x->out->verify = s;
}

static void read_thresholds(struct declaring *x)
{
    static const char *const known[] = {"replication_lag", "lock_waits"};
    const struct doc *d = value_of(x->d, "thresholds");
    if (d != NULL && d->type != DOC_MAP) {
        refuse(x, "the backfill's thresholds are no map",
               "write thresholds: {replication_lag: 10s, lock_waits: 0}");
        d = NULL;
    }
    check_keys(x, d, known, sizeof known / sizeof *known);
    x->out->lag_ms = span_of(x, d, "replication_lag", BACKFILL_LAG_MS);
    x->out->waits = number_of(x, d, "lock_waits", 0, 1000000, 0);
}

static void add_field(struct buf *out, const char *key, struct bytes value)
{
    buf_printf(out, "%s %zu ", key, value.n);
    buf_add(out, value.p, value.n);
    buf_putc(out, '\n');
}

/* What makes it another backfill: each member with its length, so that no two are alike. */
static struct bytes identity_of(struct arena *a, const struct backfill *b, struct bytes statement)
{
    struct buf out = {0};
    buf_puts(&out, "kfmig.backfill.v1\n");
    add_field(&out, "schema", bytes_str(b->schema));
    add_field(&out, "table", bytes_str(b->table));
    for (size_t i = 0; i < b->key.n; i++) {
        add_field(&out, "key", bytes_str(b->key.v[i]));
    }
    add_field(&out, "bound", bytes_str(backfill_bound_text(b->bound)));
    for (size_t i = 0; i < b->to.n; i++) {
        add_field(&out, "to", bytes_str(b->to.v[i]));
    }
    if (b->verify != NULL) {
        add_field(&out, "verify", b->verify->bytes);
    }
    add_field(&out, "statement", statement);
    struct bytes text = bytes_of(arena_dup(a, buf_str(&out), out.n), out.n);
    buf_release(&out);
    return text;
}

static void read_all(struct declaring *x, const char *path)
{
    static const char *const known[] = {"table", "key",    "rows",      "pause",
                                        "bound", "verify", "thresholds"};
    struct backfill *b = x->out;
    if (x->d->type != DOC_MAP) {
        refuse(x, "the mark of a backfill is followed by no map", "");
        return;
    }
    check_keys(x, x->d, known, sizeof known / sizeof *known);
    read_table(x);
    b->key = list_of(x, "key", value_of(x->d, "key"));
    if (b->key.n == 0 || b->key.n > BACKFILL_KEYS_MOST) {
        refuse(x, "the backfill does not name the columns of its key",
               "write key: [id]: the columns of a unique index, in its order");
    }
    b->rows = number_of(x, x->d, "rows", 1, BACKFILL_ROWS_MOST, BACKFILL_ROWS);
    b->pause_ms = span_of(x, x->d, "pause", 0);
    read_bound(x);
    read_verify(x, path);
    read_thresholds(x);
}

/* Does the statement go by the key that is declared? */
static void check_range(struct declaring *x, const struct backfill_range *r)
{
    if (r->why != NULL) {
        refuse(x, r->why, r->hint);
    } else if (!names_same(&r->columns, &x->out->key)) {
        refuse(x, "its statement compares :from and :to with other columns than those of its key",
               "name in key what stands in the statement, in the same order");
    } else if (r->changes_key && strcmp(r->target, x->out->table) == 0) {
        refuse(x, "its statement changes the key that it goes by",
               "go by a key that stays as it is");
    }
}

static void declare(struct arena *a, struct script *s, struct statement *st, parse_fn *parse)
{
    struct err e = {0};
    struct declaring x = {.a = a, .parse = parse, .out = ARENA_NEW(a, struct backfill)};
    x.out->schema = x.out->table = "";
    x.d = yaml_read(a, st->mark, s->path, &e);
    if (x.d == NULL) {
        refuse(&x, arena_printf(a, "the mark of a backfill cannot be read: %s", e.msg),
               "write -- " BACKFILL_MARK " {table: schema.name, key: [id]}");
    } else {
        read_all(&x, s->path);
        check_range(&x, st->range);
    }
    if (x.why != NULL) {
        st->kind = STATEMENT_REFUSED;
        st->why = x.why;
        st->hint = x.hint;
        return;
    }
    x.out->identity = identity_of(a, x.out, st->text);
    st->backfill = x.out;
}

void backfill_declare(struct arena *a, struct script *s, parse_fn *parse)
{
    for (size_t i = 0; i < s->n; i++) {
        struct statement_room room;
        if (script_at(s, i, &room)->mark.p != NULL) {
            declare(a, s, script_own(s, i), parse);
        }
    }
}
