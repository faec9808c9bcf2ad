/* layer: evidence */
#include "evidence/changes.h"
#include "tap.h"

/* Two texts, and what differs between them. */
static const struct {
    const char *name, *was, *now;
    int first, last;
    const char *old_part, *new_part;
} changes[] = {
    {"one line", "a\nb\nc\n", "a\nB\nc\n", 2, 2, "b\n", "B\n"},
    {"a line more", "a\nc\n", "a\nb\nc\n", 2, 2, NULL, "b\n"},
    {"a line less", "a\nb\nc\n", "a\nc\n", 2, 2, "b\n", NULL},
    {"repeated lines", "a\na\n", "a\na\na\n", 3, 3, NULL, "a\n"},
    {"the first line", "x\nb\n", "y\nb\n", 1, 1, "x\n", "y\n"},
    {"no newline at the end", "a\nb", "a\nb\n", 2, 2, "b", "b\n"},
    {"everything", "a\nb\n", "x\ny\nz\nw\n", 1, 4, "a\nb\n", "x\ny\nz\n"},
    {"from nothing", "", "a\n", 1, 1, NULL, "a\n"},
    {"to nothing", "a\n", "", 1, 1, "a\n", NULL},
    {"two places", "a\nb\nc\nd\n", "A\nb\nc\nD\n", 1, 4, "a\nb\nc\n", "A\nb\nc\n"},
};

static void test_changes(void)
{
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct arena a = {0};
        struct file_change c = {0};
        changes_lines(&a, bytes_str(changes[i].was), bytes_str(changes[i].now), &c);
        ok(c.first_line == changes[i].first && c.last_line == changes[i].last, changes[i].name);
        is_str(c.old_excerpt, changes[i].old_part, "the old lines");
        is_str(c.new_excerpt, changes[i].new_part, "the new lines");
        arena_release(&a);
    }
}

int main(void)
{
    tap_plan(3 * (int)(sizeof changes / sizeof changes[0]));
    test_changes();
    return tap_done();
}
