/* A model of the server that projections are built on: schemas, the ledger's generations and entries, rows,
 * indexes; what a transaction did is there once it is committed, and only then. */
#ifndef KFMIG_TESTS_UNIT_SCRIPTED_HELD_H
#define KFMIG_TESTS_UNIT_SCRIPTED_HELD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "scripted_pq.h"

enum { HELD = 24, HELD_SESSIONS = 32, HELD_TEXT = 64, VERSIONS = 2, ROWS = 2 };

/* number: of the generation that the schema was hidden as, 0: never. rows: sent or copied into its table. */
struct held_schema {
    char name[HELD_TEXT];
    int number, rows;
};
struct held_row {
    int number;
    char state[16], digest[80], content[80];
    const char *facts; /* in the server's arena */
};
struct held_entry {
    char run_id[40], result[16];
};
struct held {
    struct held_schema schema[HELD];
    struct held_row row[HELD];
    struct held_entry entry[HELD];
    int n_schemas, n_rows, n_entries;
};
/* An index and the session in whose open transaction it is made; 0: it is there. */
struct held_index {
    char definition[160];
    int session;
};

/* What a transaction did beside the first one that is open, to be done once it is committed. */
enum { HELD_DEEDS = 32, HELD_PARAMS = 6 };
struct held_deed {
    const char *text, *params[HELD_PARAMS];
};
struct held_beside {
    struct held_deed v[HELD_DEEDS];
    int n;
};

/* kept: a COMMIT whose answer is lost took effect. wanted: rows that readers must see; 0: of all versions.
 * n_begun, n_committed: transactions that may write. */
struct server {
    struct held is, open, before_rehearsal;
    struct held_index index[HELD];
    int n_indexes;
    int session;                           /* whose transaction is open */
    bool in_transaction, kept, is_foreign; /* foreign: a schema stood there before any generation */
    bool has_begun[HELD_SESSIONS], has_failed[HELD_SESSIONS];
    struct held_beside beside[HELD_SESSIONS];
    int wanted, n_begun, n_committed;
    int n_lies; /* states in between that no reader may see */
    const char *lie;
    struct arena a; /* of facts */
    char told[8192];
};

static inline struct held_schema *held_schema(struct held *h, const char *name)
{
    for (int i = 0; i < h->n_schemas; i++) {
        if (strcmp(h->schema[i].name, name) == 0) {
            return &h->schema[i];
        }
    }
    return NULL;
}

static inline struct held_row *held_row(struct held *h, int number)
{
    for (int i = 0; i < h->n_rows; i++) {
        if (h->row[i].number == number) {
            return &h->row[i];
        }
    }
    return NULL;
}

/* The number of the live generation as the ledger says it; 0: none. */
static inline int held_live(const struct held *h)
{
    int live = 0;
    for (int i = 0; i < h->n_rows; i++) {
        live = strcmp(h->row[i].state, "live") == 0 ? h->row[i].number : live;
    }
    return live;
}

static inline int held_entries(const struct held *h, const char *result)
{
    int n = 0;
    for (int i = 0; i < h->n_entries; i++) {
        n += strcmp(h->entry[i].result, result) == 0 ? 1 : 0;
    }
    return n;
}

/* What readers can see must fit what the ledger says, whenever a transaction is through. */
static inline const char *held_lie(struct server *v)
{
    struct held *h = &v->is;
    int n_live = 0;
    int live = held_live(h);
    const struct held_schema *s = held_schema(h, "wells");
    for (int i = 0; i < h->n_rows; i++) {
        n_live += strcmp(h->row[i].state, "live") == 0 ? 1 : 0;
    }
    if (n_live > 1) {
        return "two generations are live";
    }
    if (v->is_foreign && s != NULL && h->n_rows == 0) {
        return NULL;
    }
    if ((s != NULL) != (live != 0)) {
        return "a schema without a live generation, or one without a schema";
    }
    if (held_schema(h, "wells__aside") != NULL) {
        return "the live schema is still aside";
    }
    if (s != NULL && s->number != 0 && s->number != live) {
        return "the live schema is another generation's";
    }
    int wanted = v->wanted > 0 ? v->wanted : VERSIONS * ROWS;
    return s != NULL && s->rows != wanted ? "readers see half of the rows" : NULL;
}

static inline void server_does(struct server *v, struct held *h, int session, const char *text,
                               const char *const *params);

static inline void server_is(struct server *v)
{
    v->n_committed++;
    v->lie = held_lie(v);
    v->n_lies += v->lie != NULL ? 1 : 0;
    if (v->lie != NULL) {
        printf("# %s\n", v->lie);
    }
}

static inline void server_end(struct server *v, int session, bool commits)
{
    struct held_beside *beside = &v->beside[session % HELD_SESSIONS];
    if (v->in_transaction && v->session == session) {
        if (commits) {
            v->is = v->open;
            server_is(v);
        }
        v->in_transaction = false;
    }
    for (int i = 0; i < beside->n && commits; i++) {
        server_does(v, &v->is, session, beside->v[i].text, beside->v[i].params);
        if (v->in_transaction) { /* the first one, which does nothing else to the same */
            server_does(v, &v->open, session, beside->v[i].text, beside->v[i].params);
        }
    }
    if (beside->n > 0 && commits) {
        server_is(v);
    }
    beside->n = 0;
    int n = 0;
    for (int i = 0; i < v->n_indexes; i++) {
        struct held_index x = v->index[i];
        if (x.session != session || commits) {
            x.session = x.session == session ? 0 : x.session;
            v->index[n++] = x;
        }
    }
    v->n_indexes = n;
    v->has_begun[session % HELD_SESSIONS] = false;
    v->has_failed[session % HELD_SESSIONS] = false;
}

static inline bool asks(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The n-th name in double quotes, or what stands between FROM and a blank. */
static inline void quoted(const char *text, const char *behind, char out[static HELD_TEXT])
{
    const char *p = strstr(text, behind);
    p = p == NULL ? "" : p + strlen(behind);
    p += *p == '"' ? 1 : 0;
    (void)snprintf(out, HELD_TEXT, "%.*s", (int)strcspn(p, "\". ,;"), p);
}

static inline void put_row(struct server *v, struct held *h, const char *const *params)
{
    int number = (int)strtol(params[1], NULL, 10);
    struct held_row *r = held_row(h, number);
    r = r != NULL ? r : &h->row[h->n_rows++];
    r->number = number;
    (void)snprintf(r->state, sizeof r->state, "%s", params[2]);
    (void)snprintf(r->digest, sizeof r->digest, "%s", params[3] == NULL ? "NULL" : params[3] + 2);
    (void)snprintf(r->content, sizeof r->content, "%s", params[4] == NULL ? "NULL" : params[4] + 2);
    r->facts = arena_strdup(&v->a, params[5]);
}

static inline void drop_row(struct held *h, int number)
{
    struct held_row *r = held_row(h, number);
    if (r != NULL) {
        *r = h->row[--h->n_rows];
    }
}

static inline void rename_schema(struct held *h, const char *text)
{
    char from[HELD_TEXT];
    char to[HELD_TEXT];
    quoted(text, "ALTER SCHEMA ", from);
    quoted(text, "RENAME TO ", to);
    struct held_schema *s = held_schema(h, from);
    const char *number = strstr(to, "__g");
    if (s != NULL) {
        (void)snprintf(s->name, sizeof s->name, "%s", to);
        s->number = number != NULL ? (int)strtol(number + 3, NULL, 10) : s->number;
    }
}

/* DROP SCHEMA [IF EXISTS] name, ... [CASCADE] */
static inline void drop_schemas(struct held *h, const char *text)
{
    char name[HELD_TEXT];
    const char *exists = strstr(text, "EXISTS ");
    const char *p = exists != NULL ? exists + strlen("EXISTS ") : text + strlen("DROP SCHEMA ");
    for (; p != NULL; p = strstr(p, ", ")) {
        p += strspn(p, ", ");
        quoted(p, "", name);
        struct held_schema *s = held_schema(h, name);
        if (s != NULL) {
            *s = h->schema[--h->n_schemas];
        }
    }
}

static inline void add_rows(struct held *h, const char *text, const char *behind, int rows)
{
    char name[HELD_TEXT];
    quoted(text, behind, name);
    struct held_schema *s = held_schema(h, name);
    if (s != NULL) {
        s->rows = rows == 0 ? 0 : s->rows + rows;
        s->number = rows == 0 ? 0 : s->number; /* what is put there next is another generation's */
    }
}

/* A statement that was answered well. */
static inline void server_does(struct server *v, struct held *h, int session, const char *text,
                               const char *const *params)
{
    char name[HELD_TEXT];
    if (asks(text, "CREATE SCHEMA ")) {
        quoted(text, "CREATE SCHEMA ", name);
        struct held_schema s = {.number = 0};
        (void)snprintf(s.name, sizeof s.name, "%s", name);
        h->schema[h->n_schemas++] = s;
    } else if (asks(text, "ALTER SCHEMA ")) {
        rename_schema(h, text);
    } else if (asks(text, "DROP SCHEMA ")) {
        drop_schemas(h, text);
    } else if (asks(text, "COPY ")) {
        add_rows(h, text, "COPY ", ROWS);
    } else if (asks(text, "INSERT INTO wells__") || asks(text, "INSERT INTO \"wells")) {
        add_rows(h, text, "INSERT INTO ", ROWS);
    } else if (asks(text, "DELETE FROM ")) {
        add_rows(h, text, "DELETE FROM ", 0);
    } else if (asks(text, "CREATE INDEX ")) {
        struct held_index *x = &v->index[v->n_indexes++];
        x->session = session;
        (void)snprintf(x->definition, sizeof x->definition, "%s", text);
    } else if (asks(text, "SAVEPOINT kfmig_rehearsal")) {
        v->before_rehearsal = *h;
    } else if (asks(text, "ROLLBACK TO SAVEPOINT kfmig_rehearsal")) {
        *h = v->before_rehearsal;
    } else if (strcmp(text, "@ledger_generation_put_row") == 0) {
        put_row(v, h, params);
    } else if (strcmp(text, "@ledger_generation_drop") == 0) {
        drop_row(h, (int)strtol(params[1], NULL, 10));
    } else if (strcmp(text, "@ledger_record_entry") == 0) {
        struct held_entry *x = &h->entry[h->n_entries++];
        (void)snprintf(x->result, sizeof x->result, "%s", params[3]);
        (void)snprintf(x->run_id, sizeof x->run_id, "%s", params[4]);
    }
}

/* The schemas whose names stand in a list, with no privileges. */
static inline void tell_schemas(struct server *v, struct held *h, const char *list)
{
    char name[HELD_TEXT + 2];
    for (int i = 0; i < h->n_schemas; i++) {
        (void)snprintf(name, sizeof name, "\"%s\"", h->schema[i].name);
        if (strstr(list, name) != NULL) {
            size_t n = strlen(v->told);
            (void)snprintf(v->told + n, sizeof v->told - n, "%s %s | NULL", n > 4 ? " ;" : "",
                           h->schema[i].name);
        }
    }
}

static inline void tell_rows(struct server *v, struct held *h)
{
    for (int i = 0; i < h->n_rows; i++) {
        const struct held_row *r = &h->row[i];
        size_t n = strlen(v->told);
        (void)snprintf(v->told + n, sizeof v->told - n,
                       "%s wells | %d | %s | %s | %s | %s | 2001-01-02T03:04:05.000006Z",
                       i > 0 ? " ;" : "", r->number, r->state, r->digest, r->content, r->facts);
    }
}

static inline void tell_indexes(struct server *v, int session)
{
    for (int i = 0; i < v->n_indexes; i++) {
        const char *name = v->index[i].definition + strlen("CREATE INDEX ");
        if (v->index[i].session == 0 || v->index[i].session == session) {
            size_t n = strlen(v->told);
            (void)snprintf(v->told + n, sizeof v->told - n, "%s %.*s | %s", n > 4 ? " ;" : "",
                           (int)strcspn(name, " "), name, v->index[i].definition);
        }
    }
}

/* Now, where it is of the first transaction, or an index; else with that session's COMMIT. */
static inline void server_did(struct server *v, int session, const char *text, int n_params,
                              const char *const *params)
{
    struct held_beside *beside = &v->beside[session % HELD_SESSIONS];
    bool is_first = v->in_transaction && v->session == session;
    if (is_first || !v->has_begun[session % HELD_SESSIONS] || asks(text, "CREATE INDEX ")) {
        server_does(v, &v->open, session, text, params);
        return;
    }
    bool is_row = strcmp(text, "@ledger_generation_put_row") == 0;
    if (is_row || asks(text, "COPY ") || asks(text, "INSERT INTO ")) {
        struct held_deed *d = &beside->v[beside->n++];
        d->text = arena_strdup(&v->a, text);
        for (int i = 0; is_row && i < n_params && i < HELD_PARAMS; i++) {
            d->params[i] = params[i] != NULL ? arena_strdup(&v->a, params[i]) : NULL;
        }
    }
}

/* What the script leaves to the model: "ask". */
static inline const char *server_tells(struct server *v, int session, const char *text,
                                       const char *const *params)
{
    bool inside = v->in_transaction && v->session == session;
    struct held *h = inside ? &v->open : &v->is;
    int most = 0;
    (void)snprintf(v->told, sizeof v->told, "rows");
    if (strcmp(text, "@postgis_generation_schemas") == 0) {
        tell_schemas(v, h, params[0]);
    } else if (strcmp(text, "@ledger_generation_list") == 0) {
        tell_rows(v, h);
    } else if (strcmp(text, "@postgis_generation_indexes_found") == 0) {
        tell_indexes(v, session);
    } else if (strcmp(text, "@ledger_generation_next_number") == 0) {
        for (int i = 0; i < h->n_rows; i++) {
            most = h->row[i].number > most ? h->row[i].number : most;
        }
        (void)snprintf(v->told, sizeof v->told, "rows %d", most + 1);
    } else if (asks(text, "DELETE FROM ")) {
        char name[HELD_TEXT];
        quoted(text, "DELETE FROM ", name);
        const struct held_schema *s = held_schema(h, name);
        (void)snprintf(v->told, sizeof v->told, "DELETE %d", s == NULL ? 0 : s->rows);
    } else if (strcmp(text, "@ledger_find_run") == 0) {
        bool found = false;
        for (int i = 0; i < v->is.n_entries; i++) {
            found = found || strcmp(v->is.entry[i].run_id, params[0]) == 0;
        }
        (void)snprintf(v->told, sizeof v->told, "rows %s", found ? "t" : "f");
    }
    return v->told;
}

/* pq_serve. A transaction that has failed takes nothing but its end. */
static inline const char *server_hears(void *ctx, int session, const char *text, int n_params,
                                       const char *const *params, const char *answer)
{
    struct server *v = ctx;
    bool *has_failed = &v->has_failed[session % HELD_SESSIONS];
    (void)n_params;
    if (asks(answer, "cut") || asks(answer, "fatal") || asks(answer, "deaf")) {
        server_end(v, session, v->kept && strcmp(text, "COMMIT") == 0 && !*has_failed);
        return answer;
    }
    if (strcmp(text, "COMMIT") == 0) {
        bool commits = asks(answer, "COMMIT") && !*has_failed;
        server_end(v, session, commits);
        return asks(answer, "COMMIT") && !commits ? "ROLLBACK" : answer;
    }
    if (strcmp(text, "ROLLBACK") == 0 || strcmp(text, "close") == 0) {
        server_end(v, session, false);
        return answer;
    }
    if (asks(answer, "error") || asks(answer, "silence")) {
        *has_failed = v->has_begun[session % HELD_SESSIONS];
        return answer;
    }
    if (strcmp(text, "@postgis_pin_undo") == 0 || asks(text, "ROLLBACK TO")) {
        *has_failed = false;
    }
    if (*has_failed) {
        return "error 25P02";
    }
    if (asks(text, "BEGIN") || strcmp(text, "@postgis_begin") == 0 ||
        strcmp(text, "@postgis_look_begin") == 0 || strcmp(text, "@ledger_journal_begin") == 0) {
        v->has_begun[session % HELD_SESSIONS] = true;
        /* A crew's transactions run side by side. */
        if (!v->in_transaction) {
            v->open = v->is;
            v->session = session;
            v->in_transaction = true;
            v->n_begun++;
        }
        return answer;
    }
    const char *told = strcmp(answer, "ask") == 0 ? server_tells(v, session, text, params) : answer;
    server_did(v, session, text, n_params, params);
    return told;
}

#endif
