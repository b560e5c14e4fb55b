"""Writes a memory dump into a new file of the private directory."""
from __future__ import absolute_import

import errno
import os
import sys
import time

from diagnostics import collector
from diagnostics.private import Refused, to_json, write_all

CHUNK_BYTES = 256 * 1024
FILE_BYTES_MAX = 16 * 1024 ** 3
# What a dump leaves free for the service and everybody else on the disk.
LEAVE_FREE_BYTES = 64 * 1024 * 1024


class Dumper(object):
    """Dumps are numbered; one that fails leaves no file behind."""

    def __init__(self, directory, name):
        self._directory = directory
        self._name = name
        self.written = 0

    def dump(self, reprs):
        """Write a dump now, in one go: the service stands still until it is done."""
        began = time.time()
        name = 'dump-%s-%03d.jsonl' % (time.strftime('%Y%m%dT%H%M%SZ', time.gmtime()),
                                       self.written + 1)
        fd = self._directory.create(name)
        made = self._directory.identity(name)
        out = _Out(fd)
        try:
            try:
                objects, references = collector.collect(out.write, self._facts(), reprs)
                out.flush()
            finally:
                os.close(fd)
        except (OSError, Refused) as error:
            self._directory.remove(name, made)
            raise Refused('the dump was given up: %s' % (getattr(error, 'strerror', None) or error))
        except Exception:
            self._directory.remove(name, made)
            raise
        self.written += 1
        return {'file': os.path.join(self._directory.path, name), 'objects': objects,
                'references': references, 'bytes': out.size,
                'seconds': round(time.time() - began, 3)}

    def _facts(self):
        return to_json({'pid': os.getpid(), 'service': self._name, 'at': int(time.time()),
                        'python': '%d.%d.%d' % sys.version_info[:3]})


class _Out(object):
    """Collects text into chunks; never holds more than one."""

    def __init__(self, fd):
        self._fd = fd
        self._parts = []
        self._waiting = 0
        self.size = 0

    def write(self, text):
        self._parts.append(text)
        self._waiting += len(text)
        if self._waiting >= CHUNK_BYTES:
            self.flush()

    def flush(self):
        data, self._parts, self._waiting = ''.join(self._parts), [], 0
        disk = os.fstatvfs(self._fd)
        if self.size + len(data) > FILE_BYTES_MAX:
            raise Refused('it is larger than a dump may be')
        if disk.f_bavail * disk.f_frsize < len(data) + LEAVE_FREE_BYTES:
            raise OSError(errno.ENOSPC, 'too little room is left on the disk')
        write_all(self._fd, data)
        self.size += len(data)
