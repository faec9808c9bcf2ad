-- Back to the level that the session came with, whatever a migration made it.
RESET synchronous_commit
