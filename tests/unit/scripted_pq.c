/* The scripted libpq: its script, and the clock. scripted_pq.h says how a script is written. */
#include <ctype.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "scripted_parts.h"

struct play play;

/* --- the script ------------------------------------------------------------------------------------------------- */

_Noreturn void play_bad_script(int number, const char *why, const char *text)
{
    printf("Bail out! line %d of the script: %s: %s\n", number, why, text);
    (void)fflush(stdout);
    abort();
}

char *play_trimmed(char *text)
{
    char *end = text + strlen(text);
    text += strspn(text, " ");
    while (end > text && end[-1] == ' ') {
        *--end = '\0';
    }
    return text;
}

static void read_line(char *text, int number)
{
    struct line l = {.number = number, .left = 1};
    char *arrow = strstr(text, " -> ");
    if (arrow == NULL) {
        play_bad_script(number, "no \" -> \"", text);
    }
    *arrow = '\0';
    l.answer = play_trimmed(arrow + 4);
    l.pattern = play_trimmed(text);
    for (;;) {
        int n = 0;
        int taken = 0;
        if (strncmp(l.pattern, "~ ", 2) == 0) {
            l.left = -1;
            taken = 2;
        } else if (sscanf(l.pattern, "%dx %n", &n, &taken) == 1 && taken > 0) {
            l.left = n;
        } else if (sscanf(l.pattern, "%d: %n", &n, &taken) == 1 && taken > 0) {
            l.session = n;
        } else {
            break;
        }
        l.pattern = play_trimmed(l.pattern + taken);
    }
    play.v = realloc(play.v, (size_t)(play.n + 1) * sizeof *play.v);
    play.v[play.n++] = l;
}

static void forget_script(void)
{
    free(play.text);
    free(play.v);
    free(play.copied);
    free(play.log);
    free(play.said);
    volatile int *cancels = play.cancels;
    memset(&play, 0, sizeof play);
    play.cancels = cancels;
}

void pq_script(const char *lines)
{
    int number = 0;
    forget_script();
    if (play.cancels == NULL) {
        play.cancels = mmap(NULL, sizeof *play.cancels, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    }
    *play.cancels = 0;
    play.text = strdup(lines);
    for (char *p = play.text, *end; p != NULL; p = end) {
        end = strchr(p, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        number++;
        p += strspn(p, " ");
        if (*p != '\0' && *p != '#') {
            read_line(p, number);
        }
    }
}

/* Does text fit the pattern, in which * stands for anything? */
static bool fits(const char *pattern, const char *text)
{
    const char *star = NULL;
    const char *from = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            from = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++from;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

/* "@name(1, *, x)": the list between the brackets, as parameters. */
static bool fits_params(const char *list, const struct command *c)
{
    char *copy = strdup(list);
    copy[strlen(copy) - 1] = '\0';
    bool good = true;
    int n = 0;
    for (char *p = copy, *end; p != NULL; p = end, n++) {
        end = strstr(p, ", ");
        if (end != NULL) {
            *end = '\0';
            end += 2;
        }
        const char *got = n < c->n_params ? c->param[n] : NULL;
        good = good && n < c->n_params && (got == NULL ? fits(p, "NULL") : fits(p, got));
    }
    free(copy);
    return good && n == c->n_params;
}

static bool fits_line(const struct line *l, const PGconn *conn, const struct command *c)
{
    if (l->session != 0 && l->session != conn->number) {
        return false;
    }
    const char *bracket = l->pattern[0] == '@' ? strchr(l->pattern, '(') : NULL;
    if (bracket == NULL) {
        return fits(l->pattern, c->text);
    }
    char name[TEXT];
    (void)snprintf(name, sizeof name, "%.*s", (int)(bracket - l->pattern), l->pattern);
    return fits(name, c->text) && fits_params(bracket + 1, c);
}

/* The line that c is to be answered by: the next one, else one that may come at any time, else NULL. peek: it stays. */
struct line *play_find_line(const PGconn *conn, const struct command *c, bool peek)
{
    while (play.next < play.n && play.v[play.next].left <= 0) {
        play.next++;
    }
    struct line *l = play.next < play.n ? &play.v[play.next] : NULL;
    if (l != NULL && fits_line(l, conn, c)) {
        l->left -= peek ? 0 : 1;
        return l;
    }
    for (int i = 0; i < play.n; i++) {
        if (play.v[i].left < 0 && fits_line(&play.v[i], conn, c)) {
            return &play.v[i];
        }
    }
    return NULL;
}

static void print_asked(const struct command *c)
{
    printf("# %s", c->text);
    for (int i = 0; i < c->n_params; i++) {
        printf("%s%.60s", i == 0 ? "(" : ", ", c->param[i] == NULL ? "NULL" : c->param[i]);
    }
    printf("%s\n", c->n_params > 0 ? ")" : "");
}

void pq_fail(int n, const char *answer)
{
    if (play.n_faults == PQ_FAULTS) {
        play_bad_script(0, "too many faults", answer);
    }
    play.fault[play.n_faults].n = n;
    play.fault[play.n_faults++].line = (struct line){.answer = (char *)(uintptr_t)answer};
}

int pq_asked(void)
{
    return play.n_asked;
}

const char *pq_log(void)
{
    return play.log == NULL ? "" : play.log;
}

const char *pq_said(void)
{
    return play.said == NULL ? "" : play.said;
}

static void say(const char *text)
{
    size_t n = strlen(text);
    if (play.n_said + n + 1 > play.cap_said) {
        play.cap_said = 2 * (play.n_said + n + 1);
        play.said = realloc(play.said, play.cap_said);
    }
    memcpy(play.said + play.n_said, text, n + 1);
    play.n_said += n;
}

void pq_note(const char *fmt, ...)
{
    char line[4096];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    say(line);
    say("\n");
}

/* How a session is kept clean and what stands in catalogs is asked around every step, and says nothing of it. */
static bool is_about_it(const char *text)
{
    static const char *const around[] = {"@postgis_pin_", "@postgis_catalog_", "@postgis_observe_",
                                         "@postgis_clean_", "@pg_pin_"};
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        if (strncmp(text, around[i], strlen(around[i])) == 0) {
            return false;
        }
    }
    return true;
}

static void say_asked(const struct command *c)
{
    if (!is_about_it(c->text)) {
        return;
    }
    say(c->text);
    say("\n");
    for (int i = 0; i < c->n_params; i++) {
        say("    ");
        const char *param = c->param[i] == NULL ? "NULL" : c->param[i];
        say(strlen(param) > 100 && strstr(pq_said(), param) != NULL ? "(as before)" : param);
        say("\n");
    }
}

/* The line that l gives way to, if it is this question's turn to go wrong. */
static struct line *faulty(struct line *l, const struct command *c)
{
    play.n_asked++;
    for (int i = 0; i < play.n_faults && l != NULL; i++) {
        if (play.fault[i].n == play.n_asked) {
            l = &play.fault[i].line;
            l->answer = strcmp(c->text, "connect") == 0
                            ? (char *)(uintptr_t) "words Connection refused"
                            : l->answer;
        }
    }
    return l;
}

void pq_model(pq_serve *serve, void *ctx)
{
    play.serve = serve;
    play.model = ctx;
}

/* The answer that the test's model of a server makes of the script's. It stays until the session's next question. */
static struct line *served(struct line *l, PGconn *conn, const struct command *c)
{
    static struct line told[SESSIONS];
    static char *text[SESSIONS];
    int at = conn->number % SESSIONS;
    if (play.serve == NULL) {
        return l;
    }
    const char *answer = play.serve(play.model, conn->number, c->text, c->n_params,
                                    (const char *const *)c->param, l->answer);
    if (answer == l->answer) {
        return l;
    }
    free(text[at]);
    text[at] = strdup(answer);
    told[at] = *l;
    told[at].answer = text[at];
    return &told[at];
}

static void log_line(const struct command *c, const struct line *l)
{
    const char *param = c->n_params > 3 && c->param[3] != NULL ? c->param[3] : "";
    size_t size = strlen(c->text) + strlen(l->answer) + strlen(param) + 16;
    play.log = realloc(play.log, play.n_log + size);
    play.n_log += (size_t)snprintf(play.log + play.n_log, size, "%s%s%.8s -> %s\n", c->text,
                                   param[0] != '\0' ? " " : "", param, l->answer);
}

struct line *play_take_line(PGconn *conn, const struct command *c)
{
    struct line *l = faulty(play_find_line(conn, c, false), c);
    if (getenv("PQ_TRACE") != NULL) {
        print_asked(c);
    }
    if (l == NULL && play.wrong[0] == '\0') {
        const struct line *next = play.next < play.n ? &play.v[play.next] : NULL;
        (void)snprintf(play.wrong, sizeof play.wrong,
                       "line %d: expected %s, session %d asked %.300s", next ? next->number : 0,
                       next ? next->pattern : "the end", conn->number, c->text);
        print_asked(c);
    }
    if (l != NULL) {
        l = served(l, conn, c);
        log_line(c, l);
        say_asked(c);
    }
    return l;
}

bool pq_played(void)
{
    while (play.next < play.n && play.v[play.next].left <= 0) {
        play.next++;
    }
    bool good = play.wrong[0] == '\0' && play.next == play.n && play.n_open == 0;
    if (play.wrong[0] != '\0') {
        printf("# %s\n", play.wrong);
    } else if (play.next < play.n) {
        printf("# line %d was not asked: %s\n", play.v[play.next].number,
               play.v[play.next].pattern);
    } else if (play.n_open != 0) {
        printf("# connections still open: %d\n", play.n_open);
    }
    return good;
}

/* --- time ------------------------------------------------------------------------------------------------------- */

void pq_pass(int64_t ms)
{
    play.now += ms;
}

int64_t pq_now(void)
{
    return play.now;
}

int pq_cancels(void)
{
    return *play.cancels;
}

const char *pq_copied(void)
{
    return play.copied == NULL ? "" : play.copied;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    if (id != CLOCK_MONOTONIC) {
        return (int)syscall(SYS_clock_gettime, id, t);
    }
    *t = (struct timespec){.tv_sec = 1000 + play.now / 1000, .tv_nsec = play.now % 1000 * 1000000};
    return 0;
}

static uint64_t lot;

void pq_draw_again(void)
{
    lot = 0;
}

ssize_t getrandom(void *p, size_t n, unsigned flags)
{
    unsigned char *to = p;
    (void)flags;
    for (size_t i = 0; i < n; i++) {
        lot = lot * 6364136223846793005U + 1442695040888963407U;
        to[i] = (unsigned char)(lot >> 56);
    }
    return (ssize_t)n;
}

/* No disk is waited for. */
int fsync(int fd)
{
    (void)fd;
    return 0;
}

int nanosleep(const struct timespec *t, struct timespec *left)
{
    (void)left;
    pq_pass((int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000);
    return 0;
}
