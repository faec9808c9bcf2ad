#!/bin/sh
# PostGIS 3.6.2 on PostgreSQL 18.3 (npm @electric-sql/pglite-postgis 0.2.8, pglite 0.5.8): what geometry_columns, which desktop programs and
# tile servers ask, says of a column of plain geometry whose table has a CHECK on its SRID or type.
# Guessed: what a validated CHECK of the form the manual shows proves, and nothing otherwise. Seen: the number is cut out of the text of any
# CHECK that holds it: one that is NOT VALID or NOT ENFORCED, one branch of an OR, a condition under NOT, which says the contrary. Where the
# column's name needs quotes even the right form says nothing, and a column whose type is a domain over geometry(Point,4326) is not listed.
# (PostGIS 3.3.2 of Debian 12 is stricter in its own way: see docs/lint/srid-check-not-plain.md.) Only a typed column says what its rows are.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" @electric-sql/pglite@0.5.8 @electric-sql/pglite-postgis@0.2.8 >/dev/null
cat >run.mjs <<'JS'
import { PGlite } from '@electric-sql/pglite'
import { postgis } from '@electric-sql/pglite-postgis'

const db = await PGlite.create({ extensions: { postgis } })
await db.exec('CREATE EXTENSION postgis')

async function listed(title, ...statements) {
  await db.exec('CREATE SCHEMA s; SET search_path = s, public')
  for (const text of statements) await db.exec(text)
  const { rows } = await db.query("SELECT srid, type FROM geometry_columns WHERE f_table_schema = 's'")
  console.log(`${title}: ${rows.map(r => `${r.srid} ${r.type}`).join(', ') || 'not listed'}`)
  await db.exec('DROP SCHEMA s CASCADE')
}

const mars = "INSERT INTO t VALUES ('SRID=3857;POINT(1 1)')"
await listed('the form of the manual', 'CREATE TABLE t (g geometry CHECK (ST_SRID(g) = 4326))')
await listed('NOT VALID over a row of 3857', 'CREATE TABLE t (g geometry)', mars, 'ALTER TABLE t ADD CHECK (ST_SRID(g) = 4326) NOT VALID')
await listed('NOT ENFORCED before one', 'CREATE TABLE t (g geometry CHECK (ST_SRID(g) = 4326) NOT ENFORCED)', mars)
await listed('under NOT', 'CREATE TABLE t (g geometry CHECK (NOT ST_SRID(g) = 4326))', mars)
await listed('either of two', 'CREATE TABLE t (g geometry CHECK (ST_SRID(g) = 4326 OR ST_SRID(g) = 3857))', mars)
await listed('one of two in a list', 'CREATE TABLE t (g geometry CHECK (ST_SRID(g) IN (4326, 3857)))', mars)
await listed('either of two types', "CREATE TABLE t (g geometry CHECK (GeometryType(g) = 'LINESTRING' OR GeometryType(g) = 'POINT'))", mars)
await listed('the form of the manual, name in quotes', 'CREATE TABLE t ("G" geometry CHECK (ST_SRID("G") = 4326))')
await listed('typed, name in quotes', 'CREATE TABLE t ("G" geometry(Point,4326))')
await listed('a domain', 'CREATE DOMAIN d AS geometry(Point,4326)', 'CREATE TABLE t (g d)')
JS
node run.mjs >seen
cat >expected <<'TEXT'
the form of the manual: 4326 GEOMETRY
NOT VALID over a row of 3857: 4326 GEOMETRY
NOT ENFORCED before one: 4326 GEOMETRY
under NOT: 4326 GEOMETRY
either of two: 4326 GEOMETRY
one of two in a list: 0 GEOMETRY
either of two types: 0 LINESTRING
the form of the manual, name in quotes: 0 GEOMETRY
typed, name in quotes: 4326 POINT
a domain: not listed
TEXT
diff expected seen && echo "as described: geometry_columns takes the SRID from the text of any CHECK"
