"""The control socket: one line in, one line of JSON out, and the connection is closed.

It does not depend on the reactor: where the reactor is blocked, the signal handler calls
`attend`, which answers those who wait, between two bytecodes of whatever runs.
"""
from __future__ import absolute_import

import errno
import os
import select
import socket
import struct
import time

from diagnostics.private import Refused, close_on_exec, to_json

# Linux: SO_PEERCRED; Python 2.7's socket module has no name for it.
SO_PEERCRED = 17

LINE_MAX = 1024
CONNECTIONS_MAX = 16
BACKLOG = 128
IDLE_SECONDS = 5.0
ATTEND_SECONDS_EACH = 0.2
ATTEND_SECONDS_ALL = 2.0


class Control(object):
    """The listening socket. `execute(words, peer, urgent)` returns a dict or raises."""

    def __init__(self, reactor, directory, audit, execute):
        self._reactor = reactor
        self._directory = directory
        self._audit = audit
        self._execute = execute
        self._listener = directory.listen('control.sock', BACKLOG)
        self._made = directory.identity('control.sock')
        self._connections = []
        self._sweeping = None
        self._busy = False
        self.uids = frozenset((os.geteuid(), 0))
        self.evicted = 0
        reactor.addReader(self)

    def close(self):
        """Stop listening and remove the socket."""
        self._reactor.removeReader(self)
        for connection in list(self._connections):
            connection.close()
        self._listener.close()
        self._directory.remove('control.sock', self._made)

    # What the reactor asks of a reader.

    def fileno(self):
        return self._listener.fileno()

    def logPrefix(self):
        return 'diagnostics control'

    def connectionLost(self, reason):
        pass

    def doRead(self):
        """Accept one connection and let the reactor tell when its line is there."""
        channel, peer = self._accept()
        if channel is None:
            return
        if len(self._connections) >= CONNECTIONS_MAX:
            # The oldest goes, not the newest: who holds many connections open and says
            # nothing can't keep anybody else out.
            self.evicted += 1
            self._connections[0].close()
        connection = _Connection(self, self._reactor, channel, peer)
        self._connections.append(connection)
        if self._sweeping is None:
            self._sweeping = self._reactor.callLater(IDLE_SECONDS / 2, self._sweep)

    def _sweep(self):
        self._sweeping = None
        now = time.time()
        for connection in list(self._connections):
            # A clock set back would keep a connection for ever: that counts as late too.
            if not 0 <= now - connection.since < IDLE_SECONDS:
                connection.close()
        if self._connections:
            self._sweeping = self._reactor.callLater(IDLE_SECONDS / 2, self._sweep)

    def forget(self, connection):
        """Called by a connection that closes."""
        self._connections.remove(connection)

    def attend(self):
        """Answer those who wait, without the reactor; called by the signal handler."""
        if self._busy:
            # The signal came in the middle of a command; the client will ask again.
            return
        began = time.time()
        for _ in range(BACKLOG):
            if not 0 <= time.time() - began < ATTEND_SECONDS_ALL:
                return
            channel, peer = self._accept()
            if channel is None:
                return
            try:
                line = _line_within(channel, ATTEND_SECONDS_EACH)
                if line is not None:
                    self.answer(channel, line, peer, urgent=True)
            finally:
                close(channel)

    def _accept(self):
        # Peers that are not let in are dropped here, so the caller may get nothing.
        try:
            channel, _ = self._listener.accept()
        except socket.error:
            return None, None
        channel.setblocking(False)
        close_on_exec(channel.fileno())
        peer = peer_of(channel)
        if peer['uid'] not in self.uids:
            self._audit.note('control refused', reason='uid', **peer)
            channel.close()
            return None, None
        return channel, peer

    def answer(self, channel, line, peer, urgent):
        """Carry out one line and send the answer."""
        self._busy = True
        try:
            reply = self._reply(line, peer, urgent)
            # Whether the reactor answered or the signal handler: the client can't know.
            reply['urgent'] = urgent
        finally:
            self._busy = False
        try:
            # An answer fits into the socket's buffer; a peer that leaves no room for it
            # does without.
            channel.send(to_json(reply) + '\n')
        except socket.error:
            pass

    def _reply(self, line, peer, urgent):
        try:
            words = words_of(line)
            reply = self._execute(words, peer, urgent)
        except Refused as refused:
            self._audit.note('refused', line=line, reason=str(refused), **peer)
            return {'ok': False, 'error': str(refused)}
        except Exception as error:  # the service must not suffer from its diagnostics
            self._audit.note('failed', line=line, reason=repr(error), **peer)
            return {'ok': False, 'error': 'internal: %s' % type(error).__name__}
        reply['ok'] = True
        return reply


class _Connection(object):
    """A peer that was let in and has not sent its line yet; a reader for the reactor."""

    def __init__(self, control, reactor, channel, peer):
        self._control = control
        self._reactor = reactor
        self._channel = channel
        self._peer = peer
        self._received = ''
        self.since = time.time()
        reactor.addReader(self)

    def fileno(self):
        return self._channel.fileno() if self._channel else -1

    def logPrefix(self):
        return 'diagnostics control'

    def connectionLost(self, reason):
        self.close()

    def close(self):
        """End it; safe to call twice."""
        if self._channel is not None:
            self._reactor.removeReader(self)
            close(self._channel)
            self._channel = None
            self._control.forget(self)

    def doRead(self):
        self._received, complete, ended = _receive(self._channel, self._received)
        if complete:
            self._control.answer(self._channel, self._received, self._peer, urgent=False)
        if complete or ended:
            self.close()


def peer_of(channel):
    """Process, user and group at the other end, as the kernel vouches for them."""
    raw = channel.getsockopt(socket.SOL_SOCKET, SO_PEERCRED, struct.calcsize('3i'))
    pid, uid, gid = struct.unpack('3i', raw)
    return {'pid': pid, 'uid': uid, 'gid': gid}


def close(channel):
    """End a connection now, even where something still refers to the socket."""
    try:
        channel.shutdown(socket.SHUT_RDWR)
    except socket.error:
        pass
    channel.close()


def words_of(line):
    """The words of a command line; `Refused` for what is no command line."""
    if len(line) > LINE_MAX:
        raise Refused('the command is longer than %d bytes' % LINE_MAX)
    text = line.rstrip('\r\n')
    if not text or any(not ' ' <= character <= '~' for character in text):
        raise Refused('a command is one line of printable ASCII')
    return text.split()


def _receive(channel, received):
    """(what was received, is it complete, is the peer gone); never more than the limit."""
    try:
        more = channel.recv(LINE_MAX + 1 - len(received))
    except socket.error as error:
        waits = error.errno in (errno.EAGAIN, errno.EINTR)
        return received, False, not waits
    received += more
    # A peer that closes its sending side has said all it has to say, newline or not.
    complete = '\n' in received or len(received) > LINE_MAX or (not more and received != '')
    return received.split('\n', 1)[0] if '\n' in received else received, complete, not more


def _line_within(channel, seconds):
    began = time.time()
    received, complete, ended = '', False, False
    while not complete and not ended:
        passed = time.time() - began
        # A clock that was set back ends the wait too, rather than make it longer.
        if not 0 <= passed < seconds:
            return None
        try:
            ready = select.select([channel], [], [], seconds - passed)[0]
        except select.error:
            continue
        if ready:
            received, complete, ended = _receive(channel, received)
    return received if complete else None
