-- The transaction of one entry of the journal.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE
