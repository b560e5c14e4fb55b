"""The manhole: Twisted's interactive interpreter over telnet on a private Unix socket.

The password is made anew at each switching on and leaves the process once, in the answer on
the control socket. Every login, failed login and command stands in the audit log before it
has any effect; where the log can't be written, the connection ends. It answers only while
the reactor does: for a blocked reactor there are the signals.
"""
from __future__ import absolute_import

import hmac
import os

from twisted.conch import manhole, telnet
from twisted.conch.insults import insults
from twisted.cred import checkers, credentials, error, portal
from twisted.internet import address, defer, tcp
from twisted.protocols import policies
from zope.interface import implementer

from diagnostics import control
from diagnostics.private import Refused, close_on_exec

SOCKET = 'manhole.sock'
USER = 'operator'
CONNECTIONS_MAX = 4
BACKLOG = 32
LOGIN_SECONDS = 15
IDLE_SECONDS = 300
# Without a login for this long the whole manhole closes.
UNUSED_SECONDS = 3600
# A lease that ends later than this was awaited by nobody who could have renewed it: the service
# was blocked, or its clock was set.
LATE_SECONDS = 1.0
# Bytes without the end of a line: a command longer than this ends the connection.
LINE_MAX = 64 * 1024
FAILURES_EACH = 3
FAILURES_ALL = 10


class Manhole(object):
    """A listening manhole. Made at switching on, thrown away at switching off."""

    def __init__(self, reactor, directory, audit, idle_seconds, gone, lease_seconds=None):
        self._reactor = reactor
        self._directory = directory
        self._gone = gone
        self._listener = directory.listen(SOCKET, BACKLOG)
        self._made = directory.identity(SOCKET)
        self._failures = 0
        self._unused = None
        self.connections = []
        self.audit = audit
        self.idle_seconds = idle_seconds
        self.uids = frozenset((os.geteuid(), 0))
        self.path = directory.join(SOCKET)
        self.password = os.urandom(18).encode('base64').strip()
        self.portal = portal.Portal(_Realm(self), [_Checker(self)])
        self._lease = None
        self._lease_ends = 0.0
        self.lease_seconds = lease_seconds
        reactor.addReader(self)
        self.used()
        self.renew()

    def close(self):
        """End all connections and remove the socket."""
        if self._listener is None:
            return
        self._reactor.removeReader(self)
        self._listener.close()
        self._listener = None
        for timer in (self._unused, self._lease):
            if timer is not None and timer.active():
                timer.cancel()
        self._directory.remove(SOCKET, self._made)
        for connection in list(self.connections):
            connection.end('manhole off')

    def status(self):
        """Who is there."""
        status = {'on': True, 'socket': self.path, 'connections': len(self.connections),
                  'logged_in': len([c for c in self.connections if c.user]),
                  'failed_logins': self._failures}
        if self.lease_seconds is not None:
            status['lease_seconds'] = self.lease_seconds
        return status

    def renew(self):
        """The lease, where there is one, begins anew; at its end the manhole closes."""
        if self.lease_seconds is None:
            return
        if self._lease is not None and self._lease.active():
            self._lease.cancel()
        self._lease_ends = self._reactor.seconds() + self.lease_seconds
        self._lease = self._reactor.callLater(self.lease_seconds, self._lease_over)

    def _lease_over(self):
        # In the middle of a long dump nobody can be heard: who wants to renew gets the time for it.
        if self._reactor.seconds() - self._lease_ends > LATE_SECONDS:
            self.renew()
        else:
            self._gone('the lease ran out')

    def used(self):
        """Somebody logged in: the hour until it closes by itself begins anew."""
        if self._unused is not None and self._unused.active():
            self._unused.cancel()
        self._unused = self._reactor.callLater(UNUSED_SECONDS, self._expire)

    def _expire(self):
        if any(connection.user for connection in self.connections):
            self.used()
        else:
            self._gone('unused')

    def failed(self):
        """A wrong name or password; too many of them close the manhole."""
        self._failures += 1
        if self._failures >= FAILURES_ALL:
            # Later, so that the connection at hand ends in an orderly way.
            self._reactor.callLater(0, self._gone, 'too many failed logins')

    # What the reactor asks of a reader.

    def fileno(self):
        return self._listener.fileno() if self._listener else -1

    def logPrefix(self):
        return 'diagnostics manhole'

    def connectionLost(self, reason):
        pass

    def doRead(self):
        try:
            channel, _ = self._listener.accept()
        except EnvironmentError:
            return
        channel.setblocking(False)
        close_on_exec(channel.fileno())
        peer = control.peer_of(channel)
        if peer['uid'] not in self.uids:
            self.audit.note('manhole refused', reason='uid', **peer)
            channel.close()
            return
        if len(self.connections) >= CONNECTIONS_MAX and not self._make_room():
            self.audit.note('manhole refused', reason='connections', **peer)
            channel.close()
            return
        connection = _Connection(self, peer)
        connection.makeConnection(_Channel(channel, connection, self._reactor))

    def _make_room(self):
        # Those who have not logged in make way; those who have are not disturbed.
        for connection in self.connections:
            if not connection.user:
                connection.end('made room')
                return True
        return False


class _Channel(tcp.Server):
    """An accepted connection. `twisted.internet.unix` would need a C extension."""

    def __init__(self, channel, protocol, reactor):
        tcp.Server.__init__(self, channel, protocol, ('', None), None, 0, reactor)

    def getHost(self):
        return address.UNIXAddress(None)

    getPeer = getHost


class _Connection(telnet.TelnetTransport, policies.TimeoutMixin):
    """A telnet connection with limits on time and length."""

    def __init__(self, door, peer):
        telnet.TelnetTransport.__init__(self, _Login, door.portal)
        self.door = door
        self.peer = peer
        self.user = None
        self.failures = 0
        self._unfinished = 0

    def connectionMade(self):
        self.door.connections.append(self)
        self.setTimeout(LOGIN_SECONDS)
        telnet.TelnetTransport.connectionMade(self)

    def dataReceived(self, data):
        if self.user:
            self.resetTimeout()
        end = max(data.rfind('\r'), data.rfind('\n'))
        self._unfinished = self._unfinished + len(data) if end < 0 else len(data) - end - 1
        if self._unfinished > LINE_MAX:
            self.end('a line longer than %d bytes' % LINE_MAX)
            return
        try:
            telnet.TelnetTransport.dataReceived(self, data)
        except Exception as error:  # telnet's own parser gives up on some byte strings
            self.end('not telnet: %s' % type(error).__name__)

    def timeoutConnection(self):
        self.end('idle' if self.user else 'no login in time')

    def logged_in(self, user):
        """The password was right."""
        self.user = user
        self.door.used()
        self.setTimeout(self.door.idle_seconds)

    def end(self, reason):
        """Cut the connection, without waiting for the peer."""
        self.door.audit.note('manhole closed', reason=reason, **self.peer)
        self.transport.abortConnection()

    def connectionLost(self, reason):
        self.setTimeout(None)
        self.door.connections.remove(self)
        telnet.TelnetTransport.connectionLost(self, reason)


class _Login(telnet.AuthenticatingTelnetProtocol):
    """Asks for name and password, a few times."""

    def _ebLogin(self, failure):
        door, connection = self.transport.door, self.transport
        connection.failures += 1
        door.audit.note('login failed', **connection.peer)
        door.failed()
        if connection.failures >= FAILURES_EACH:
            connection.end('failed logins')
        else:
            telnet.AuthenticatingTelnetProtocol._ebLogin(self, failure)

    def _cbLogin(self, avatar):
        connection = self.transport
        try:
            connection.door.audit.require('login', user=USER, **connection.peer)
        except Refused as refused:
            connection.end(str(refused))
            return
        connection.logged_in(USER)
        telnet.AuthenticatingTelnetProtocol._cbLogin(self, avatar)


@implementer(checkers.ICredentialsChecker)
class _Checker(object):
    credentialInterfaces = (credentials.IUsernamePassword,)

    def __init__(self, door):
        self._door = door

    def requestAvatarId(self, offered):
        # Both are always compared, and in a time that tells nothing of where they differ.
        name = hmac.compare_digest(_line(offered.username), USER)
        password = hmac.compare_digest(_line(offered.password), self._door.password)
        if name & password:
            return defer.succeed(USER)
        return defer.fail(error.UnauthorizedLogin())


def _line(text):
    # Telnet ends a line with CR LF, or CR NUL.
    return text.rstrip('\r\x00')


@implementer(portal.IRealm)
class _Realm(object):
    def __init__(self, door):
        self._door = door

    def requestAvatar(self, avatar, mind, *interfaces):
        if telnet.ITelnetProtocol not in interfaces:
            raise NotImplementedError()
        protocol = telnet.TelnetBootstrapProtocol(
            insults.ServerProtocol, _Interpreter, {'reactor': self._door._reactor})
        return telnet.ITelnetProtocol, protocol, lambda: None


class _Interpreter(manhole.Manhole):
    """The interpreter, with each line in the audit log before it runs."""

    def lineReceived(self, line):
        # The terminal's transport is the telnet bootstrap, whose transport is ours.
        connection = self.terminal.transport.transport
        try:
            connection.door.audit.require('command', user=connection.user, line=line,
                                          **connection.peer)
        except Refused as refused:
            connection.end(str(refused))
            return
        manhole.Manhole.lineReceived(self, line)
