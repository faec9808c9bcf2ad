/* layer: model */
/* What counts as a connection string or a password in a project file, and what does not. */
#include "tap.h"

#include <stdlib.h>

#include "base/arena.h"
#include "model/leak.h"

static const char dsn[] = "a connection string";
static const char url[] = "a URL with a password";
static const char word[] = "a password";
static const char scram[] = "a password's verifier";

struct row {
    const char *path;
    const char *text;
    const char *what; /* NULL: nothing */
    size_t at;
};

static const struct row rows[] = {
    /* URLs */
    {"x.yml", "dsn_ref: postgres://db/kfm", dsn, 9},
    {"x.yml", "dsn_ref: PostgreSQL://u:p@h/d", dsn, 9},
    {"x.sql", "-- see postgresql://db.example/kfm", dsn, 7},
    {"x.json", "{\"url\":\"postgresql:///kfm\"}", dsn, 8},
    {"x.md", "run psql postgres://u@h/d now", dsn, 9},
    {"x.md", "a URL like `postgres://` is refused", NULL, 0},
    {"x.md", "write postgresql://<host>/<db>", NULL, 0},
    {"x.md", "postgres:// something", NULL, 0},
    {"x.md", "mypostgres://host/db", NULL, 0},
    {"x.md", "jdbc:postgresql://h/d", dsn, 5},
    {"x.md", "https://docs.example/a:b@c", NULL, 0},
    {"x.md", "https://docs.example:8443/a", NULL, 0},
    {"x.md", "https://user@docs.example/", NULL, 0},
    {"x.yml", "url: https://user:hunter2@docs.example/", url, 5},
    {"x.yml", "url: redis://:hunter2@h", url, 5},
    {"x.yml", "url: https://user:$PASSWORD@docs.example/", NULL, 0},
    {"x.yml", "url: https://user:<password>@docs.example/", NULL, 0},
    {"x.sql", "SELECT 'amqp://u:p@h'", url, 8},
    {"x.sql", "SELECT '://'", NULL, 0},
    /* connection strings of pairs */
    {"x.sql", "SELECT dblink('host=a password=b')", dsn, 22},
    {"x.sql", "SELECT dblink('password=b host=a')", dsn, 15},
    {"x.sql", "SELECT dblink('dbname=a\n password=b')", dsn, 25},
    {"x.sql", "SELECT dblink('host=a sslpassword=b')", dsn, 22},
    {"x.sql", "SELECT dblink('host=a password=$1')", NULL, 0},
    {"x.sql", "options password=set, user=sha256:ab", NULL, 0},
    {"x.sql", "options host=sha256:ab, password=set", NULL, 0},
    {"x.sql", "options password=sets, user=sha256:ab", dsn, 8},
    {"x.sql", "SELECT dblink('host=a password=set')", dsn, 22},
    {"x.sql", "SELECT dblink('password=set host=a')", dsn, 15},
    {"x.sql", "UPDATE u SET user='a', password='b'", NULL, 0},
    {"x.sql", "SELECT 1 WHERE host=a AND password=b", NULL, 0},
    {"x.sql", "UPDATE u SET password=crypt(x)", NULL, 0},
    {"x.sql", "SELECT password=hash FROM u", NULL, 0},
    {"x.sql", "-- PGPASSWORD=hunter2 psql", word, 3},
    {"x.yml", "command: run --password=hunter2", word, 13},
    {"x.yml", "command: run --password=$PGPASSWORD", NULL, 0},
    {"x.yml", "command: run --password= x", NULL, 0},
    {"x.md", "log in with password=hunter2", word, 12},
    {"x.md", "log in with password=<yours>", NULL, 0},
    /* keys */
    {"x.yml", "password: hunter2\n", word, 0},
    {"x.yml", "a: 1\n  db_password: 'hunter2'\n", word, 7},
    {"x.yml", "{host: a, password: b}", word, 10},
    {"x.yml", "- password: hunter2", word, 2},
    {"x.yml", "PASSWORD: hunter2", word, 0},
    {"x.yml", "password:\n", NULL, 0},
    {"x.yml", "password: null\n", NULL, 0},
    {"x.yml", "password: ~\n", NULL, 0},
    {"x.yml", "password: \"\"\n", NULL, 0},
    {"x.yml", "password: ${DB_PASSWORD}\n", NULL, 0},
    {"x.yml", "password: # none\n", NULL, 0},
    {"x.yml", "intent: \"reset password: see the notes\"", NULL, 0},
    {"x.yml", "password_hash: x", NULL, 0},
    {"x.yml", "allowed_tables: [password]\n", NULL, 0},
    {"x.json", "{\"password\": \"hunter2\"}", word, 2},
    {"x.json", "{\"a\": 1,\n \"password\" : \"h\"}", word, 11},
    {"x.json", "{\"password\": null}", NULL, 0},
    {"x.json", "{\"password\": [\"a\"]}", NULL, 0},
    {"x.md", "password: hunter2\n", word, 0},
    {"x.md", "- Password: `hunter2`\n", word, 2},
    {"x.md", "**Password:** hunter2\n", word, 2},
    {"x.md", "Password: ask the administrator\n", NULL, 0},
    {"x.md", "the password: hunter2\n", NULL, 0},
    {"x.md", "password:\n", NULL, 0},
    /* SQL */
    {"x.sql", "CREATE ROLE r LOGIN PASSWORD 'hunter2'", word, 20},
    {"x.sql", "alter user r password E'hunter2'", word, 13},
    {"x.sql", "CREATE USER MAPPING FOR r SERVER s OPTIONS (user 'u', password 'p')", word, 54},
    {"x.sql", "CREATE ROLE r PASSWORD\n  'hunter2'", word, 14},
    {"x.sql", "CREATE ROLE r PASSWORD NULL", NULL, 0},
    {"x.sql", "CREATE ROLE r PASSWORD ''", NULL, 0},
    {"x.sql", "COMMENT ON COLUMN u.password IS 'hashed'", NULL, 0},
    {"x.sql", "ALTER TABLE u ADD COLUMN password text DEFAULT 'x'", NULL, 0},
    {"x.sql", "ALTER TABLE u ADD COLUMN my_password 'x'", NULL, 0},
    {"x.sql", "SELECT password::text FROM u", NULL, 0},
    {"x.sql", "password: is a word here", NULL, 0},
    {"x.sql", "CREATE ROLE r PASSWORD_X 'y'", NULL, 0},
    {"x.sql", "CREATE ROLE r PASSWORD $$hunter2$$", word, 14},
    {"x.sql", "CREATE ROLE r PASSWORD $x$hunter2$x$", word, 14},
    {"x.sql", "CREATE ROLE r PASSWORD $1", NULL, 0},
    {"x.sql", "CREATE ROLE r PASSWORD $tag", NULL, 0},
    {"x.sql", "CREATE ROLE r PASSWORD U&'hunter2'", word, 14},
    {"x.sql", "EXECUTE 'CREATE ROLE r PASSWORD ''hunter2'''", word, 23},
    {"x.sql", "EXECUTE format('CREATE ROLE r PASSWORD %L', x)", NULL, 0},
    {"x.sql", "EXECUTE 'CREATE ROLE r PASSWORD ''' || x || ''''", NULL, 0},
    {"x.sql", "-- Host=db;Username=kfm;Password=hunter2", dsn, 24},
    {"x.sql", "-- jdbc:mysql://db/kfm?user=kfm&password=hunter2", url, 8},
    {"x.sql", "-- https://db/kfm?password=$PASSWORD", NULL, 0},
    {"x.sql", "SELECT 1;password=2", NULL, 0},
    {"x.sql", "set PGPASSWORD=yourpasswordhere", NULL, 0},
    {"x.sql", "-- https://ada:xxxx@db.example/", NULL, 0},
    {"x.cypher", "MATCH (u) SET u.password = 'x'", NULL, 0},
    {"x.sql", "-- SCRAM-SHA-256$4096:abc", scram, 3},
    {"x.sql", "SET password_encryption = 'scram-sha-256'", NULL, 0},
    {"x.yml", "", NULL, 0},
    {"x.yml", "password", NULL, 0},
    {"x.yml", "://", NULL, 0},
};

static void check_row(const struct row *r)
{
    size_t at = 0;
    const struct leak *found = leak_file(bytes_str(r->text), r->path, &at);
    is_str(found == NULL ? NULL : found->what, r->what, r->text);
    is_int(found == NULL ? 0 : at, r->at, "and where it begins");
}

/* Hostile files of 128 KB: each takes a moment and not hours. */
static void check_long(const char *part)
{
    struct buf text = {0};
    size_t at = 0;
    while (text.n < 128u << 10) {
        buf_puts(&text, part);
    }
    ok(leak_file(buf_bytes(&text), "x.sql", &at) == NULL, part);
    ok(leak_file(buf_bytes(&text), "x.txt", &at) == NULL, "as another kind of file");
    buf_release(&text);
}

int main(void)
{
    static const char *const parts[] = {"password", "password=",  "password ", "://",
                                        "a://b:c",  "=password=", " x"};
    size_t n = sizeof rows / sizeof rows[0];
    size_t n_parts = sizeof parts / sizeof parts[0];
    tap_plan(2 * (int)(n + n_parts));
    for (size_t i = 0; i < n; i++) {
        check_row(&rows[i]);
    }
    for (size_t i = 0; i < n_parts; i++) {
        check_long(parts[i]);
    }
    return tap_done();
}
