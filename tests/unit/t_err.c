/* layer: base */
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"

static void test_filling(void)
{
    struct err e = {0};
    is_int(err_set(&e, ERR_CONFIG, "bad %s", "thing"), -1, "err_set returns -1");
    is_str(e.msg, "bad thing", "the message is formatted");
    is_int(e.code, ERR_CONFIG, "the code is kept");
    is_int(err_hint(&e, "first"), -1, "err_hint returns -1");
    (void)err_hint(&e, "second");
    is_str(e.hint, "first", "an earlier hint stays");
    (void)err_at(&e, ERR_APPLY, "a/b.yml", 3, 7, "%s again", e.msg);
    is_str(e.msg, "bad thing again", "an error may wrap itself");
    is_str(e.where.path, "a/b.yml", "the path is copied");
    ok(e.where.line == 3 && e.where.col == 7, "the place is kept");
    is_str(e.hint, "", "a new error clears the hint");
    (void)err_set(&e, ERR_APPLY, "x");
    ok(e.where.line == 0 && e.where.path[0] == '\0', "err_set clears the place");
    (void)err_at(&e, ERR_APPLY, NULL, 0, 0, "x");
    is_str(e.where.path, "", "a NULL path is no path");
    errno = ENOSPC;
    is_int(err_errno(&e, ERR_PREFLIGHT, "cannot write \"%s\"", "x"), -1, "err_errno returns -1");
    is_str(e.msg, "cannot write \"x\": No space left on device", "err_errno names the reason");
    is_int(err_set(NULL, ERR_APPLY, "x"), -1, "no error struct is fine for err_set");
    is_int(err_at(NULL, ERR_APPLY, "x", 1, 1, "x"), -1, "for err_at");
    is_int(err_errno(NULL, ERR_APPLY, "x"), -1, "for err_errno");
    is_int(err_hint(NULL, "x"), -1, "and for err_hint");
}

static void test_wrapping(void)
{
    struct err e = {.code = ERR_PREFLIGHT,
                    .where = {"a.sql", 3, 7},
                    .msg = "refused",
                    .hint = "do this",
                    .sqlstate = "23505",
                    .condition = "unique_violation",
                    .object = "table t",
                    .detail = "words"};
    is_int(err_wrap(&e, ERR_APPLY, "m failed: %s (%s)", e.msg, e.sqlstate), -1,
           "err_wrap returns -1");
    is_str(e.msg, "m failed: refused (23505)", "the new message may quote the old one");
    is_int(e.code, ERR_APPLY, "the code is new");
    is_str(e.hint, "do this", "the hint stays");
    is_str(e.sqlstate, "23505", "and the SQLSTATE");
    is_str(e.condition, "unique_violation", "its name");
    is_str(e.object, "table t", "the object");
    is_str(e.detail, "words", "the detail");
    ok(strcmp(e.where.path, "a.sql") == 0 && e.where.line == 3 && e.where.col == 7,
       "and the place");
    is_int(err_place(&e, "b.sql", 5, 1), -1, "err_place returns -1");
    ok(strcmp(e.where.path, "b.sql") == 0 && e.where.line == 5 && e.where.col == 1,
       "which gives another place");
    is_str(e.msg, "m failed: refused (23505)", "and leaves the message");
    (void)err_place(&e, e.where.path, 6, 1);
    is_str(e.where.path, "b.sql", "also where the path is its own");
    is_int(err_wrap(NULL, ERR_APPLY, "x"), -1, "no error struct is fine for err_wrap");
    is_int(err_place(NULL, "x", 1, 1), -1, "and for err_place");
}

/* A message of n bytes and then a character of several: what is left after the cut? */
static void test_cutting(void)
{
    static const struct {
        size_t before;
        size_t left;
        const char *tail;
        const char *name;
    } rows[] = {
        {511, 511, "", "a message that just fits stays"},
        {600, 511, "", "a long message is cut"},
        {510, 510, "é", "a cut drops half a character of two bytes"},
        {509, 511, "é", "a character that just fits stays"},
        {509, 509, "€", "a cut drops two thirds of a character"},
        {510, 510, "€", "a cut drops one third of a character"},
        {508, 508, "😀", "a cut drops three quarters of a character"},
        {507, 511, "😀", "a character of four bytes that just fits stays"},
    };
    char text[700];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e;
        memset(text, 'x', rows[i].before);
        memcpy(text + rows[i].before, rows[i].tail, strlen(rows[i].tail) + 1);
        (void)err_set(&e, ERR_CONFIG, "%s", text);
        is_int(strlen(e.msg), rows[i].left, rows[i].name);
    }
}

static void test_codes(void)
{
    static const struct {
        enum err_code code;
        const char *name;
        int status;
    } rows[] = {
        {ERR_NONE, "none", 0},
        {ERR_PREFLIGHT, "preflight", 1},
        {ERR_APPLY, "apply", 2},
        {ERR_VALIDATE, "validate", 3},
        {ERR_CONFIG, "config", 5},
        {ERR_DOUBT, "in-doubt", 6},
        {ERR_LOCKED, "locked", 7},
        {ERR_INTEGRITY, "integrity", 8},
        {ERR_LEAK, "leak", 9},
        {ERR_DIFFERENT, "different", 10},
        {ERR_INTERNAL, "internal", 70},
        {ERR_INTERRUPTED, "interrupted", 130},
        {ERR_TERMINATED, "terminated", 143},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        is_str(err_name(rows[i].code), rows[i].name, rows[i].name);
        is_int(err_status(rows[i].code), rows[i].status, "its status");
    }
    is_int(err_worse(ERR_NONE, ERR_DIFFERENT), ERR_DIFFERENT, "anything is worse than nothing");
    is_int(err_worse(ERR_APPLY, ERR_CONFIG), ERR_APPLY, "the worse one may come first");
    is_int(err_worse(ERR_CONFIG, ERR_INTEGRITY), ERR_INTEGRITY, "or second");
}

static void test_lists(void)
{
    static const struct place order[] = {
        {"a.yml", 2, 9}, {"a.yml", 10, 1}, {"a.yml", 10, 2}, {"b.yml", 1, 1}};
    struct err_list l = {0};
    err_list_addf(&l, ERR_CONFIG, "b.yml", 1, 1, "do this", "b%d", 1);
    err_list_addf(&l, ERR_CONFIG, "a.yml", 10, 2, NULL, "first");
    err_list_addf(&l, ERR_CONFIG, "a.yml", 10, 1, NULL, "x");
    err_list_addf(&l, ERR_CONFIG, "a.yml", 2, 9, NULL, "x");
    err_list_addf(&l, ERR_CONFIG, "a.yml", 10, 2, NULL, "second");
    is_str(l.v[0].hint, "do this", "a fault keeps its hint");
    is_str(l.v[0].msg, "b1", "a fault keeps its message");
    err_list_sort(&l);
    is_int(l.n, 5, "sorting loses nothing");
    ok(l.v[0].where.line == order[0].line && l.v[1].where.col == order[1].col &&
           l.v[2].where.col == order[2].col,
       "sorted by line and column");
    is_str(l.v[4].where.path, order[3].path, "sorted by path first");
    ok(strcmp(l.v[2].msg, "first") == 0 && strcmp(l.v[3].msg, "second") == 0,
       "equal places keep their order");
    for (int i = 0; i < 2000; i++) {
        struct err e = l.v[0];
        err_list_add(&l, &e);
    }
    is_int(l.n, 1000, "a list stops growing at 1,000");
    err_list_release(&l);
    ok(l.v == NULL && l.n == 0, "a released list is empty");
    err_list_sort(&l);
    is_int(l.n, 0, "an empty list can be sorted");
}

int main(void)
{
    tap_plan(17 + 15 + 8 + 26 + 3 + 9);
    test_filling();
    test_wrapping();
    test_cutting();
    test_codes();
    test_lists();
    return tap_done();
}
