#!/bin/sh
# SQLAlchemy 2.1.9 (PyPI, with psycopg 3.3.9 and Alembic 1.20.1; reflect(), then create_all()) and drizzle-kit 0.31.11 (npm, with pg 8.23.1;
# pull, and the SQL that it writes) on PostgreSQL 18.6: what each makes again of constraints and columns that are new in 18.
# Guessed: what they do not know they leave out with a warning, as SQLAlchemy does with a column's type; a virtual column stays virtual.
# Seen: the word that is new is dropped in silence, and what remains is another constraint. A key WITHOUT OVERLAPS is a plain one, which takes
# overlapping periods; a foreign key with PERIOD wants equal periods; one that is NOT ENFORCED is enforced, a NOT NULL that is NOT VALID is
# valid; drizzle-kit makes a virtual column a stored one (SQLAlchemy does not). To Alembic both databases equal the model, so a copied
# schema, or one taken over into code, has other rules, and the check of it is clean.
set -eu
. "$(dirname "$0")/lib/postgres"
"$dir/v/bin/pip" -q install --disable-pip-version-check sqlalchemy==2.1.9 'psycopg[binary]==3.3.9' alembic==1.20.1
mkdir "$dir/n"
npm --prefix "$dir/n" install --silent --no-audit --no-fund drizzle-kit@0.31.11 drizzle-orm@0.45.4 pg@8.23.1 >/dev/null
cat >"$dir/schema.sql" <<'SQL'
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE stay (room int, during daterange, PRIMARY KEY (room, during WITHOUT OVERLAPS));
CREATE TABLE meal (room int, during daterange, FOREIGN KEY (room, PERIOD during) REFERENCES stay (room, PERIOD during));
CREATE TABLE loose (p int, CONSTRAINT loose_p FOREIGN KEY (p) REFERENCES parent NOT ENFORCED);
CREATE TABLE half (a int, b int);
ALTER TABLE half ADD CONSTRAINT half_a NOT NULL a NOT VALID;
CREATE TABLE calc (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL);
SQL
cat >"$dir/look.sql" <<'SQL'
SELECT conrelid::regclass || ' ' || contype::text || ': ' || pg_get_constraintdef(oid) FROM pg_constraint
 WHERE conrelid IN ('meal'::regclass, 'loose'::regclass, 'half'::regclass) OR contype = 'p' AND conrelid = 'stay'::regclass
 ORDER BY conrelid::regclass::text;
SELECT 'calc: ' || CASE attgenerated WHEN 'v' THEN 'virtual' WHEN 's' THEN 'stored' END FROM pg_attribute
 WHERE attrelid = 'calc'::regclass AND attname = 'b';
SQL
for name in original sqlalchemy drizzle; do
    psql -q -c "CREATE DATABASE $name"
    db=$name psql -q -c 'CREATE EXTENSION btree_gist'
done
db=original psql -q -f "$dir/schema.sql"
cat >"$dir/run.py" <<'PY'
import sys
import warnings

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

warnings.simplefilter("error", sa.exc.SAWarning)
address = "postgresql+psycopg://postgres@/{}?host=" + sys.argv[1]
model = sa.MetaData()
original, copy = (sa.create_engine(address.format(name), poolclass=sa.NullPool) for name in ("original", "sqlalchemy"))
model.reflect(original)
model.create_all(copy)
for engine in (original, copy):
    with engine.connect() as c:
        print("Alembic finds:", compare_metadata(MigrationContext.configure(c), model), "in", engine.url.database)
PY
"$dir/v/bin/python" "$dir/run.py" "$dir/sock" >"$dir/alembic"
cat >"$dir/n/drizzle.config.json" <<JSON
{"dialect": "postgresql", "out": "./out", "dbCredentials": {"host": "$dir/sock", "user": "postgres", "database": "original", "ssl": false}}
JSON
(cd "$dir/n" && ./node_modules/.bin/drizzle-kit pull --config drizzle.config.json </dev/null >"$dir/log" 2>&1)
sed '1,/^\/\*/d; /^\*\//d' "$dir"/n/out/0000_*.sql | db=drizzle psql -q -v ON_ERROR_STOP=1
{
    for name in original sqlalchemy drizzle; do
        echo "== $name"
        db=$name psql -f "$dir/look.sql"
    done
    cat "$dir/alembic"
    for name in original sqlalchemy drizzle; do
        db=$name psql -q -c "INSERT INTO stay VALUES (1, '[2020-01-01,2020-01-10)'), (1, '[2020-01-05,2020-01-15)')" 2>/dev/null &&
            what=taken || what=refused
        echo "$name: overlapping periods are $what"
    done
} >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
== original
half n: NOT NULL a NOT VALID
loose f: FOREIGN KEY (p) REFERENCES parent(id) NOT ENFORCED
meal f: FOREIGN KEY (room, PERIOD during) REFERENCES stay(room, PERIOD during)
stay p: PRIMARY KEY (room, during WITHOUT OVERLAPS)
calc: virtual
== sqlalchemy
half n: NOT NULL a
loose f: FOREIGN KEY (p) REFERENCES parent(id)
meal f: FOREIGN KEY (room, during) REFERENCES stay(room, during)
stay p: PRIMARY KEY (room, during)
calc: virtual
== drizzle
half n: NOT NULL a
loose f: FOREIGN KEY (p) REFERENCES parent(id)
meal f: FOREIGN KEY (room, during) REFERENCES stay(room, during)
stay p: PRIMARY KEY (room, during)
calc: stored
Alembic finds: [] in original
Alembic finds: [] in sqlalchemy
original: overlapping periods are refused
sqlalchemy: overlapping periods are taken
drizzle: overlapping periods are taken
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: both readers make other constraints, and a check finds none"
