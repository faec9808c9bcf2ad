/* layer: report */
/* What an environment lacks of those that it requires, as text and as a document. */
#include "report_cases.h"

#include "doc/canon.h"

static struct world_of_tests w;
static struct buf out;

static void elsewhere(const char *id, unsigned char checksum)
{
    past_add(&w.a, &w.staging,
             &(struct fact){.sequence = 7,
                            .subject = id,
                            .result = "success",
                            .run_id = "run-7",
                            .finished_at = "2026-03-01T00:00:00.000000Z",
                            .checksum = digest_byte(checksum),
                            .receipt = digest_byte(0x55)});
}

/* Staging has 02 as it is here, 03 otherwise, nothing of 04, and one that is not here. */
static void begin(void)
{
    setup(&w, 4);
    w.upstream = (struct upstream){.env = "staging",
                                   .reachable = true,
                                   .why_not = "",
                                   .at = "2026-03-01T00:00:00.000000Z",
                                   .n = 9,
                                   .past = &w.staging};
    w.world.upstream = &w.upstream;
    w.world.n_upstream = 1;
    elsewhere("PG-02", 2);
    elsewhere("PG-03", 0x50);
    elsewhere("PG-99", 0x99);
    buf_clear(&out);
}

static const char *text(void)
{
    buf_clear(&out);
    report_promote(&out, &plain, &w.plan);
    return buf_str(&out);
}

static const char *json(void)
{
    buf_clear(&out);
    canon_write(&out, report_promote_doc(&w.a, &w.plan));
    return buf_str(&out);
}

static void has(const char *in, const char *part, const char *name)
{
    if (!ok(strstr(in, part) != NULL, name)) {
        printf("# %s\n", in);
    }
}

static void test_text(void)
{
    size_t n = 0;
    begin();
    is_str(text(),
           "dev lacks 3, of which 1 is promoted; it requires\n"
           "  staging: its ledger, asked now, 9 entries, the last of 2026-03-01T00:00:00.000000Z\n"
           "\n"
           "  promoted      PG-02\n"
           "    staging: receipt 7 of 2026-03-01T00:00:00.000000Z, "
           "sha256:0000000000000000000000000000000000000000000000000000000000000055\n"
           "  not promoted  PG-03\n"
           "    staging: staging has it with other content\n"
           "  not promoted  PG-04\n"
           "    staging: not applied in staging\n"
           "    besides: its content changed after it was applied: applied at T by run R "
           "(ledger entry 5)\n"
           "staging has what is not in this project: PG-99\n"
           "`kfmig why TARGET` explains\n",
           "asked now");
    is_int((int64_t)report_unpromoted(&w.plan, &n), 2, "two are not promoted");
    is_int((int64_t)n, 3, "of three that it lacks");
    w.upstream.files = "sink/staging/u";
    w.upstream.why_not = "no server";
    w.upstream.n = 1;
    has(text(),
        "  staging: its signed receipts in sink/staging/u, 1 entry, the last of "
        "2026-03-01T00:00:00.000000Z; it could not be asked: no server\n",
        "by its signed receipts");
    w.step[1].selected = w.step[2].selected = w.step[3].selected = false;
    has(text(), "dev lacks 0, of which 0 are promoted", "only what is selected");
}

static void test_unasked(void)
{
    begin();
    w.upstream =
        (struct upstream){.env = "staging", .why_not = "no server", .at = "", .past = &w.staging};
    has(text(), "  staging could not be asked: no server\n", "nobody told of it");
    has(text(), "  not promoted  PG-02\n    staging: could not be asked\n", "so nothing is met");
    has(text(), "make staging reachable from here", "what to do");
    ok(strstr(text(), "not in this project") == NULL, "what it has nobody knows");
    has(json(),
        "\"entries\":null,\"environment\":\"staging\",\"last_at\":null,\"not_asked\":\"no server\"",
        "as a document");
    w.world.reachable = false;
    has(text(), "dev could not be asked", "nor could the environment itself");
}

static void test_json(void)
{
    begin();
    has(json(),
        "{\"environment\":\"dev\",\"promoted\":false,\"requires\":[{\"entries\":9,\"environment\":"
        "\"staging\",\"last_at\":\"2026-03-01T00:00:00.000000Z\",\"not_asked\":null,\"not_here\":["
        "\"PG-99\"],\"path\":null,\"source\":\"ledger\"}]",
        "who told");
    has(json(),
        "{\"key\":\"sha256:0000000000000000000000000000000000000000000000000000000000000002\","
        "\"promoted\":true,\"reasons\":[\"never_built\"],\"requirements\":[{\"environment\":"
        "\"staging\",\"finished_at\":\"2026-03-01T00:00:00.000000Z\",\"lacks\":null,\"met\":true,"
        "\"receipt\":\"sha256:"
        "0000000000000000000000000000000000000000000000000000000000000055\",\"sequence\":7}],"
        "\"state\":\"stale\",\"target\":\"dev/PG-02@apply\"}",
        "what is promoted");
    has(json(), "\"lacks\":\"staging has it with other content\",\"met\":false,\"receipt\":null",
        "what is not");
    w.upstream.files = "sink/staging/u";
    has(json(), "\"path\":\"sink/staging/u\",\"source\":\"signed-receipts\"", "by files");
}

int main(void)
{
    tap_plan(5 + 6 + 4);
    test_text();
    test_unasked();
    test_json();
    buf_release(&out);
    return tap_done();
}
