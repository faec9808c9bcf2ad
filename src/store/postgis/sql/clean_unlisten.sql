-- Channels the last migration listened on.
UNLISTEN *
