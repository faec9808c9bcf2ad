#!/bin/sh
# Flyway 13.10.0 (flyway-core and flyway-database-postgresql from Maven, JDBC driver 42.7.8) on PostgreSQL 18.6: for which statements it
# leaves out the transaction by itself. postgresql.transactional.lock is off, without which concurrent builds wait for Flyway's own lock.
# Guessed: all that PostgreSQL refuses within one, as it knows CREATE INDEX CONCURRENTLY, VACUUM and ALTER SYSTEM. Seen: REINDEX TABLE and
# INDEX CONCURRENTLY, CLUSTER without a table, DETACH PARTITION CONCURRENTLY and a procedure that commits are sent in one and fail; REINDEX
# SCHEMA is known, with CONCURRENTLY too. A file with BEGIN and COMMIT of its own ends Flyway's transaction: what stands before an error
# stays, and the history has no row of it.
set -eu
. "$(dirname "$0")/lib/postgres"
. "$(dirname "$0")/lib/java"
jars org.flywaydb:flyway-core:13.10.0 org.flywaydb:flyway-database-postgresql:13.10.0 org.postgresql:postgresql:42.7.8
cat >"$dir/Run.java" <<'JAVA'
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.flywaydb.core.Flyway;
import org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension;

public class Run {
    static void sql(String url, String... statements) throws SQLException {
        try (var c = DriverManager.getConnection(url, "postgres", ""); var s = c.createStatement()) {
            for (String statement : statements) {
                s.execute(statement);
            }
        }
    }

    static String migrate(String url, Path folder) {
        var configuration = Flyway.configure().dataSource(url, "postgres", "").locations("filesystem:" + folder)
            .baselineOnMigrate(true).baselineVersion("0");
        configuration.getConfigurationExtension(PostgreSQLConfigurationExtension.class).setTransactionalLock(false);
        try {
            configuration.load().migrate();
            return "runs";
        } catch (RuntimeException e) {
            Throwable t = e;
            while (t != null && !(t instanceof SQLException)) {
                t = t.getCause();
            }
            return t == null ? e.toString() : "fails with " + ((SQLException) t).getSQLState();
        }
    }

    public static void main(String[] a) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            sql(a[0] + "/postgres", "DROP DATABASE IF EXISTS one", "CREATE DATABASE one");
            sql(a[0] + "/one", "CREATE TABLE t (a int PRIMARY KEY)", "CREATE TABLE p (a int) PARTITION BY LIST (a)",
                "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
                "CREATE PROCEDURE q() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'");
            Files.writeString(Path.of(a[1], "V1__one.sql"), line + "\n");
            System.out.println(line + " " + migrate(a[0] + "/one", Path.of(a[1])));
        }
        try (var c = DriverManager.getConnection(a[0] + "/one", "postgres", "");
             var r = c.createStatement().executeQuery("SELECT (SELECT count(*) FROM pg_class WHERE relname IN ('x', 'y')),"
                 + " (SELECT count(*) FROM flyway_schema_history WHERE version = '1')")) {
            r.next();
            System.out.println("of the last: " + r.getInt(1) + " table, " + r.getInt(2) + " rows of history");
        }
    }
}
JAVA
javac -cp "$dir/jars/*" -d "$dir" "$dir/Run.java"
mkdir "$dir/sql"
cat >"$dir/expected" <<'TEXT'
CREATE INDEX CONCURRENTLY i ON t (a); runs
VACUUM t; runs
REINDEX SCHEMA CONCURRENTLY public; runs
REINDEX TABLE CONCURRENTLY t; fails with 25001
REINDEX (CONCURRENTLY) INDEX t_pkey; fails with 25001
CLUSTER; fails with 25001
ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY; fails with 25001
CALL q(); fails with 2D000
BEGIN; CREATE TABLE x (a int); COMMIT; CREATE TABLE y (a int, a int); fails with 42701
of the last: 1 table, 0 rows of history
TEXT
sed -n 's/; \(runs\|fails with .*\)$/;/p' "$dir/expected" | java -cp "$dir/jars/*:$dir" Run "$url" "$dir/sql" >"$dir/seen" 2>"$dir/said"
diff "$dir/expected" "$dir/seen" && echo "as described: five statements fail in a transaction that they cannot have"
