"""A proxy between a PostgreSQL client and its server that can cut, swallow and lose exactly what a test wants.

    with proxy.Proxy(cluster.host, cluster.port) as p:
        p.mode = proxy.LoseCommitReply()
        run(KFM_DSN=pg.dsn(db, host=p.host, port=p.port))
        assert p.fired.is_set()              # the fault did happen

It listens on a Unix socket, or with tcp=True on 127.0.0.1, and passes every connection on to the server's Unix socket (host
beginning with "/") or TCP port. A mode counts from the moment it is set, over all connections, and happens once; afterwards
everything passes again, so that a client that reconnects finds a healthy server. It reads the protocol (version 3, no TLS):
PostgreSQL manual, "Frontend/Backend Protocol", "Message Formats". Every statement sent is kept in p.statements.
"""

import pathlib
import shutil
import socket
import struct
import tempfile
import threading

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
CLIENT, SERVER = "client", "server"  # who sends


class Pass:
    """Pass everything."""

    def bytes_allowed(self, sender, n):
        """How many of the next n bytes of sender may pass before the fault."""
        return n

    def before(self, sender, message):
        """Is the fault due before this message is passed on? See Message."""
        return False

    hold = False  # the fault is silence on open connections instead of an end


class Cut(Pass):
    """Pass `after` bytes of sender on; where one more would pass, end the connection. hold: fall silent instead."""

    def __init__(self, after, sender=CLIENT, hold=False):
        self.left, self.sender, self.hold = after, sender, hold

    def bytes_allowed(self, sender, n):
        if sender != self.sender:
            return n
        allowed = min(n, self.left)
        self.left -= allowed
        return allowed


class Blackhole(Cut):
    """From now on nothing arrives anywhere, and nobody is told."""

    def __init__(self):
        super().__init__(0, hold=True)

    def bytes_allowed(self, sender, n):
        return 0


class LoseCommit(Pass):
    """The client's nth COMMIT, from the first message on that holds since, does not reach the server. hold: fall silent instead of ending
    the connection."""

    def __init__(self, nth=1, hold=False, since=b""):
        self.left, self.hold, self.since, self.counts = nth, hold, since, False

    def is_due(self, message, counted):
        """Is this the nth that counts?"""
        self.counts = self.counts or self.since in message.data
        self.left -= self.counts and counted
        return self.counts and counted and self.left == 0

    def before(self, sender, message):
        return self.is_due(message, message.is_commit)


class LoseCommitReply(LoseCommit):
    """The COMMIT that LoseCommit means is carried out, but the client never hears of it."""

    def before(self, sender, message):
        return self.is_due(message, message.answers_commit)


class LoseEntryReply(Pass):
    """The COMMIT of the first transaction that writes an entry of that kind (None: any) to the ledger is carried out, but the client never
    hears of it."""

    def __init__(self, kind=None):
        self.mark = b"" if kind is None else b'"kind":"%s"' % kind.encode()
        self.left, self.has_entry = 1, False

    def before(self, sender, message):
        self.has_entry = self.has_entry or (b"_ledger_record_entry" in message.data and self.mark in message.data)
        self.left -= self.has_entry and message.answers_commit
        return self.has_entry and message.answers_commit and self.left == 0


class Message:
    """One protocol message: its type byte (b"" for those of the start), the whole of its bytes, and what it means for COMMIT."""

    def __init__(self, kind, data):
        self.kind, self.data = kind, data
        self.is_commit = self.answers_commit = False

    @property
    def body(self):
        return self.data[len(self.kind) + 4:]


class Reader:
    """Splits what one side sends into messages."""

    def __init__(self, started):
        self.buffer, self.started = b"", started
        self.single = 0  # one-byte answers to SSLRequest and the like to come

    def feed(self, data):
        """Returns the messages that are complete now."""
        self.buffer += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self):
        kind = 1 if self.started and not self.single else 0
        if self.single and self.buffer:
            self.single -= 1
            size = 1
        elif len(self.buffer) < kind + 4:
            return None
        else:
            size = kind + struct.unpack("!I", self.buffer[kind:kind + 4])[0]
        if len(self.buffer) < size:
            return None
        message = Message(self.buffer[:kind], self.buffer[:size])
        self.buffer = self.buffer[size:]
        return message


def is_commit(sql):
    """Does the statement text commit?"""
    return sql.strip().rstrip(b";").strip().upper() in (b"COMMIT", b"END", b"COMMIT TRANSACTION", b"COMMIT WORK")


class Connection:
    """One client and its own connection to the server."""

    def __init__(self, proxy, client, server):
        self.proxy, self.sockets = proxy, {CLIENT: client, SERVER: server}
        self.readers = {CLIENT: Reader(started=False), SERVER: Reader(started=True)}
        self.prepared = {}
        self.commit_pending = False
        self.silent = False
        self.pumps = 2

    def pump(self, sender):
        """Pass on what sender sends until an end or a fault; the last of the two pumps gives the descriptors back."""
        self._pump(sender)
        with self.proxy.lock:
            self.pumps -= 1
            if self.pumps == 0 and not self.silent:
                for end in self.sockets.values():
                    end.close()

    def _pump(self, sender):
        source, target = self.sockets[sender], self.sockets[SERVER if sender == CLIENT else CLIENT]
        try:
            while data := source.recv(65536):
                for message in self.readers[sender].feed(data):
                    if not self.pass_on(sender, message, target):
                        return
        except OSError:
            pass
        if not self.silent:
            self.close()

    def pass_on(self, sender, message, target):
        """Returns whether the connection goes on."""
        with self.proxy.lock:
            self.understand(sender, message)
            mode = self.proxy.mode
            if self.silent:
                return True
            due = mode.before(sender, message)
            allowed = 0 if due else mode.bytes_allowed(sender, len(message.data))
            due = allowed < len(message.data)
            if due and not isinstance(mode, Blackhole):
                self.proxy.mode = Pass()
        target.sendall(message.data[:allowed])
        if due:
            self.silent = mode.hold
            self.proxy.fired.set()  # before the client can notice
            if not mode.hold:
                self.close()
        return not due or mode.hold

    def understand(self, sender, message):
        """Note what the message means for COMMIT, and what statement it holds."""
        if sender == SERVER:
            message.answers_commit = self.commit_pending and message.kind in (b"C", b"E")
            self.commit_pending = self.commit_pending and message.kind not in (b"C", b"E")
        elif message.kind == b"":
            self.understand_start(message)
        elif message.kind == b"Q":
            self.statement(message, message.body.rstrip(b"\0"), runs=True)
        elif message.kind == b"P":
            name, sql = message.body.split(b"\0")[:2]
            self.prepared[name] = sql
            self.statement(message, sql, runs=False)
        elif message.kind == b"B":
            name = message.body.split(b"\0")[1]
            message.is_commit = is_commit(self.prepared.get(name, b""))
        self.commit_pending = self.commit_pending or message.is_commit

    def understand_start(self, message):
        if struct.unpack("!I", message.body[:4])[0] in (SSL_REQUEST, GSS_REQUEST):
            self.readers[SERVER].single += 1
        else:
            self.readers[CLIENT].started = True

    def statement(self, message, sql, runs):
        self.proxy.statements.append(sql.decode("utf-8", "replace"))
        message.is_commit = runs and is_commit(sql)

    def close(self):
        for end in self.sockets.values():
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Proxy:
    """Listens until closed. host and port: where clients connect to."""

    def __init__(self, server_host, server_port=5432, tcp=False):
        self.server = (server_host, server_port)
        self.mode = Pass()
        self.fired = threading.Event()
        self.statements = []
        self.lock = threading.Lock()
        self.connections = []
        self.folder = None
        if tcp:
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.host, self.port = self.listener.getsockname()
        else:
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="px", dir="/tmp"))
            self.folder.chmod(0o755)
            self.host, self.port = str(self.folder), 5432
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(self.folder / f".s.PGSQL.{self.port}"))
            (self.folder / f".s.PGSQL.{self.port}").chmod(0o777)
            self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _connect(self):
        host, port = self.server
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                connection = Connection(self, client, self._connect())
            except OSError:
                client.close()
                continue
            self.connections.append(connection)
            for sender in (CLIENT, SERVER):
                threading.Thread(target=connection.pump, args=(sender,), daemon=True).start()

    def close(self):
        """End listening and every connection."""
        if self.listener.fileno() < 0:
            return
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self.listener.close()
        for connection in self.connections:
            connection.close()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
