/* libpq, loaded by the first call of it: with it come twenty libraries more, which most of a short run's time
 * goes into where no database is asked. The functions bear their own names, so that nothing else here knows.
 * ./configure --libpq=linked leaves this out, and has the loader do it at the start. */
#include "pg/session.h"

#ifndef KFMIG_LIBPQ_LINKED

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static const char file[] = "libpq.so.5";

/* Types and lists of arguments stand in no parentheses, and libpq's header calls parameters otherwise. */
/* NOLINTBEGIN(bugprone-macro-parentheses,readability-inconsistent-declaration-parameter-name) */

#define LIBPQ(result, name, parameters, arguments) static result(*real_##name) parameters;
#define LIBPQ_VOID(name, parameters, arguments) static void(*real_##name) parameters;
#include "pg/libpq.def"
static PQconninfoOption *(*real_PQconninfoParse)(const char *, char **);
static void (*real_PQfreemem)(void *);
#undef LIBPQ
#undef LIBPQ_VOID

/* ISO C knows no way from void * to a function but through memory. */
static bool find(void *library, const char *name, void *to)
{
    void *found = dlsym(library, name);
    memcpy(to, &found, sizeof found);
    return found != NULL;
}

static bool find_all(void *library)
{
    bool all = library != NULL && find(library, "PQconninfoParse", &real_PQconninfoParse) &&
               find(library, "PQfreemem", &real_PQfreemem);
#define LIBPQ(result, name, parameters, arguments) all = all && find(library, #name, &real_##name);
#define LIBPQ_VOID(name, parameters, arguments) LIBPQ(void, name, parameters, arguments)
#include "pg/libpq.def"
#undef LIBPQ
#undef LIBPQ_VOID
    return all;
}

/* Once; it stays until the process ends. */
static bool is_there(void)
{
    static bool was_tried, is;
    if (!was_tried) {
        was_tried = true;
        is = find_all(dlopen(file, RTLD_NOW | RTLD_LOCAL));
    }
    return is;
}

/* Where it is not there nothing is connected: PQconnectStartParams() gives NULL, and PQconninfoParse() says
 * why (pg_fail_conninfo() knows its words). */
#define LIBPQ(result, name, parameters, arguments)                                                 \
    result name parameters                                                                         \
    {                                                                                              \
        return is_there() ? real_##name arguments : (result){0};                                   \
    }
#define LIBPQ_VOID(name, parameters, arguments)                                                    \
    void name parameters                                                                           \
    {                                                                                              \
        if (is_there()) {                                                                          \
            real_##name arguments;                                                                 \
        }                                                                                          \
    }
#include "pg/libpq.def"

PQconninfoOption *PQconninfoParse(const char *text, char **words)
{
    if (is_there()) {
        return real_PQconninfoParse(text, words);
    }
    *words = strdup(file);
    return NULL;
}

void PQfreemem(void *p)
{
    if (is_there()) {
        real_PQfreemem(p);
    } else {
        free(p);
    }
}

/* NOLINTEND(bugprone-macro-parentheses,readability-inconsistent-declaration-parameter-name) */
#endif
