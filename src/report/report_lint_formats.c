/* What the linter found, for others: SARIF 2.1.0, annotations of GitHub, JUnit.
 * Source of SARIF: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", sections
 * 3.13 to 3.49. */
#include <string.h>

#include "report/report.h"
#include "report/words.h"

/* --- SARIF ------------------------------------------------------------------------------------------ */

static struct doc *text_doc(struct arena *a, const char *text)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "text", doc_safe(a, text));
    return d;
}

/* Levels are SARIF's words, and ours. */
static struct doc *rule_doc(struct arena *a, enum hazard rule)
{
    const struct lint_rule *r = lint_rule(rule);
    struct buf page = {0};
    struct doc *d = doc_new(a, DOC_MAP);
    report_lint_page(&page, rule);
    doc_put(a, d, "id", doc_text(a, r->id));
    doc_put(a, d, "shortDescription", text_doc(a, r->what));
    doc_put(a, d, "fullDescription", text_doc(a, r->why));
    struct doc *help = doc_put(a, d, "help", text_doc(a, r->instead));
    doc_put(a, help, "markdown", doc_textn(a, buf_bytes(&page)));
    struct doc *preset = doc_put(a, d, "defaultConfiguration", doc_new(a, DOC_MAP));
    doc_put(a, preset, "level", doc_text(a, severity_text(lint_severity(rule, 'A'))));
    buf_release(&page);
    return d;
}

static struct doc *place_doc(struct arena *a, const struct lint_found *f)
{
    const struct finding *x = &f->finding;
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *place = doc_put(a, d, "physicalLocation", doc_new(a, DOC_MAP));
    struct doc *file = doc_put(a, place, "artifactLocation", doc_new(a, DOC_MAP));
    struct doc *region = doc_put(a, place, "region", doc_new(a, DOC_MAP));
    doc_put(a, file, "uri", doc_safe(a, x->path));
    doc_put(a, file, "uriBaseId", doc_text(a, "%SRCROOT%"));
    doc_put(a, region, "startLine", doc_int(a, x->line));
    doc_put(a, region, "startColumn", doc_int(a, x->col));
    if (f->end_col > x->col) {
        doc_put(a, region, "endColumn", doc_int(a, f->end_col));
    }
    doc_put(a, region, "snippet", text_doc(a, f->source));
    return d;
}

/* What lets it through: a comment in the file, or the baseline beside it. */
static struct doc *suppressions(struct arena *a, const char *waived_by)
{
    struct doc *list = doc_new(a, DOC_LIST);
    struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
    bool is_outside = strcmp(waived_by, "the baseline") == 0;
    doc_put(a, d, "kind", doc_text(a, is_outside ? "external" : "inSource"));
    doc_put(a, d, "justification", doc_safe(a, waived_by));
    return list;
}

static struct doc *result_doc(struct arena *a, const struct lint_found *f, const int *rule_at)
{
    char mark[DIGEST_TEXT];
    const struct finding *x = &f->finding;
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "ruleId", doc_text(a, x->rule));
    doc_put(a, d, "ruleIndex", doc_int(a, rule_at[f->rule]));
    doc_put(a, d, "level", doc_text(a, severity_text(x->severity)));
    doc_put(a, d, "message", text_doc(a, arena_printf(a, "%s. Instead: %s", x->text, x->hint)));
    struct doc *places = doc_put(a, d, "locations", doc_new(a, DOC_LIST));
    doc_push(a, places, place_doc(a, f));
    struct doc *marks = doc_put(a, d, "partialFingerprints", doc_new(a, DOC_MAP));
    doc_put(a, marks, "kfmig/v1", doc_text(a, digest_text(&f->mark, mark)));
    if (x->waived_by[0] != '\0') {
        doc_put(a, d, "suppressions", suppressions(a, x->waived_by));
    }
    return d;
}

/* Rules that something breaks, in the table's order; rule_at: their places. */
static struct doc *rules_doc(struct arena *a, const struct lint_result *r,
                             int rule_at[static LINTS])
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (int i = 0; i < LINTS; i++) {
        bool is_there = false;
        for (size_t k = 0; k < r->n && !is_there; k++) {
            is_there = r->v[k].rule == (enum hazard)i;
        }
        rule_at[i] = (int)doc_len(list);
        if (is_there) {
            doc_push(a, list, rule_doc(a, (enum hazard)i));
        }
    }
    return list;
}

struct doc *report_lint_sarif(struct arena *a, const struct lint_report *o)
{
    int rule_at[LINTS];
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "$schema",
            doc_text(a, "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
                        "sarif-schema-2.1.0.json"));
    doc_put(a, d, "version", doc_text(a, "2.1.0"));
    struct doc *runs = doc_put(a, d, "runs", doc_new(a, DOC_LIST));
    struct doc *run = doc_push(a, runs, doc_new(a, DOC_MAP));
    struct doc *tool = doc_put(a, run, "tool", doc_new(a, DOC_MAP));
    struct doc *driver = doc_put(a, tool, "driver", doc_new(a, DOC_MAP));
    doc_put(a, driver, "name", doc_text(a, "kfmig"));
    doc_put(a, driver, "version", doc_text(a, o->version));
    doc_put(a, driver, "rules", rules_doc(a, o->result, rule_at));
    doc_put(a, run, "columnKind", doc_text(a, "unicodeCodePoints"));
    struct doc *results = doc_put(a, run, "results", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < o->result->n; i++) {
        doc_push(a, results, result_doc(a, &o->result->v[i], rule_at));
    }
    return d;
}

/* --- GitHub ----------------------------------------------------------------------------------------- */

/* What a workflow command may not hold as it is: in a property, commas and colons too. */
static void put_escaped(struct buf *out, const char *s, bool is_property)
{
    struct buf safe = {0};
    words_safe(&safe, s);
    for (const char *p = buf_str(&safe); *p != '\0'; p++) {
        if (*p == '%' || *p == '\n' || *p == '\r' || (is_property && (*p == ',' || *p == ':'))) {
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)*p);
        } else {
            buf_putc(out, *p);
        }
    }
    buf_release(&safe);
}

void report_lint_github(struct buf *out, const struct lint_report *o)
{
    static const char *const words[] = {
        [SEVERITY_NOTE] = "notice", [SEVERITY_WARNING] = "warning", [SEVERITY_ERROR] = "error"};
    for (size_t i = 0; i < o->result->n; i++) {
        const struct finding *x = &o->result->v[i].finding;
        if (x->waived_by[0] != '\0') {
            continue;
        }
        buf_printf(out, "::%s file=", words[x->severity]);
        put_escaped(out, x->path, true);
        buf_printf(out, ",line=%d,col=%d,title=%s::", x->line, x->col, x->rule);
        put_escaped(out, x->text, false);
        buf_puts(out, ". Instead: ");
        put_escaped(out, x->hint, false);
        buf_putc(out, '\n');
    }
}

/* --- JUnit ------------------------------------------------------------------------------------------ */

static size_t stopping(const struct lint_result *r)
{
    return r->n_error + r->n_warning;
}

/* A case for each finding: errors and warnings fail, notes and what is let through are skipped. */
void report_lint_junit(struct buf *out, const struct lint_report *o)
{
    const struct lint_result *r = o->result;
    size_t n = r->n > 0 ? r->n : 1;
    buf_printf(out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite "
               "name=\"kfmig lint\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
               "skipped=\"%zu\">\n",
               n, stopping(r), r->n - stopping(r));
    if (r->n == 0) {
        buf_puts(out, "  <testcase classname=\"kfmig lint\" name=\"nothing found\"/>\n");
    }
    for (size_t i = 0; i < r->n; i++) {
        const struct finding *x = &r->v[i].finding;
        bool is_failure = x->waived_by[0] == '\0' && x->severity != SEVERITY_NOTE;
        buf_puts(out, "  <testcase classname=\"");
        words_xml(out, x->path);
        buf_printf(out, "\" name=\"%s %d:%d\"><%s message=\"", x->rule, x->line, x->col,
                   is_failure ? "failure" : "skipped");
        words_xml(out, x->text);
        buf_puts(out, "\"/></testcase>\n");
    }
    buf_puts(out, "</testsuite>\n</testsuites>\n");
}
