"""Files, pipes and sockets that belong to one user and replace nothing.

Everything the kit makes stands in one directory (mode 0700, ours). Nothing here follows a
symbolic link, opens what another user owns, or writes over something that exists.
"""
from __future__ import absolute_import

import errno
import fcntl
import json
import os
import socket
import stat

# Linux: sizeof(struct sockaddr_un.sun_path) is 108 with its closing zero.
SOCKET_PATH_MAX = 107


class Refused(Exception):
    """Something was asked for that the kit will not do; the text says why."""


class Directory(object):
    """The private directory. Raises `Refused` where it is not private."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        try:
            os.mkdir(self.path, 0o700)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise Refused('%s: %s' % (self.path, error.strerror))
        try:
            # Held open for good: `_check` compares with it, so a directory put in its
            # place later is noticed.
            self._fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            raise Refused('%s: %s' % (self.path, error.strerror))
        close_on_exec(self._fd)
        self._check()

    def close(self):
        """Let go of the directory; what is in it stays."""
        os.close(self._fd)

    def _check(self):
        held, named = os.fstat(self._fd), _lstat(self.path)
        if named is None or _identity(held) != _identity(named):
            raise Refused('%s is no longer the directory it was' % self.path)
        if held.st_uid != os.geteuid():
            raise Refused('%s belongs to another user' % self.path)
        if stat.S_IMODE(held.st_mode) & 0o077:
            raise Refused('%s is open to other users (chmod 700 it)' % self.path)

    def join(self, name):
        """The path of a name in the directory, after a look at the directory."""
        self._check()
        return os.path.join(self.path, name)

    def create(self, name):
        """A new file to write to, as a file descriptor; an existing name is refused."""
        path = self.join(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        return close_on_exec(_open(path, flags))

    def append(self, name):
        """A file of ours to append to, made where it is missing, as a file descriptor."""
        path = self.join(name)
        # Non-blocking, so that a pipe in its place can't hold us up.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        fd = _open(path, flags)
        state = os.fstat(fd)
        if not stat.S_ISREG(state.st_mode) or not _is_ours(state) or state.st_nlink != 1:
            os.close(fd)
            raise Refused('%s is not a plain file of ours' % path)
        return close_on_exec(fd)

    def pipe(self, name):
        """Make a named pipe and return its path; one of ours that was left over is used."""
        path = self.join(name)
        try:
            os.mkfifo(path, 0o600)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise Refused('%s: %s' % (path, error.strerror))
            state = _lstat(path)
            if state is None or not stat.S_ISFIFO(state.st_mode) or not _is_ours(state):
                raise Refused('%s exists and is not a pipe of ours' % path)
        return path

    def listen(self, name, backlog):
        """A listening socket; one that a dead process left over is replaced."""
        path = self.join(name)
        if len(path) > SOCKET_PATH_MAX:
            raise Refused('%s is too long for a socket (%d bytes, at most %d)'
                          % (path, len(path), SOCKET_PATH_MAX))
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            try:
                _bind(listener, path)
            except socket.error as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                self._remove_left_over(path)
                _bind(listener, path)
            listener.listen(backlog)
        except (socket.error, OSError) as error:
            listener.close()
            raise Refused('%s: %s' % (path, error.strerror))
        except Refused:
            listener.close()
            raise
        listener.setblocking(False)
        close_on_exec(listener.fileno())
        return listener

    def _remove_left_over(self, path):
        state = _lstat(path)
        if state is None:
            return
        if not stat.S_ISSOCK(state.st_mode) or not _is_ours(state):
            raise Refused('%s exists and is not a socket of ours' % path)
        probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if probe.connect_ex(path) != errno.ECONNREFUSED:
                raise Refused('%s is in use by a living process' % path)
        finally:
            probe.close()
        os.unlink(path)

    def remove_left_over_file(self, name):
        """Remove a plain file of ours that a dead process left; refuse anything else."""
        path = self.join(name)
        state = _lstat(path)
        if state is None:
            return
        if not stat.S_ISREG(state.st_mode) or not _is_ours(state):
            raise Refused('%s exists and is not a file of ours' % path)
        os.unlink(path)

    def identity(self, name):
        """What a name stands for now, to be given to `remove` later."""
        state = _lstat(os.path.join(self.path, name))
        return None if state is None else _identity(state)

    def remove(self, name, identity):
        """Remove a name, if it still stands for what it stood for."""
        try:
            path = self.join(name)
            if identity is not None and self.identity(name) == identity:
                os.unlink(path)
        except (Refused, OSError):
            # Someone put something else there, or took it away: not ours to remove.
            pass


def write_all(fd, data):
    """Write everything or raise OSError (a full disk, a file size limit)."""
    while data:
        data = data[os.write(fd, data):]


# One encoder for all, without sorting: what `json.dumps` makes for each other call are
# functions in a cycle, garbage of ours in the middle of somebody's hunt for garbage.
to_json = json.JSONEncoder(encoding='latin-1').encode


def close_on_exec(fd):
    """Keep a file descriptor from programs that the service starts; returns it."""
    fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.fcntl(fd, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)
    return fd


def _open(path, flags):
    try:
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise Refused('%s: %s' % (path, error.strerror))


def _bind(listener, path):
    # The mask makes the socket 0600 from its first moment; a chmod afterwards would be late.
    mask = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(mask)


def _lstat(path):
    try:
        return os.lstat(path)
    except OSError:
        return None


def _identity(state):
    # The kind too: a number that became free is given to whatever is made next, a link say.
    return (state.st_dev, state.st_ino, stat.S_IFMT(state.st_mode))


def _is_ours(state):
    return state.st_uid == os.geteuid() and not stat.S_IMODE(state.st_mode) & 0o077
