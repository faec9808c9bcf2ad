-- One snapshot for everything that a look reads, until it ends.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
