#!/bin/sh
# Alembic 1.20.1 with SQLAlchemy 2.1.9 and psycopg 3.3.9 on PostgreSQL 18.6: autogenerate with compare_server_default=True.
# Guessed: two defaults are compared as expressions, after the server's spelling; json like jsonb. Seen: the server is asked whether their
# values are equal at this moment. A model that says CURRENT_DATE and a table that has the date of today as a constant are the same until
# midnight; current_user and session_user are the same for whoever runs the check; and a column of type json with any default makes the
# whole comparison fail, since json has no equality. A check in CI that is clean says nothing about such defaults.
set -eu
. "$(dirname "$0")/lib/postgres"
"$dir/v/bin/pip" -q install --disable-pip-version-check alembic==1.20.1 sqlalchemy==2.1.9 'psycopg[binary]==3.3.9'
cat >"$dir/run.py" <<'PY'
import sys

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects import postgresql

engine = sa.create_engine(f"postgresql+psycopg://postgres@/postgres?host={sys.argv[1]}")


def look(type_, in_table, in_model):
    with engine.begin() as c:
        c.exec_driver_sql("DROP TABLE IF EXISTS t")
        c.exec_driver_sql(f"CREATE TABLE t (a {type_} DEFAULT {in_table})")
    model = sa.MetaData()
    column = {"date": sa.Date, "text": sa.Text, "json": postgresql.JSON, "jsonb": postgresql.JSONB}[type_]
    sa.Table("t", model, sa.Column("a", column, server_default=sa.text(in_model)))
    with engine.connect() as c:
        today = c.exec_driver_sql("SELECT current_date::text").scalar()
        context = MigrationContext.configure(c, opts={"compare_server_default": True})
        try:
            said = "different" if compare_metadata(context, model) else "the same"
        except sa.exc.ProgrammingError as e:
            said = str(e.orig).splitlines()[0]
    print(type_, in_table.replace(today, "TODAY"), "|", in_model.replace(today, "TODAY"), "=>", said)


with engine.connect() as c:
    today = c.exec_driver_sql("SELECT current_date::text").scalar()
look("date", f"'{today}'", "CURRENT_DATE")
look("date", "'2001-01-01'", "CURRENT_DATE")
look("text", "session_user", "current_user")
look("jsonb", "'{}'", "'{}'")
look("json", "'{}'", "'{}'")
PY
"$dir/v/bin/python" "$dir/run.py" "$dir/sock" >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
date 'TODAY' | CURRENT_DATE => the same
date '2001-01-01' | CURRENT_DATE => different
text session_user | current_user => the same
jsonb '{}' | '{}' => the same
json '{}' | '{}' => operator does not exist: json = unknown
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: equal values now are equal defaults, and json cannot be compared"
