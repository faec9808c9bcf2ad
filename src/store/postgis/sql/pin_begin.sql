-- One snapshot for all queries of a full read, where no transaction is open.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
