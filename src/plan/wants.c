/* What the class of a migration asks of its declaration and notes. */
#include "plan/wants.h"

#include <string.h>
#include <strings.h>

#include "model/class.h"
#include "model/segment.h"

static const struct want_row rows[WANT_COUNT] = {
#define WANT(NAME, ...) [WANT_##NAME] = {__VA_ARGS__},
#include "plan/want.def"
#undef WANT
};

const struct want_row *want_row(enum want w)
{
    return &rows[w];
}

/* --- notes ------------------------------------------------------------------------------------------ */

static bool has_word(struct bytes line, const char *word, size_t n)
{
    for (size_t i = 0; i + n <= line.n; i++) {
        if (strncasecmp(line.p + i, word, n) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_any(struct bytes line, const char *words)
{
    while (*words != '\0') {
        size_t n = strcspn(words, " ");
        if (has_word(line, words, n)) {
            return true;
        }
        words += n + (words[n] == ' ');
    }
    return false;
}

/* "## Risk" is a heading, and so is what stands before the colon of "After a rollback: ...". */
static struct bytes heading_of(struct bytes line)
{
    const char *colon = memchr(line.p, ':', line.n);
    bool is_marked = line.n > 0 && line.p[0] == '#';
    return is_marked       ? line
           : colon != NULL ? bytes_of(line.p, (size_t)(colon - line.p))
                           : bytes_of(line.p, 0);
}

static bool notes_speak_of(struct bytes notes, const char *words)
{
    for (size_t at = 0; at < notes.n;) {
        const char *end = memchr(notes.p + at, '\n', notes.n - at);
        size_t n = end != NULL ? (size_t)(end - notes.p) - at : notes.n - at;
        if (has_any(heading_of(bytes_of(notes.p + at, n)), words)) {
            return true;
        }
        at += n + 1;
    }
    return false;
}

/* --- what is lacking -------------------------------------------------------------------------------- */

static bool says(const struct bundle *b, enum want w)
{
    static const char *const words[WANT_COUNT] = {[WANT_ALTERNATIVE] = "alternative instead",
                                                  [WANT_ROLLBACK_CHECK] = "rollback",
                                                  [WANT_APART] = "transaction",
                                                  [WANT_MONITORING] = "monitor watch",
                                                  [WANT_RUNTIME] = "runtime duration",
                                                  [WANT_LOCKS] = "lock risk"};
    return w == WANT_REFERENCE ? decl_has_reference(b->decl)
                               : notes_speak_of(b->decl->notes.bytes, words[w]);
}

static bool is_asked(const struct bundle *b, enum want w, char class)
{
    bool is_open = (b->lacks & 1U << LACK_TICKET) != 0; /* which says it */
    switch (w) {
    case WANT_REFERENCE:
        return class_wants_reference(class) && !is_open;
    case WANT_ALTERNATIVE:
        return b->file == NULL && !b->requires_rollback;
    case WANT_ROLLBACK_CHECK:
        return b->file == NULL && b->requires_rollback && class_wants_reference(class);
    case WANT_APART:
        return b->file == NULL && b->forward != NULL && segments_any(b);
    case WANT_MONITORING:
    case WANT_RUNTIME:
    case WANT_LOCKS:
        return b->file == NULL && (class == 'B' || class_as_strict(class) == 'C');
    case WANT_COUNT:
        break;
    }
    return false;
}

unsigned bundle_wants(const struct bundle *b, char class)
{
    unsigned lacking = 0;
    for (int w = 0; w < WANT_COUNT && b->definition == NULL; w++) {
        if (is_asked(b, (enum want)w, class) && !says(b, (enum want)w)) {
            lacking |= 1U << w;
        }
    }
    return lacking;
}

const char *want_text(struct arena *a, enum want w, char class)
{
    const char *why = w == WANT_ALTERNATIVE      ? "nothing undoes it"
                      : w == WANT_APART          ? "it runs in more than one transaction"
                      : w == WANT_ROLLBACK_CHECK ? "it can be taken back"
                                                 : NULL;
    return why != NULL ? arena_printf(a, "%s, %s", why, rows[w].text)
                       : arena_printf(a, "it is of class %s, %s", class_text(class), rows[w].text);
}
