/* What is declared of programs, as text, and what probes say. */
#include "model/errand.h"

#include <string.h>

#include "doc/canon.h"
#include "doc/json.h"
#include "doc/read.h"

static void put(struct arena *a, struct doc *d, const char *key, const char *value)
{
    if (value != NULL) {
        (void)doc_put(a, d, key, doc_text(a, value));
    }
}

struct bytes errand_write(struct arena *a, const struct errand *x)
{
    struct buf text = {0};
    struct doc *d = doc_new(a, DOC_MAP);
    put(a, d, "store", x->store);
    put(a, d, "state", x->state);
    put(a, d, "run", x->run);
    put(a, d, "expect", x->expect);
    if (x->wants.n > 0) {
        (void)doc_put(a, d, "environment", names_doc(a, &x->wants));
    }
    canon_write(&text, d);
    buf_putc(&text, '\n');
    struct bytes out = bytes_of(arena_strndup(a, buf_str(&text), text.n), text.n);
    buf_release(&text);
    return out;
}

static struct names names_of(struct arena *a, const struct doc *list)
{
    struct names out = {0};
    for (size_t i = 0; i < doc_len(list); i++) {
        names_add(a, &out, list->item[i]->text.p);
    }
    return out;
}

int errand_read(struct arena *a, struct bytes text, const char *path, struct errand *out,
                struct err *e)
{
    const struct doc *d = json_read(a, text, path, e);
    if (d == NULL) {
        return -1;
    }
    *out = (struct errand){.store = doc_str(d, "store", ""),
                           .state = doc_str(d, "state", ""),
                           .run = doc_str(d, "run", ""),
                           .expect = doc_str(d, "expect", NULL),
                           .wants = names_of(a, doc_get(d, "environment"))};
    if (!state_is_name(out->state) || out->run[0] == '\0') {
        err_at(e, ERR_CONFIG, path, 1, 1, "it names no state, or no program");
        return err_hint(e, "a migration.yml says it: runner: {tool: command, probe: …, apply: …}");
    }
    return 0;
}

struct object errand_object(const struct errand *x)
{
    return (struct object){OBJ_STATE, "", x->state, x->store};
}

bool state_is_name(const char *name)
{
    static const char digits[] = "0123456789";
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t n = 0;
    bool begins = name[0] != '\0' && (strchr(digits, name[0]) || strchr(letters, name[0]));
    while (name[n] != '\0' &&
           (strchr(digits, name[n]) || strchr(letters, name[n]) || strchr("._-", name[n]))) {
        n++;
    }
    return begins && name[n] == '\0' && n <= STATE_NAME_MOST;
}

const char *state_read(struct bytes said, struct digest *out)
{
    static const char neither[] = "prints neither the SHA-256 of what stands there nor \"absent\"";
    static const char prefix[] = "sha256:";
    const size_t n_prefix = sizeof prefix - 1;
    char text[DIGEST_TEXT + 1];
    size_t n = said.n > 0 && said.p[said.n - 1] == '\n' ? said.n - 1 : said.n;
    *out = (struct digest){{0}};
    if (n == 0) {
        return "prints nothing";
    }
    if (memchr(said.p, '\n', n) != NULL) {
        return "prints more than one line";
    }
    if (n == strlen("absent") && memcmp(said.p, "absent", n) == 0) {
        return NULL;
    }
    bool has_prefix = n > n_prefix && memcmp(said.p, prefix, n_prefix) == 0;
    if (n + (has_prefix ? 0 : n_prefix) != DIGEST_TEXT - 1) {
        return neither;
    }
    memcpy(text, prefix, n_prefix);
    memcpy(text + (has_prefix ? 0 : n_prefix), said.p, n);
    text[DIGEST_TEXT - 1] = '\0';
    if (digest_parse(text, out) != 0) {
        *out = (struct digest){{0}};
        return neither;
    }
    return NULL;
}
