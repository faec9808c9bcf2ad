#!/bin/sh
# PostgreSQL 18.6: what CREATE OR REPLACE with the text that is there already leaves of what was said of an object by other statements.
# Guessed: it takes the definition and leaves what was set beside it; a function's attributes go, as the manual says of functions.
# Seen: owner, privileges, comments and a view's default stay. A view's options go, so that one which was security_invoker by ALTER VIEW reads
# with its owner's rights again. A trigger fires as if it were new: what was disabled is on, what was ALWAYS no longer fires on a replica, also
# in each partition. A rule stays as it was switched, by the same words. A function no longer depends on the extension it was bound to.
# A deployment that runs its definitions again, changed or not, undoes what an operator switched off.
set -eu
. "$(dirname "$0")/lib/postgres"
psql -q -f - >"$dir/seen" <<'SQL'
CREATE TABLE t (a int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';

CREATE VIEW v AS SELECT a FROM t;
ALTER VIEW v SET (security_invoker = true);
ALTER VIEW v ALTER a SET DEFAULT 5;
COMMENT ON VIEW v IS 'kept';
GRANT SELECT ON v TO PUBLIC;
CREATE OR REPLACE VIEW v AS SELECT a FROM t;
SELECT 'view: options', coalesce(reloptions::text, 'gone'), 'comment', obj_description(oid, 'pg_class'), 'readers', cardinality(relacl),
    'defaults', (SELECT count(*) FROM pg_attrdef WHERE adrelid = c.oid) FROM pg_class c WHERE relname = 'v';

CREATE TRIGGER off BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER always BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
ALTER TABLE t DISABLE TRIGGER off;
ALTER TABLE t ENABLE ALWAYS TRIGGER always;
SELECT 'trigger before:', tgname, tgenabled FROM pg_trigger WHERE tgrelid = 't'::regclass ORDER BY tgname;
CREATE OR REPLACE TRIGGER off BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE OR REPLACE TRIGGER always BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
SELECT 'trigger after:', tgname, tgenabled FROM pg_trigger WHERE tgrelid = 't'::regclass ORDER BY tgname;

CREATE TABLE p (a int) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
CREATE TRIGGER cloned AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
ALTER TABLE p1 DISABLE TRIGGER cloned;
CREATE OR REPLACE TRIGGER cloned AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
SELECT 'of a partition:', tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'p1'::regclass;

CREATE RULE r AS ON INSERT TO t DO ALSO SELECT 1;
ALTER TABLE t DISABLE RULE r;
CREATE OR REPLACE RULE r AS ON INSERT TO t DO ALSO SELECT 1;
SELECT 'rule after:', rulename, ev_enabled FROM pg_rewrite WHERE rulename = 'r';

ALTER FUNCTION f() DEPENDS ON EXTENSION plpgsql;
SELECT 'function: extensions before', count(*) FROM pg_depend WHERE objid = 'f'::regproc AND deptype = 'x';
CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
SELECT 'function: extensions after', count(*) FROM pg_depend WHERE objid = 'f'::regproc AND deptype = 'x';
SQL
cat >"$dir/expected" <<'TEXT'
view: options|gone|comment|kept|readers|2|defaults|1
trigger before:|always|A
trigger before:|off|D
trigger after:|always|O
trigger after:|off|O
of a partition:|cloned|O
rule after:|r|D
function: extensions before|1
function: extensions after|0
TEXT
diff "$dir/expected" "$dir/seen" && echo "as described: CREATE OR REPLACE switches triggers on and takes a view's options away"
