/* A new flat migration. */
#include "flow/fresh_flat.h"

#include <string.h>

#include "base/clock.h"
#include "script/language.h"

enum { SLUG_MOST = 60 };

/* --- where it goes ----------------------------------------------------------------------------------- */

static const struct bundle *last_of(const struct project *p, enum layout l)
{
    const struct bundle *last = NULL;
    for (size_t i = 0; i < p->n_bundle; i++) {
        const struct bundle *b = &p->bundle[i];
        if (store_can(b->store, STORE_HOLDS_LEDGER) && !bundle_is_repeatable(b) &&
            b->layout != LAYOUT_ALEMBIC && (l == LAYOUT_COUNT || b->layout == l)) {
            last = b;
        }
    }
    return last;
}

struct fresh_place fresh_place(const struct project *p)
{
    const struct bundle *any = last_of(p, LAYOUT_COUNT);
    enum layout l = p->layout != LAYOUT_COUNT ? p->layout
                    : any != NULL             ? any->layout
                                              : LAYOUT_BUNDLE;
    const struct bundle *last = last_of(p, l);
    return (struct fresh_place){l, last != NULL ? last->folder : layout_row(l)->folder};
}

/* --- its id ------------------------------------------------------------------------------------------ */

/* The last number of a folder, and how many digits it was written with. */
struct numbered {
    uint64_t number;
    int width;
    bool any;
};

static void count_name(struct arena *a, const char *name, enum layout l, struct numbered *out)
{
    struct layout_name parsed;
    size_t n_mark = strlen(layout_row(l)->mark);
    if (layout_name_parse(a, name, &parsed) && (!out->any || parsed.number >= out->number)) {
        out->any = true;
        out->number = parsed.number;
        out->width = parsed.layout == l ? (int)strspn(name + n_mark, "0123456789") : out->width;
    }
}

/* What follows n: reference 003 counts in tens. */
static uint64_t next_number(enum layout l, const struct numbered *n)
{
    uint64_t step = l == LAYOUT_NUMBERED ? 10 : 1;
    if (!n->any) {
        return l == LAYOUT_NUMBERED ? 0 : 1;
    }
    return (n->number / step + 1) * step;
}

/* Not before what is there, even if that was stamped by another clock. */
static const char *stamp_behind(struct arena *a, uint64_t last)
{
    static const int64_t minute = 60 * INT64_C(1000000);
    static const int64_t day = INT64_C(1000000) * 24 * 60 * 60;
    static const int64_t century = INT64_C(1000000) * 36525 * 24 * 60 * 60;
    char t[CLOCK_TEXT];
    const int64_t from = clock_unix_us();
    for (int64_t us = from; us < from + century;) {
        (void)clock_text(us, t); /* 2026-02-25T12:00:... */
        const char *stamp =
            arena_printf(a, "%.4s%.2s%.2s_%.2s%.2s", t, t + 5, t + 8, t + 11, t + 14);
        uint64_t now = 0;
        for (const char *p = stamp; *p != '\0'; p++) {
            now = *p == '_' ? now : now * 10 + (uint64_t)(*p - '0');
        }
        if (now > last) {
            return stamp;
        }
        us += now / 10000 < last / 10000 ? day - us % day : minute;
    }
    return arena_printf(a, "%llu_%04llu", (unsigned long long)(last / 10000),
                        (unsigned long long)(last % 10000 + 1)); /* of no day that will come */
}

static void put_slug(struct buf *out, char c)
{
    char lower = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    bool is_kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (is_kept || (out->n > 0 && out->p[out->n - 1] != '_')) {
        buf_putc(out, is_kept ? lower : '_');
    }
}

/* "Add an index: parcels(geom)" -> "add_an_index_parcels_geom", "shop.sql" -> "shop" */
static const char *slug_of(struct arena *a, const char *intent)
{
    struct buf b = {0};
    for (const char *p = intent; *p != '\0' && strcmp(p, ".sql") != 0 && b.n < SLUG_MOST; p++) {
        put_slug(&b, *p);
    }
    while (b.n > 0 && b.p[b.n - 1] == '_') {
        b.n--;
    }
    const char *slug = b.n > 0 ? arena_strndup(a, b.p, b.n) : "migration";
    buf_release(&b);
    return slug;
}

int fresh_flat_id(struct project *p, const struct fresh_place *at, struct fresh *f, struct err *e)
{
    static const int widths[LAYOUT_COUNT] = {
        [LAYOUT_VERSIONED] = 6, [LAYOUT_NUMBERED] = 4, [LAYOUT_PAIRED] = 3};
    const struct layout_row *row = layout_row(at->layout);
    struct file_names names = {0};
    struct numbered last = {.width = widths[at->layout]};
    if (file_list(p->a, p->dirfd, at->folder, &names, e) < 0) {
        return -1;
    }
    for (size_t i = 0; i < names.n; i++) {
        count_name(p->a, names.v[i].name, at->layout, &last);
    }
    const char *number = row->is_stamped
                             ? stamp_behind(p->a, last.number)
                             : arena_printf(p->a, "%0*llu", last.width,
                                            (unsigned long long)next_number(at->layout, &last));
    f->draft.decl.id = arena_printf(p->a, "%s%s%s%s", row->mark, number, row->between,
                                    slug_of(p->a, f->draft.decl.intent));
    return 0;
}

/* --- its files --------------------------------------------------------------------------------------- */

static const char *risk_of(const struct fresh *f)
{
    const char *class = f->draft.decl.change_class;
    return strcmp(class, "schema-only") == 0 ? "low"
           : strcmp(class, "backfill") == 0  ? "medium"
                                             : "high";
}

static void put_yaml(struct buf *out, const char *key, const char *value)
{
    buf_printf(out, "-- %s: \"", key);
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\') {
            buf_putc(out, '\\');
        }
        buf_putc(out, *p == '\n' ? ' ' : *p);
    }
    buf_puts(out, "\"\n");
}

/* The header of its layout: reference 001's, reference 003's, or the one line of reference 004. */
static void put_header(struct buf *out, const struct fresh_place *at, const struct fresh *f)
{
    const struct decl *d = &f->draft.decl;
    if (layout_row(at->layout)->is_stamped) {
        buf_printf(out, "-- [KFM_MIGRATION]\n-- id: %s\n", d->id);
        put_yaml(out, "intent", d->intent);
        put_yaml(out, "owner", d->reviewers.n > 0 ? d->reviewers.v[0] : "TBD");
        buf_printf(out,
                   "-- ticket: TBD\n-- risk: %s\n-- rollout: safe\n-- rollback: down\n-- dialect: "
                   "postgresql\n-- [/KFM_MIGRATION]\n",
                   risk_of(f));
    } else if (layout_row(at->layout)->has_lines) {
        buf_printf(out, "-- %s\n-- Purpose: %s\n-- Risk: %s  Rollback: scripted\n", d->id,
                   d->intent, risk_of(f));
    } else {
        buf_printf(out, "-- %s\n", d->intent);
    }
}

static int count_lines(const struct buf *text)
{
    int n = 0;
    for (size_t i = 0; i < text->n; i++) {
        n += text->p[i] == '\n';
    }
    return n;
}

/* What undoes it names the file and the lines of its SQL as they are there. */
static int undo(struct arena *a, const char *file, const struct buf *up, struct fresh *f,
                struct err *e)
{
    struct script s;
    const char *name = strrchr(file, '/') + 1;
    bool is_empty = f->forward.path == NULL;
    if (!is_empty && language_parse(a, file, buf_bytes(up), &s, e) != 0) {
        return -1;
    }
    fresh_undo(a, is_empty ? NULL : &s, name, f);
    return 0;
}

int fresh_flat_write(struct project *p, const struct fresh_place *at, struct fresh *f,
                     struct err *e)
{
    struct buf up = {0};
    const char *id = f->draft.decl.id;
    const char *file = arena_printf(p->a, "%s/%s", at->folder, layout_up(p->a, at->layout, id));
    const char *down = arena_printf(p->a, "%s/%s", at->folder, layout_down(p->a, at->layout, id));
    put_header(&up, at, f);
    if (f->forward.path != NULL) {
        buf_putc(&up, '\n');
        f->n_before = count_lines(&up);
        buf_add(&up, f->forward.bytes.p, f->forward.bytes.n);
    }
    int rc = undo(p->a, file, &up, f, e);
    rc = rc == 0 ? file_write(p->dirfd, down, buf_bytes(&f->rollback), 0666, e) : rc;
    rc = rc == 0 ? file_write(p->dirfd, file, buf_bytes(&up), 0666, e) : rc;
    buf_release(&up);
    f->file = file;
    f->made = arena_printf(p->a, "%s %s", file, down);
    return rc;
}
