/* Words for libyaml's errors. */
#include "doc/yaml_words.h"

#include <string.h>

/* Matched in order; "" matches anything. first: the character at the problem, or 0 for any. */
struct row {
    const char *context;
    const char *problem;
    char first;
    bool at_context;
    const char *msg;
    const char *hint;
};

static const struct row rows[] = {
    {"an anchor", "", 0, true, "'&' starts an anchor: anchors are not allowed",
     "write the value out, or put it in quotes if '&' is meant"},
    {"an alias", "", 0, true, "'*' starts an alias: aliases are not allowed",
     "write the value out, or put it in quotes if '*' is meant"},
    {"a tag", "", 0, true, "'!' starts a tag: tags are not allowed",
     "write the value out, or put it in quotes if '!' is meant"},
    {"", "tag handle", 0, false, "'!' starts a tag: tags are not allowed",
     "write the value out, or put it in quotes if '!' is meant"},
    {"directive", "", 0, true, "a directive (\"%\" line): directives are not allowed",
     "remove the line, or put the value in quotes"},
    {"", "incompatible YAML", 0, false, "a directive (\"%\" line): directives are not allowed",
     "remove the line"},
    {"", "cannot start any token", '\t', false, "a tab indents this line", "indent with spaces"},
    {"", "cannot start any token", '@', false, "a value may not start with '@'",
     "put it in quotes"},
    {"", "cannot start any token", '`', false, "a value may not start with '`'",
     "put it in quotes"},
    {"", "cannot start any token", '%', false, "a value may not start with '%'",
     "put it in quotes"},
    {"", "cannot start any token", 0, false, "a value may not start with this character",
     "put it in quotes"},
    {"", "tab character", 0, false, "a tab indents this line", "indent with spaces"},
    {"quoted scalar", "unexpected end of stream", 0, true, "a quoted text is not closed",
     "add the closing quote"},
    {"quoted scalar", "document indicator", 0, true, "a quoted text is not closed",
     "add the closing quote"},
    {"quoted scalar", "", 0, false, "an escape in a double-quoted text means nothing",
     "write \\\\ for a backslash, or use single quotes"},
    {"block scalar", "", 0, false, "a block text (| or >) is not written right",
     "start it on the next line, indented with spaces"},
    {"block mapping", "", ':', false, "a key is missing before ':'", "write \"key: value\""},
    {"", "expected node content", ':', false, "a key is missing before ':'",
     "write \"key: value\""},
    {"", "expected node content", 0, false, "a value is missing here",
     "write one, or put this text in quotes"},
    {"", "unexpected ':'", 0, false, "a ':' may not stand here",
     "write \"key: value\" with a blank, or put the text in quotes"},
    {"", "mapping keys are not allowed", 0, false, "a '?' may not stand here",
     "put a text that starts with '?' in quotes"},
    {"", "mapping values are not allowed", 0, false, "a ':' makes a second key here",
     "put a text with \": \" in it in quotes, or check the indentation"},
    {"", "block sequence entries are not allowed", 0, false, "a '-' may not stand here",
     "start the list on a line of its own"},
    {"simple key", "", 0, true, "a ':' is missing after this key",
     "write \"key: value\", or check the indentation"},
    {"block mapping", "", 0, false, "this line does not belong to the map above it",
     "check its indentation, and the quotes of the line before"},
    {"block collection", "", 0, false, "this line does not belong to the list above it",
     "check its indentation"},
    {"flow sequence", "", 0, false, "',' or ']' is missing in a list",
     "close the '[' or separate the values by ','"},
    {"flow mapping", "", 0, false, "',' or '}' is missing in a map",
     "close the '{' or separate the pairs by ','"},
    {"", "<document start>", 0, false, "something stands after the end of the value",
     "check the indentation; a file holds one document"},
};

static bool has(const char *text, const char *part)
{
    return part[0] == '\0' || (text != NULL && strstr(text, part) != NULL);
}

struct yaml_words yaml_words_for(const char *context, const char *problem, struct bytes rest)
{
    char first = rest.n > 0 ? rest.p[0] : '\0';
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        if (has(context, r->context) && has(problem, r->problem) &&
            (r->first == 0 || r->first == first)) {
            return (struct yaml_words){r->msg, r->hint, r->at_context};
        }
    }
    return (struct yaml_words){.msg = problem, .hint = ""};
}
