#!/bin/sh
# Alembic 1.20.1 with SQLAlchemy 2.1.9 and psycopg 3.3.9 on PostgreSQL 18.6: operations run online, and as the script of `--sql` through
# psql, with the dialect options of Alembic's own template (paramstyle named). Guessed: the same rows, or an error while rendering.
# Seen: each tab becomes four blanks, in literals and in the bodies of functions too; a statement that ends in a line comment loses its
# semicolon to it and drags the next one along; NaN and an empty array are rendered as SQL that the server refuses.
# Whoever reviews and runs the script in place of the migration should compare what both leave behind.
set -eu
. "$(dirname "$0")/lib/postgres"
"$dir/v/bin/pip" -q install --disable-pip-version-check alembic==1.20.1 sqlalchemy==2.1.9 'psycopg[binary]==3.3.9'
cat >"$dir/run.py" <<'PY'
import io
import subprocess
import sys

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

psql = [sys.argv[1], "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", sys.argv[2], "-U", "postgres", "-d", "postgres"]
engine = sa.create_engine(f"postgresql+psycopg://postgres@/postgres?host={sys.argv[2]}")


def table(type_):
    return sa.table("t", sa.column("a", type_))


OPERATIONS = {
    "percent": ("text", lambda op: op.bulk_insert(table(sa.Text), [{"a": "5 %"}])),
    "backslash": ("text", lambda op: op.bulk_insert(table(sa.Text), [{"a": "a\\b"}])),
    "tab in a value": ("text", lambda op: op.bulk_insert(table(sa.Text), [{"a": "a\tb"}])),
    "tab in a function": ("text", lambda op: [
        op.execute("CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'a\tb' $$"),
        op.execute("INSERT INTO t SELECT f()")]),
    "ends in a comment": ("text", lambda op: [op.execute("INSERT INTO t VALUES ('a') -- one"),
                                              op.execute("INSERT INTO t VALUES ('b') -- two")]),
    "not a number": ("float8", lambda op: op.bulk_insert(table(sa.Float), [{"a": float("nan")}])),
    "empty array": ("int[]", lambda op: op.bulk_insert(table(postgresql.ARRAY(sa.Integer)), [{"a": []}])),
    "array": ("int[]", lambda op: op.bulk_insert(table(postgresql.ARRAY(sa.Integer)), [{"a": [1, 2]}])),
}


def anew(c, type_):
    c.exec_driver_sql("DROP TABLE IF EXISTS t")
    c.exec_driver_sql(f"CREATE TABLE t (a {type_})")


def rows():
    with engine.connect() as c:
        return repr([r[0] for r in c.exec_driver_sql("SELECT a::text FROM t ORDER BY a")])


for name, (type_, operation) in OPERATIONS.items():
    with engine.begin() as c:
        anew(c, type_)
        with Operations.context(MigrationContext.configure(c)) as op:
            operation(op)
    online = rows()
    with engine.begin() as c:
        anew(c, type_)
    script = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", dialect_opts={"paramstyle": "named"},
        opts={"as_sql": True, "output_buffer": script, "literal_binds": True})
    try:
        with Operations.context(context) as op:
            operation(op)
    except sa.exc.CompileError:
        print(f"{name}: {online}, not rendered")
        continue
    done = subprocess.run(psql, input=script.getvalue(), text=True, capture_output=True)
    print(f"{name}: {online},", rows() if done.returncode == 0 else done.stderr.splitlines()[0].split("ERROR:")[1].strip())
PY
"$dir/v/bin/python" "$dir/run.py" "$bin/psql" "$dir/sock" >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
percent: ['5 %'], ['5 %']
backslash: ['a\\b'], ['a\\b']
tab in a value: ['a\tb'], ['a    b']
tab in a function: ['a\tb'], ['a    b']
ends in a comment: ['a', 'b'], syntax error at or near "INSERT"
not a number: ['NaN'], column "nan" does not exist
empty array: ['{}'], cannot determine type of empty array
array: ['{1,2}'], ['{1,2}']
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: five of eight end differently online and as a script"
