/* Meta-commands of psql that are known from the text alone. */
#include <string.h>
#include <strings.h>

#include "sql/psql_parts.h"

/* A command's words on their way. at: behind its name; end: of its line. */
struct psql_line {
    struct psql_reading *r;
    size_t from, at, end; /* from: of its backslash */
    size_t put;           /* what of it was put out, from there on */
    const char *name;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static char text_at(const struct psql_line *l, size_t at)
{
    return at < l->end ? l->r->text.p[at] : '\0';
}

/* --- words ------------------------------------------------------------------------------------------- */

static int octal(const struct psql_line *l, size_t *at)
{
    int code = 0;
    for (int i = 0; i < 3 && text_at(l, *at) >= '0' && text_at(l, *at) <= '7'; i++) {
        code = code * 8 + (text_at(l, (*at)++) - '0');
    }
    return code;
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Behind a backslash in quotes. */
static char escaped(const struct psql_line *l, size_t *at)
{
    static const char from[] = "ntbrf";
    static const char to[] = "\n\t\b\r\f";
    char c = text_at(l, *at);
    const char *known = c != '\0' ? strchr(from, c) : NULL;
    if (c >= '0' && c <= '7') {
        return (char)octal(l, at);
    }
    (*at)++;
    if (c == 'x' && hex_of(text_at(l, *at)) >= 0) {
        int code = 0;
        for (int i = 0; i < 2 && hex_of(text_at(l, *at)) >= 0; i++) {
            code = code * 16 + hex_of(text_at(l, (*at)++));
        }
        return (char)code;
    }
    return known != NULL ? to[known - from] : c;
}

static void take_string(struct psql_line *l, struct buf *out)
{
    size_t at = l->at + 1;
    while (at < l->end) {
        char c = text_at(l, at);
        if (c == '\'' && text_at(l, at + 1) != '\'') {
            l->at = at + 1;
            return;
        }
        at += c == '\'' ? 2 : 1;
        buf_putc(out, c == '\\' ? escaped(l, &at) : c);
    }
    psql_fault(l->r, l->at, "a quoted string of a command does not end on its line", NULL);
    l->at = l->end;
}

/* In double quotes, which stay; nothing is put in place of anything. */
static void take_double(struct psql_line *l, struct buf *out)
{
    size_t at = l->at + 1;
    while (at < l->end && text_at(l, at) != '"') {
        at++;
    }
    at += at < l->end ? 1 : 0;
    buf_add(out, l->r->text.p + l->at, at - l->at);
    l->at = at;
}

static void take_part(struct psql_line *l, struct buf *out)
{
    const char *value = NULL;
    struct psql_set *var = NULL;
    const char *p = l->r->text.p + l->at;
    size_t n = *p == ':' ? psql_reference(l->r, p, l->end - l->at, &value, &var) : 0;
    if (n > 0) {
        buf_puts(out, value);
        l->at += n;
    } else if (*p == '\'') {
        take_string(l, out);
    } else if (*p == '"') {
        take_double(l, out);
    } else if (*p == '`') {
        psql_fault(l->r, l->at, "text in backquotes is a program that psql runs",
                   "declare a variable, and give it a value in each environment");
        l->at = l->end;
    } else {
        buf_putc(out, *p);
        l->at++;
    }
}

static void pass_blanks(struct psql_line *l)
{
    while (is_blank(text_at(l, l->at))) {
        l->at++;
    }
}

/* The next word, in out; false: there is none. */
static bool next_word(struct psql_line *l, struct buf *out)
{
    buf_clear(out);
    pass_blanks(l);
    if (l->at >= l->end || text_at(l, l->at) == '\\') {
        return false;
    }
    while (l->at < l->end && !is_blank(text_at(l, l->at)) && text_at(l, l->at) != '\\') {
        take_part(l, out);
    }
    return true;
}

static const char *words(struct psql_line *l, const char *between)
{
    struct buf word = {0};
    const char *all = "";
    for (bool is_first = true; next_word(l, &word); is_first = false) {
        all = arena_printf(l->r->a, "%s%s%s", all, is_first ? "" : between, buf_str(&word));
    }
    buf_release(&word);
    return all;
}

/* --- \set -------------------------------------------------------------------------------------------- */

/* As psql reads booleans: 1 true, 0 false, -1 neither. */
static int bool_of(const char *text)
{
    static const struct {
        const char *word;
        size_t least;
        int is;
    } forms[] = {{"true", 1, 1}, {"false", 1, 0}, {"yes", 1, 1}, {"no", 1, 0},
                 {"on", 2, 1},   {"off", 2, 0},   {"1", 1, 1},   {"0", 1, 0}};
    size_t n = strlen(text);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (n >= forms[i].least && n <= strlen(forms[i].word) &&
            strncasecmp(text, forms[i].word, n) == 0) {
            return forms[i].is;
        }
    }
    return -1;
}

/* Settings by which psql would run the same text otherwise than kfmig does. */
static const struct psql_setting {
    const char *name;
    bool is_on; /* how kfmig runs it */
    const char *why;
} settings[] = {
    {"AUTOCOMMIT", true, "kfmig owns the transaction"},
    {"ON_ERROR_STOP", true, "the first error ends a migration, and undoes it"},
    {"ON_ERROR_ROLLBACK", false, "the first error ends a migration, and undoes it"},
    {"SINGLELINE", false, "a statement ends with its semicolon"},
    {"SINGLESTEP", false, "nobody is asked between two statements"},
};

static const struct psql_setting *setting_of(const char *name)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (strcmp(settings[i].name, name) == 0) {
            return &settings[i];
        }
    }
    return NULL;
}

/* "interactive" is off in a file. */
static void check_setting(struct psql_line *l, const struct psql_setting *x, const char *value)
{
    int is = strcasecmp(value, "interactive") == 0 ? 0 : bool_of(value);
    if (is != (x->is_on ? 1 : 0)) {
        psql_fault(l->r, l->from, arena_printf(l->r->a, "\\set %s %s: %s", x->name, value, x->why),
                   "remove the line");
    }
}

static bool is_name(const char *name)
{
    const char *p = name;
    while (psql_is_name(*p)) {
        p++;
    }
    return p > name && *p == '\0';
}

static void run_set(struct psql_line *l)
{
    struct buf word = {0};
    if (next_word(l, &word)) {
        const char *name = arena_strdup(l->r->a, buf_str(&word));
        const struct psql_setting *x = setting_of(name);
        const char *value = words(l, "");
        value = x != NULL && value[0] == '\0' ? "on" : value;
        if (!is_name(name)) {
            psql_fault(l->r, l->from,
                       arena_printf(l->r->a, "\"%s\" is no name of a variable", name),
                       "letters, digits and _");
        } else if (strpbrk(value, "\r\n") != NULL) {
            psql_fault(l->r, l->from,
                       arena_printf(l->r->a, "the value of %s has a line end in it", name),
                       "write it where it is used");
        } else {
            psql_set(l->r, name, value);
        }
        if (x != NULL) {
            check_setting(l, x, value);
        }
    }
    buf_release(&word);
}

static void run_unset(struct psql_line *l)
{
    psql_unset(l->r, words(l, ""));
}

/* --- \if --------------------------------------------------------------------------------------------- */

static bool is_true(struct psql_line *l)
{
    l->r->is_guess = false;
    const char *text = words(l, " ");
    int is = bool_of(text);
    if (l->r->is_guess && l->r->values == NULL) {
        return true; /* nobody knows the value: the branch is read */
    }
    if (is < 0) {
        psql_fault(l->r, l->from,
                   arena_printf(l->r->a, "\\%s %s: it is neither true nor false", l->name, text),
                   "psql knows true, false, yes, no, on, off, 1 and 0; :{?name} asks whether name "
                   "is set");
    }
    return is == 1;
}

static void run_if(struct psql_line *l)
{
    struct psql_reading *r = l->r;
    bool outer = psql_is_sent(r);
    if (r->n_ifs == PSQL_IFS_MOST) {
        psql_fault(r, l->from, arena_printf(r->a, "more than %d \\if in each other", PSQL_IFS_MOST),
                   NULL);
        r->has_quit = true;
        return;
    }
    bool takes = outer && is_true(l);
    r->ifs[r->n_ifs++] =
        (struct psql_if){.takes = takes, .took = takes, .outer = outer, .at = l->from};
}

/* The \if that it belongs to; NULL: there is none, which is a fault. */
static struct psql_if *open_if(struct psql_line *l, bool may_follow_else)
{
    struct psql_reading *r = l->r;
    struct psql_if *x = r->n_ifs > 0 ? &r->ifs[r->n_ifs - 1] : NULL;
    if (x == NULL || (x->in_else && !may_follow_else)) {
        psql_fault(r, l->from,
                   arena_printf(r->a, x == NULL ? "\\%s without an \\if" : "\\%s behind an \\else",
                                l->name),
                   "remove the line");
        return NULL;
    }
    return x;
}

static void run_elif(struct psql_line *l)
{
    struct psql_if *x = open_if(l, false);
    if (x != NULL) {
        bool wants = x->outer && !x->took;
        x->takes = x->outer;
        x->takes = wants && is_true(l);
        x->took = x->took || x->takes;
    }
}

static void run_else(struct psql_line *l)
{
    struct psql_if *x = open_if(l, false);
    if (x != NULL) {
        x->takes = x->outer && !x->took;
        x->in_else = true;
    }
}

static void run_endif(struct psql_line *l)
{
    if (open_if(l, true) != NULL) {
        l->r->n_ifs--;
    }
}

void psql_end_ifs(struct psql_reading *r)
{
    for (size_t i = 0; i < r->n_ifs && !r->has_quit; i++) {
        psql_fault(r, r->ifs[i].at, "\\if without an \\endif", "end it: \\endif");
    }
}

/* --- others ------------------------------------------------------------------------------------------ */

/* What is shown, and how: nothing of it is sent. */
static void run_nothing(struct psql_line *l)
{
    (void)words(l, " ");
}

static void run_encoding(struct psql_line *l)
{
    const char *name = words(l, "");
    if (name[0] != '\0' && strcasecmp(name, "utf8") != 0 && strcasecmp(name, "utf-8") != 0) {
        psql_fault(l->r, l->from, arena_printf(l->r->a, "\\encoding %s: files are UTF-8", name),
                   "write the file in UTF-8, and remove the line");
    }
}

static void run_quit(struct psql_line *l)
{
    (void)words(l, "");
    l->r->has_quit = true;
}

/* A semicolon, where its results go nowhere else. */
static void run_g(struct psql_line *l)
{
    const char *where = words(l, " ");
    if (where[0] != '\0') {
        psql_fault(
            l->r, l->from,
            arena_printf(l->r->a, "\\%s %s puts rows into a file or a program", l->name, where),
            "end the statement with a semicolon");
    }
}

static bool word_follows(const struct psql_line *l, size_t at, const char *word)
{
    size_t n = strlen(word);
    while (is_blank(text_at(l, at))) {
        at++;
    }
    return at + n <= l->end && strncasecmp(l->r->text.p + at, word, n) == 0 &&
           !psql_is_name(text_at(l, at + n));
}

/* Is it \copy ... FROM STDIN, outside of parentheses? */
static bool takes_rows(const struct psql_line *l)
{
    size_t parens = 0;
    for (size_t at = l->at; at < l->end; at++) {
        char c = text_at(l, at);
        parens += c == '(' ? 1 : 0;
        parens -= c == ')' && parens > 0 ? 1 : 0;
        if (parens == 0 && is_blank(c) && word_follows(l, at, "from")) {
            while (is_blank(text_at(l, at))) {
                at++;
            }
            return word_follows(l, at + 4, "stdin");
        }
    }
    return false;
}

/* Its rows stand behind it, as behind COPY: no variable stands for anything in either. */
static void run_copy(struct psql_line *l)
{
    size_t end = l->end;
    struct psql_reading *r = l->r;
    if (!takes_rows(l)) {
        psql_fault(
            r, l->from, "\\copy reads or writes a file of the machine where psql runs",
            "write \\copy ... FROM STDIN with the rows behind it, or load them as a dataset");
        l->at = l->end;
        return;
    }
    while (end > l->at && (is_blank(text_at(l, end - 1)) || text_at(l, end - 1) == ';')) {
        end--;
    }
    buf_puts(&r->out, "COPY ");
    buf_add(&r->out, r->text.p + l->at, end - l->at);
    buf_putc(&r->out, ';');
    r->is_changed = true;
    l->at = l->end;
    while (l->at < r->text.n) {
        size_t next = l->at + 1; /* behind the line end */
        const char *lf = next < r->text.n ? memchr(r->text.p + next, '\n', r->text.n - next) : NULL;
        size_t stop = lf != NULL ? (size_t)(lf - r->text.p) : r->text.n;
        size_t n = stop > next && r->text.p[stop - 1] == '\r' ? stop - next - 1 : stop - next;
        buf_add(&r->out, r->text.p + l->at, stop - l->at);
        l->at = stop;
        if (n == 2 && memcmp(r->text.p + next, "\\.", 2) == 0) {
            break;
        }
    }
    l->put = l->at - l->from;
}

/* --- the table --------------------------------------------------------------------------------------- */

static const struct psql_known {
    const char *names; /* separated by blanks */
    void (*run)(struct psql_line *l);
    bool is_if;      /* it counts where nothing is sent, too */
    const char *put; /* in place of the backslash; NULL: a blank */
} commands[] = {
    {" set ", run_set, false, NULL},
    {" unset ", run_unset, false, NULL},
    {" if ", run_if, true, NULL},
    {" elif ", run_elif, true, NULL},
    {" else ", run_else, true, NULL},
    {" endif ", run_endif, true, NULL},
    {" q quit ", run_quit, false, NULL},
    {" g gx ", run_g, false, ";"},
    {" copy ", run_copy, false, NULL},
    {" encoding ", run_encoding, false, NULL},
    {" echo qecho warn pset timing restrict unrestrict x t a H C f T html errverbose conninfo "
     "copyright p print ",
     run_nothing, false, NULL},
};

/* What the text does not tell, and why. */
static const struct psql_refused {
    const char *names, *why, *hint;
} refusals[] = {
    {" gset getenv prompt ", "its value is known only while it runs",
     "declare a variable, and give it a value in each environment"},
    {" gexec ", "its statements are known only while it runs", "write a DO block with EXECUTE"},
    {" i ir include include_relative ", "what is run stands in another file",
     "list that file under artifacts.forward, before or behind this one"},
    {" ! setenv cd o out w write s e edit ef ev ", "it acts on the machine where psql runs",
     "remove it"},
    {" c connect password ", "the environment names the database and the role", "remove the line"},
    {" r reset ", "it forgets what stands before it", "remove both"},
    {" watch bind gdesc crosstabview parse bind_named close_prepared startpipeline endpipeline ",
     "it runs the statement in a way of its own", "end the statement with a semicolon"},
    {" . ", "it ends the rows of a COPY ... FROM STDIN, and there is none before it",
     "remove the line"},
};

static bool is_among(const char *names, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = strstr(names, name); p != NULL; p = strstr(p + 1, name)) {
        if (p[-1] == ' ' && p[n] == ' ') {
            return true;
        }
    }
    return false;
}

static void refuse(struct psql_line *l)
{
    const char *why = "the text does not say what it does";
    const char *hint = "remove it";
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (l->name[0] != '\0' && is_among(refusals[i].names, l->name)) {
            why = refusals[i].why;
            hint = refusals[i].hint;
        }
    }
    psql_fault(l->r, l->from,
               arena_printf(l->r->a, "psql's \\%.40s is not rendered: %s", l->name, why), hint);
    l->at = l->end;
}

static const struct psql_known *command_of(const char *name)
{
    for (size_t i = 0; name[0] != '\0' && i < sizeof commands / sizeof *commands; i++) {
        if (is_among(commands[i].names, name)) {
            return &commands[i];
        }
    }
    return NULL;
}

/* What it ends with: the line, "\\", or the next command. */
static void run_command(struct psql_line *l)
{
    const struct psql_known *c = command_of(l->name);
    bool is_sent = psql_is_sent(l->r);
    if (!is_sent && (c == NULL || !c->is_if || l->r->has_quit)) {
        while (l->at < l->end && text_at(l, l->at) != '\\') {
            l->at++;
        }
        return;
    }
    if (c == NULL) {
        refuse(l);
        return;
    }
    if (c->put != NULL) {
        buf_puts(&l->r->out, c->put);
        l->put = 1;
    }
    c->run(l);
}

size_t psql_command(struct psql_reading *r)
{
    size_t from = r->at;
    const char *p = r->text.p;
    struct psql_line l = {.r = r, .from = from, .at = from + 1, .end = from + 1};
    while (l.end < r->text.n && p[l.end] != '\n' && p[l.end] != '\r') {
        l.end++;
    }
    while (l.at < l.end && !is_blank(p[l.at]) && p[l.at] != '\\') {
        l.at++;
    }
    l.name = arena_strndup(r->a, p + from + 1, l.at - from - 1);
    run_command(&l);
    if (l.at + 1 < l.end && p[l.at] == '\\' && p[l.at + 1] == '\\') {
        l.at += 2;
    }
    psql_blank(r, p + from + l.put, l.at - from - l.put);
    return l.at - from;
}
