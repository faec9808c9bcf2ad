-- Settings the last migration made go back to what the connection began with.
RESET ALL
