-- Deferred constraints and triggers act now, while they can be observed.
SET CONSTRAINTS ALL IMMEDIATE
