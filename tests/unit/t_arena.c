/* layer: base */
#include "tap.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"

static bool is_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

static void test_alloc(void)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 4095, 4096, 4097, 100000, 3000000};
    struct arena a = {0};
    bool aligned = true;
    bool zeroed = true;
    bool apart = true;
    const void *last = &a;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *p = arena_alloc(&a, sizes[i]);
        aligned = aligned && (uintptr_t)p % alignof(max_align_t) == 0;
        zeroed = zeroed && is_zero(p, sizes[i]);
        apart = apart && p != last;
        memset(p, 0xAB, sizes[i]);
        last = p;
    }
    ok(aligned, "every allocation is aligned");
    ok(zeroed, "every allocation is zeroed");
    ok(apart, "an empty allocation has an address of its own");
    ok(a.used >= 3104000, "used counts the bytes");
    arena_release(&a);
    ok(a.head == NULL && a.used == 0, "a released arena is empty");
    ok(arena_alloc(&a, 8) != NULL, "and can be used again");
    arena_release(&a);
    arena_release(&a);
    is_int(a.used, 0, "releasing twice is harmless");
}

static void test_marks(void)
{
    struct arena a = {0};
    char *kept = arena_strdup(&a, "kept");
    struct arena_mark m = arena_mark(&a);
    unsigned char *first = arena_alloc(&a, 64);
    memset(first, 0xFF, 64);
    (void)arena_alloc(&a, 1 << 20);
    arena_reset(&a, m);
    is_str(kept, "kept", "what came before the mark stays");
    is_int(a.used, m.used, "used goes back to the mark");
    unsigned char *again = arena_alloc(&a, 64);
    ok(again == first, "the memory is used again");
    ok(is_zero(again, 64), "and is zeroed again");
    arena_reset(&a, (struct arena_mark){0});
    ok(a.head == NULL, "a mark of an empty arena empties it");
}

static char log_text[8];
static void note(void *p)
{
    strncat(log_text, p, 1);
}

static void test_ends(void)
{
    static char one[] = "1";
    static char two[] = "2";
    static char three[] = "3";
    struct arena a = {0};
    arena_at_end(&a, note, one);
    struct arena_mark m = arena_mark(&a);
    arena_at_end(&a, note, two);
    arena_at_end(&a, note, three);
    is_str(log_text, "", "nothing is called early");
    arena_reset(&a, m);
    is_str(log_text, "32", "a reset calls what came after the mark, newest first");
    arena_release(&a);
    is_str(log_text, "321", "a release calls the rest, once");
    struct arena *within = arena_within(&a);
    arena_at_end(within, note, one);
    arena_at_end(&a, note, two);
    arena_release(&a);
    is_str(log_text, "32121", "and what goes with an arena within it");
}

static void test_copies(void)
{
    struct arena a = {0};
    is_str(arena_strdup(&a, "text"), "text", "arena_strdup");
    is_str(arena_strdup(&a, ""), "", "arena_strdup of nothing");
    is_str(arena_strndup(&a, "text", 2), "te", "arena_strndup");
    is_str(arena_printf(&a, "%s-%d", "x", 12), "x-12", "arena_printf");
    char text[600];
    int odd = 0;
    for (int n = 0; n < (int)sizeof text; n++) {
        memset(text, 'x', sizeof text);
        text[n] = '\0';
        odd += strcmp(arena_printf(&a, "%s", text), text) != 0;
    }
    is_int(odd, 0, "arena_printf of any length");
    ok(memcmp(arena_dup(&a, "a\0b", 3), "a\0b", 3) == 0, "arena_dup");
    ok(arena_dup(&a, NULL, 0) != NULL, "arena_dup of nothing");
    int *v = NULL;
    size_t n = 0;
    size_t cap = 0;
    for (int i = 0; i < 1000; i++) {
        ARENA_GROW(&a, v, n, cap);
        v[n++] = i;
    }
    bool good = true;
    for (int i = 0; i < 1000; i++) {
        good = good && v[i] == i;
    }
    ok(good && cap >= 1000, "a grown array keeps its elements");
    char *copy = mem_strdup("heap");
    is_str(copy, "heap", "mem_strdup");
    free(copy);
    arena_release(&a);
}

static void test_room(void)
{
    struct arena a = {0};
    int *v = NULL;
    size_t n = 0;
    size_t cap = 0;
    ARENA_ROOM(&a, v, n, cap, 20);
    is_int((long long)cap, 20, "room for as many as are to come");
    v[n++] = 7;
    const int *before = v;
    ARENA_ROOM(&a, v, n, cap, 19);
    ok(v == before && cap == 20, "what there is room for moves nothing");
    ARENA_ROOM(&a, v, n, cap, 20);
    ok(v[0] == 7 && cap == 21, "what there is not takes the old ones along");
    arena_release(&a);
}

static void test_exhaustion(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct arena a = {0};
        (void)close(STDERR_FILENO);
        (void)arena_array(&a, SIZE_MAX / 2, 4);
        _exit(0);
    }
    int status = 0;
    (void)waitpid(pid, &status, 0);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 70,
       "an array larger than memory ends the process with 70");
}

int main(void)
{
    tap_plan(7 + 5 + 4 + 9 + 3 + 1);
    test_alloc();
    test_marks();
    test_ends();
    test_copies();
    test_room();
    test_exhaustion();
    return tap_done();
}
