/* layer: report */
/* What was proven, as text, as a document held to its schema, and as JUnit's XML. */
#include <string.h>

#include "doc/canon.h"
#include "model/proof.h"
#include "report/report.h"
#include "tap.h"

enum { MOST = 6 };
static struct proof v[MOST];
static struct proof_found found[MOST];
static struct bundle bundle = {.id = "M"};
static struct proof_whole whole;
static struct proofs all = {.environment = "dev",
                            .server = "PostgreSQL 15.18, embedded",
                            .v = v,
                            .whole = &whole,
                            .limit_ms = 30000,
                            .ms = 1234};

static struct proof *add(const char *id, enum proof_end fresh, enum proof_end up,
                         enum down_class down)
{
    struct proof *p = &v[all.n];
    *p = (struct proof){.id = id,
                        .bundle = &bundle,
                        .is_wanted = true,
                        .because = "never proven",
                        .found = &found[all.n]};
    all.n++;
    p->found->part[PROOF_FRESH].end = fresh;
    p->found->part[PROOF_FRESH].ms = 7;
    p->found->part[PROOF_UP].end = up;
    p->found->down = down;
    return p;
}

static void make(void)
{
    struct proof *p = add("M-1", PROOF_GOOD, PROOF_GOOD, DOWN_EXACT);
    p->found->part[PROOF_DOWN].end = PROOF_GOOD;
    p->found->n_rows = 5;
    for (int i = 0; i < PROOF_ROWS_MOST; i++) {
        (void)strcpy(p->found->rows[i].table, "table app.<t>");
        p->found->rows[i].rows = i == 0 ? 1 : i == 1 ? -1 : i;
    }
    static const char *const names[] = {"look", "write", "unseen"};
    all.statements = names;
    all.n_statements = 3;
    p->found->wait[0] = (struct proof_wait){.ms = 12, .n = 3};
    p->found->wait[1] = (struct proof_wait){.errors = 2};
    p = add("M-2", PROOF_GOOD, PROOF_GOOD, DOWN_DIFFERS);
    p->found->part[PROOF_DOWN].end = PROOF_BAD;
    (void)err_at(&p->found->fault[1], ERR_ROLLBACK, "a/rollback.sql", 3, 4,
                 "\"t\" & more < before\x01");
    (void)err_hint(&p->found->fault[1], "correct it");
    (void)strcpy(p->found->fault[1].detail, "what the server said");
    p = add("M-3", PROOF_BAD, PROOF_OPEN, DOWN_UNTRIED);
    (void)err_set(&p->found->fault[0], ERR_APPLY, "it fails");
    p = add("M-4", PROOF_SKIPPED, PROOF_SKIPPED, DOWN_UNTRIED);
    (void)err_set(&p->found->fault[0], ERR_PREFLIGHT, "not tried: what it comes after failed");
    p = add("M-5", PROOF_GOOD, PROOF_GOOD, DOWN_NONE);
    p->is_wanted = false;
    p->is_cached = true;
    p->because = "";
    p = add("M-6", PROOF_GOOD, PROOF_GOOD, DOWN_UNTRIED);
    p->is_wanted = false;
    whole.second = PROOF_BAD;
    (void)err_set(&whole.second_fault, ERR_VALIDATE, "a second build finds M-1");
    whole.n_notes = 1;
    whole.notes[0].what = "tests/seeds/a.sql";
    (void)err_set(&whole.notes[0].fault, ERR_CONFIG, "it was never loaded");
    proofs_count(&all);
}

/* Each in this order. */
static bool has_all(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        const char *at = strstr(text, *words);
        if (at == NULL) {
            printf("# not there: %s\n# in: %s\n", *words, text);
            return false;
        }
        text = at + strlen(*words);
    }
    return true;
}

static void as_text(void)
{
    static const char *const plain[] = {
        "  proven    M-1; down: exact, which removes 1 row of table app.<t>, rows of table "
        "app.<t>, 2 rows of table app.<t>, 3 rows of table app.<t> and 1 more; 7 ms\n      waits: "
        "look 12 ms, write (2 failed)\n",
        "  failed    M-2; down: differs; 7 ms\n      down: a/rollback.sql:3:4: \"t\" & more < "
        "before\\x01\n        server: what the server said\n        correct it\n",
        "  failed    M-3; 7 ms\n      fresh: it fails\n",
        "  skipped   M-4; 7 ms\n      fresh: not tried: what it comes after failed\n",
        "  failed    tests/seeds/a.sql\n      it was never loaded\n",
        "  failed    a second build finds M-1\n",
        "\n1 proven, 1 known, 2 failed, 1 skipped, 1 not tried; 1.2 s on PostgreSQL 15.18, "
        "embedded\n",
        NULL};
    static const char *const more[] = {"  proven    M-1", "; 7 ms; never proven\n",
                                       "  known     M-5; down: none; 7 ms\n", "  not tried M-6",
                                       NULL};
    struct buf out = {0};
    report_proofs(&out, &(struct style){.verbose = false}, &all);
    ok(has_all(buf_str(&out), plain) && strstr(buf_str(&out), "M-5") == NULL,
       "text, without what was known");
    out.n = 0;
    report_proofs(&out, &(struct style){.verbose = true}, &all);
    ok(has_all(buf_str(&out), more), "with it, and why the others were tried");
    out.n = 0;
    report_proofs(&out, &(struct style){.color = true}, &all);
    ok(strstr(buf_str(&out), "\x1b[") != NULL, "in colour");
    buf_release(&out);
}

static void as_document(void)
{
    static const char *const words[] = {
        "\"failed\":2,\"jobs\":0,\"known\":1,",
        "\"not_tried\":1,\"notes\":[{\"error\":{\"code\":\"config\"",
        "\"because\":\"never proven\"",
        "\"removes\":[{\"rows\":1,",
        "\"rows\":null",
        "\"result\":\"proven\"",
        "\"tables_emptied\":5,\"waits\":[{\"failed\":0,\"longest_ms\":12,\"ran\":3,"
        "\"statement\":\"look\"},{\"failed\":2,\"longest_ms\":null,",
        "\"error\":{\"code\":\"rollback\"",
        "\"where\":\"a/rollback.sql:3:4\"",
        "\"result\":\"known\"",
        "\"result\":\"not tried\"",
        "\"second_build\":{\"error\":{\"code\":\"validate\"",
        NULL};
    struct arena a = {0};
    struct buf out = {0};
    report_json(&out, report_proofs_doc(&a, &all));
    ok(has_all(buf_str(&out), words), "as a document");
    buf_release(&out);
    arena_release(&a);
}

static void as_junit(void)
{
    static const char *const words[] = {
        "<testsuite name=\"kfmig test dev\" tests=\"15\" failures=\"4\" skipped=\"2\" errors=\"0\" "
        "time=\"1.234\">\n",
        "  <testcase classname=\"M-1\" name=\"fresh\" time=\"0.007\"></testcase>\n",
        "<testcase classname=\"M-2\" name=\"down\" time=\"0.000\"><failure message=\"&quot;t&quot; "
        "&amp; more &lt; before\\x01\">a/rollback.sql:3:4\ncorrect it</failure></testcase>\n",
        "<skipped message=\"not tried: what it comes after failed\"/>",
        "classname=\"seeds\" name=\"tests/seeds/a.sql\"",
        "name=\"a second build does nothing\"",
        "</testsuite>\n",
        NULL};
    struct buf out = {0};
    report_proofs_junit(&out, &all);
    ok(has_all(buf_str(&out), words), "as JUnit's XML");
    buf_release(&out);
}

/* A file as a whole is at fault. */
static void without_a_line(void)
{
    static struct proof_found f = {.part = {{.end = PROOF_BAD}}};
    static struct proof_whole none;
    struct proof p = {
        .id = "M-7", .bundle = &bundle, .is_wanted = true, .because = "", .found = &f};
    const struct proofs one = {.environment = "dev", .server = "", .v = &p, .n = 1, .whole = &none};
    struct buf out = {0};
    (void)err_at(&f.fault[0], ERR_CONFIG, "a/forward.sql", 0, 0, "it cannot be read");
    report_proofs(&out, &(struct style){.verbose = false}, &one);
    ok(strstr(buf_str(&out), "\n      fresh: a/forward.sql: it cannot be read\n") != NULL,
       "a place without a line, as text");
    out.n = 0;
    report_proofs_junit(&out, &one);
    ok(strstr(buf_str(&out), "<failure message=\"it cannot be read\">a/forward.sql\n</failure>") !=
           NULL,
       "as JUnit's XML");
    buf_release(&out);
}

static void as_data(void)
{
    ok(all.worst == ERR_APPLY || all.worst == ERR_ROLLBACK, "the worst of what failed");
    ok(proof_decisive(&v[0]) == PROOF_PARTS && proof_holds(&v[0]) && proof_fault(&v[0]) == NULL,
       "what holds");
    ok(proof_decisive(&v[1]) == PROOF_DOWN && !proof_holds(&v[1]), "the part that failed");
    ok(!proof_holds(&v[5]), "what was only applied is not proven");
    ok(strcmp(proof_part_text(PROOF_REPEAT), "repeat") == 0, "a part's name");
}

int main(void)
{
    tap_plan(12);
    make();
    as_text();
    as_document();
    as_junit();
    without_a_line();
    as_data();
    return tap_done();
}
