/* layer: doc */
#include "tap.h"

#include "doc/doc.h"

static void test_building(void)
{
    struct arena a = {0};
    struct doc *map = doc_new(&a, DOC_MAP);
    char key[] = "kind";
    struct doc *text = doc_put(&a, map, key, doc_text(&a, "forward"));
    key[0] = 'x';
    is_str(doc_str(map, "kind", NULL), "forward", "a key is copied");
    (void)doc_put(&a, map, "rows", doc_int(&a, -7));
    (void)doc_put(&a, map, "force", doc_bool(&a, true));
    struct doc *list = doc_put(&a, map, "list", doc_new(&a, DOC_LIST));
    for (int i = 0; i < 100; i++) {
        (void)doc_push(&a, list, doc_int(&a, i));
    }
    is_int(doc_len(list), 100, "a list grows");
    is_int(list->item[99]->number, 99, "in order");
    is_int(doc_len(map), 4, "a map counts its keys");
    ok(doc_get(map, "kind") == text, "doc_put returns the value");
    (void)doc_put(&a, map, "kind", doc_text(&a, "rollback"));
    is_int(doc_len(map), 4, "an equal key is replaced");
    is_str(doc_str(map, "kind", NULL), "rollback", "by the new value");
    is_str(map->key[0]->text.p, "kind", "in its old place");
    struct doc *cut = doc_textn(&a, bytes_of("abcdef", 3));
    ok(cut->text.n == 3 && cut->text.p[3] == '\0', "text of a view is NUL-terminated");
    ok(doc_new(&a, DOC_TEXT)->text.p != NULL, "a new text is the empty text");
    arena_release(&a);
}

static void test_getting(void)
{
    struct arena a = {0};
    struct doc *map = doc_new(&a, DOC_MAP);
    struct doc *inner = doc_put(&a, map, "scope", doc_new(&a, DOC_MAP));
    (void)doc_put(&a, inner, "name", doc_text(&a, "x"));
    (void)doc_put(&a, inner, "count", doc_int(&a, 3));
    (void)doc_put(&a, inner, "on", doc_bool(&a, true));
    is_str(doc_str(inner, "name", "d"), "x", "doc_str");
    is_int(doc_num(inner, "count", 9), 3, "doc_num");
    ok(doc_yes(inner, "on", false), "doc_yes");
    is_str(doc_str(inner, "absent", "d"), "d", "the default of an absent text");
    is_str(doc_str(inner, "count", "d"), "d", "the default where the type is another");
    is_int(doc_num(inner, "name", 9), 9, "of a number");
    ok(doc_yes(inner, "name", true), "of a boolean");
    is_str(doc_str(NULL, "x", "d"), "d", "the default of no map");
    ok(doc_get(doc_get(inner, "name"), "x") == NULL, "a text has no keys");
    ok(doc_get(NULL, "x") == NULL, "nothing has no keys");
    ok(doc_find(map, "scope.name") == doc_get(inner, "name"), "doc_find goes down");
    ok(doc_find(map, "scope") == inner, "doc_find with one name");
    ok(doc_find(map, "scope.absent") == NULL, "doc_find of an absent key");
    ok(doc_find(map, "scope.name.more") == NULL, "doc_find below a text");
    ok(doc_find(map, "absent.name") == NULL, "doc_find below nothing");
    ok(doc_find(map, "") == NULL, "doc_find of nothing");
    is_int(doc_len(NULL), 0, "nothing has no length");
    is_int(doc_len(doc_get(inner, "name")), 0, "nor has a text");
    arena_release(&a);
}

/* The i-th of a few different values. */
static struct doc *sample(struct arena *a, int i)
{
    struct doc *d = doc_new(a, i >= 10 ? DOC_MAP : DOC_LIST);
    switch (i) {
    case 0:
        return doc_new(a, DOC_NULL);
    case 1:
    case 2:
        return doc_bool(a, i == 1);
    case 3:
    case 4:
        return doc_int(a, i);
    case 5:
    case 6:
        return doc_text(a, i == 5 ? "3" : "");
    case 7:
        return d;
    case 8:
    case 9:
        (void)doc_push(a, d, doc_int(a, 1));
        (void)doc_push(a, d, doc_int(a, i));
        return d;
    case 10:
        return d;
    default:
        (void)doc_put(a, d, i == 11 ? "a" : "b", doc_int(a, 1));
        return d;
    }
}

static void test_equality(void)
{
    struct arena a = {0};
    for (int i = 0; i < 13; i++) {
        bool good = true;
        for (int k = 0; k < 13; k++) {
            good = good && doc_eq(sample(&a, i), sample(&a, k)) == (i == k);
        }
        ok(good, "a value is equal to itself and to no other");
    }
    struct doc *plain = doc_text(&a, "x");
    plain->plain = true;
    plain->line = 7;
    ok(doc_eq(plain, doc_text(&a, "x")), "places and quotes do not count");
    arena_release(&a);
}

static void test_order(void)
{
    static const int sizes[] = {3, 2000};
    struct arena a = {0};
    for (size_t s = 0; s < 2; s++) {
        struct doc *up = doc_new(&a, DOC_MAP);
        struct doc *down = doc_new(&a, DOC_MAP);
        for (int i = 0; i < sizes[s]; i++) {
            (void)doc_put(&a, up, arena_printf(&a, "%d", i), doc_int(&a, i));
            int k = sizes[s] - 1 - i;
            (void)doc_put(&a, down, arena_printf(&a, "%d", k), doc_int(&a, k));
        }
        ok(doc_eq(up, down), "the order of keys does not count");
        down->item[0] = doc_int(&a, -1);
        ok(!doc_eq(up, down), "their values do");
    }
    arena_release(&a);
}

int main(void)
{
    tap_plan(10 + 18 + 14 + 4);
    test_building();
    test_getting();
    test_equality();
    test_order();
    return tap_done();
}
