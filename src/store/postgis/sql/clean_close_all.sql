-- Session hygiene between migrations: no open cursor of the last one survives.
CLOSE ALL
