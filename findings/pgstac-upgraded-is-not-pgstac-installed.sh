#!/bin/sh
# pypgstac 0.10.0 (PyPI), its SQL on PostgreSQL 18.3 with PostGIS 3.6.2 (npm pglite 0.5.8): a catalog that was installed as 0.10.0, beside ones that
# were installed as 0.9.12 and 0.7.0 and brought there by the project's own migrations, which it makes by comparing databases and tests.
# Guessed: the same functions, down to their settings and privileges; columns in another order. Seen: one function lost its SET "DateStyle", so that
# in a session with another style it reads a partition's bounds as none at all, without an error; one function stays that is no more; of the older
# one a procedure cannot be called by the role that loads, and what indexes are made of is no longer parallel safe. get_version() says 0.10.0 of
# all three. A version number says which migrations ran, not what is there: compare catalogs, with attributes of functions among what is compared.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install --disable-pip-version-check 'pypgstac[psycopg]==0.10.0'
npm install --silent --no-audit --no-fund --prefix "$dir" @electric-sql/pglite@0.5.8 @electric-sql/pglite-postgis@0.2.8 >/dev/null
cat >"$dir/paths.py" <<'PY'
import json
import pathlib

from pypgstac import migrate

folder = pathlib.Path(migrate.__file__).parent / "migrations"


def files(version):
    steps = migrate.MigrationPath(str(folder), version, "0.10.0").migrations() if version != "0.10.0" else []
    return [str(folder / f"pgstac.{version}.sql"), *(str(folder / pathlib.Path(s).name) for s in steps)]


print(json.dumps({version: files(version) for version in ("0.10.0", "0.9.12", "0.7.0")}))
PY
"$dir/v/bin/python" "$dir/paths.py" >"$dir/paths.json"
cat >"$dir/run.mjs" <<'JS'
import fs from 'fs'
import { PGlite } from '@electric-sql/pglite'
import { postgis } from '@electric-sql/pglite-postgis'
import { btree_gist } from '@electric-sql/pglite/contrib/btree_gist'
import { unaccent } from '@electric-sql/pglite/contrib/unaccent'

const functions = `SELECT p.oid::regprocedure::text AS name, coalesce(array_to_string(proconfig, ' '), 'none') AS settings,
  proparallel AS parallel, has_function_privilege('pgstac_ingest', p.oid, 'EXECUTE') AS loader_may, provolatile AS volatility, prosrc AS text
  FROM pg_proc AS p WHERE pronamespace = 'pgstac'::regnamespace ORDER BY 1`
const table = `CREATE TABLE public.part (datetime timestamptz
  CHECK (datetime >= '2020-03-04 00:00:00+00' AND datetime <= '2020-05-06 00:00:00+00'))`

async function catalog(files) {
  const db = await PGlite.create({ extensions: { postgis, btree_gist, unaccent } })
  await db.exec('CREATE EXTENSION postgis; CREATE EXTENSION btree_gist; CREATE EXTENSION unaccent')
  for (const file of files) await db.exec(`BEGIN; ${fs.readFileSync(file, 'utf8')}; COMMIT`)
  const one = async (sql) => Object.values((await db.query(sql)).rows[0])[0]
  await db.exec(`RESET ROLE; RESET search_path; ${table}; SET search_path = pgstac, public`)
  const version = await one('SELECT get_version()')
  const bounds = "SELECT get_tstz_constraint('public.part'::regclass, 'datetime')"
  const iso = await one(`SELECT (${bounds}) = '[2020-03-04 00:00+00,2020-05-06 00:00+00]'`)
  await db.exec("SET DateStyle = 'German'")
  const german = await one(`SELECT (${bounds}) = '(,)'`)
  console.log(`  says ${version}; bounds are read ${iso}; none are read under DateStyle German: ${german}`)
  await db.exec("SET DateStyle = 'ISO, MDY'; SET search_path = ''")
  return new Map((await db.query(functions)).rows.map(row => [row.name, row]))
}

const paths = JSON.parse(fs.readFileSync(process.argv[2]))
let installed
for (const version in paths) {
  console.log(`from ${version}, ${paths[version].length} files`)
  const there = await catalog(paths[version])
  installed ??= there
  for (const [name, is] of there) {
    const was = installed.get(name)
    if (!was) console.log(`  ${name} is left`)
    for (const key in was ?? {}) if (was[key] !== is[key]) console.log(`  ${name}: ${key} ${is[key]}, not ${was[key]}`)
  }
  for (const name of installed.keys()) if (!there.has(name)) console.log(`  ${name} is missing`)
}
JS
node "$dir/run.mjs" "$dir/paths.json" >"$dir/seen"
cat >"$dir/expected" <<'TEXT'
from 0.10.0, 1 files
  says 0.10.0; bounds are read true; none are read under DateStyle German: false
from 0.9.12, 2 files
  says 0.10.0; bounds are read true; none are read under DateStyle German: true
  pgstac.get_tstz_constraint(oid,text): settings none, not DateStyle=ISO, YMD
  pgstac.pgstac_admin_owns() is left
from 0.7.0, 31 files
  says 0.10.0; bounds are read true; none are read under DateStyle German: true
  pgstac.get_tstz_constraint(oid,text): settings none, not DateStyle=ISO, YMD
  pgstac.pgstac_admin_owns() is left
  pgstac.run_queued_queries(): loader_may false, not true
  pgstac.to_float(jsonb): parallel u, not s
  pgstac.to_int(jsonb): parallel u, not s
  pgstac.to_text(jsonb): parallel u, not s
  pgstac.to_text_array(jsonb): parallel u, not s
  pgstac.to_tstz(jsonb): parallel u, not s
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: an upgraded pgstac says the same version and is another one"
