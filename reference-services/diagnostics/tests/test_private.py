"""Nothing is followed, nothing is overwritten, a full disk is survived."""
from __future__ import absolute_import

import os
import signal
import socket
import stat
import subprocess
import time
import unittest

from diagnostics.tests.support import ServiceTest, wait_for

CAN_MOUNT = subprocess.call(
    ['unshare', '-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'],
    stdout=open(os.devnull, 'w'), stderr=subprocess.STDOUT) == 0


class Planted(ServiceTest):
    """Something stands where the kit wants to put something."""

    def setUp(self):
        ServiceTest.setUp(self)
        os.mkdir(self.directory, 0o700)
        self.victim = os.path.join(self.base, 'victim')
        with open(self.victim, 'w') as victim:
            victim.write('precious')
        # As private as the kit's own: only that it isn't theirs keeps it from being used.
        os.chmod(self.victim, 0o600)
        self.alike = {'trace.fifo': os.path.join(self.base, 'pipe'),
                      'manhole.sock': os.path.join(self.base, 'socket')}
        os.mkfifo(self.alike['trace.fifo'], 0o600)
        left = socket.socket(socket.AF_UNIX)
        left.bind(self.alike['manhole.sock'])
        left.close()
        os.chmod(self.alike['manhole.sock'], 0o600)

    def plant(self, name, target=None):
        os.symlink(target or self.victim, os.path.join(self.directory, name))

    def untouched(self):
        with open(self.victim) as victim:
            self.assertEqual(victim.read(), 'precious')

    def test_in_place_of_what_is_made_at_the_start(self):
        for name in ('control.sock', 'audit.log', 'kit.json'):
            for target in (self.victim, os.path.join(self.base, 'nothing')):
                self.plant(name, target)
                service = self.start()
                self.assertFalse(service.has_kit, name)
                with self.answering(service):
                    pass
                service.process.stdin.close()
                self.assertIn('no diagnostics', service.process.stderr.read())
                self.assertTrue(os.path.islink(os.path.join(self.directory, name)), name)
                for left in os.listdir(self.directory):
                    os.unlink(os.path.join(self.directory, left))
        self.assertFalse(os.path.exists(os.path.join(self.base, 'nothing')))
        self.untouched()

    def test_in_place_of_what_is_made_later(self):
        service = self.start()
        with self.answering(service):
            for name, command in (('trace.fifo', 'trace on'), ('manhole.sock', 'manhole on'),
                                  ('debug.log', 'log on')):
                for target in (self.victim, os.path.join(self.base, 'nothing'),
                               self.alike.get(name, self.victim)):
                    self.plant(name, target)
                    self.assertFalse(service.ask(command)['ok'], command)
                    self.assertTrue(os.path.islink(service.path(name)))
                    os.unlink(service.path(name))
        self.assertFalse(os.path.exists(os.path.join(self.base, 'nothing')))
        self.untouched()
        for _, command in (('', 'trace on'), ('', 'manhole on'), ('', 'log on')):
            self.assertTrue(service.ask(command)['ok'], command)

    def test_in_place_of_what_is_there_already(self):
        service = self.start()
        for command in ('trace on', 'manhole on', 'log on'):
            self.assertTrue(service.ask(command)['ok'], command)
        names = ('trace.fifo', 'manhole.sock', 'debug.log', 'audit.log', 'kit.json')
        with self.answering(service):
            for name in names:
                os.unlink(service.path(name))
                self.plant(name)
            # A reader of the pipe would be a reader of the victim.
            service.get('log?body=x')
            for command in ('trace off', 'manhole off', 'log off'):
                self.assertTrue(service.ask(command)['ok'], command)
        os.kill(service.pid, signal.SIGTERM)
        self.assertEqual(service.process.wait(), 0)
        # What it made it had removed; what somebody put in its place is not its to remove.
        self.assertTrue(all(os.path.islink(service.path(name)) for name in names))
        self.untouched()

    def test_dump_never_overwrites(self):
        service = self.start()
        first = service.ask('dump')['dump']['file']
        content = open(first).read()
        second = service.ask('dump')['dump']['file']
        self.assertNotEqual(first, second)
        self.assertEqual(open(first).read(), content)
        self.assertEqual(stat.S_IMODE(os.stat(second).st_mode), 0o600)

    def test_a_dump_file_that_is_a_link(self):
        service = self.start()
        # Names hold the second: plant links for the next minutes.
        now = time.time()
        for ahead in range(300):
            self.plant(time.strftime('dump-%Y%m%dT%H%M%SZ-001.jsonl', time.gmtime(now + ahead)))
        with self.answering(service):
            self.assertIn('File exists', service.ask('dump')['error'])
        self.untouched()

    def test_a_hard_link_or_a_pipe_in_place_of_a_log(self):
        service = self.start()
        with self.answering(service):
            os.link(self.victim, service.path('debug.log'))
            self.assertIn('not a plain file', service.ask('log on')['error'])
            os.unlink(service.path('debug.log'))
            os.mkfifo(service.path('debug.log'), 0o600)
            self.assertFalse(service.ask('log on')['ok'])
        self.untouched()

    def test_the_directory_is_swapped(self):
        service = self.start()
        channel = service.connect()
        os.rename(self.directory, self.directory + '.old')
        os.mkdir(self.directory, 0o700)
        with self.answering(service):
            channel.sendall('trace on\n')
            self.assertIn('no longer the directory', channel.recv(65536))
        channel.close()
        self.assertEqual(os.listdir(self.directory), [])


class Directory(ServiceTest):
    def test_an_open_directory_is_refused(self):
        os.mkdir(self.directory)
        os.chmod(self.directory, 0o750)
        service = self.start()
        self.assertFalse(service.has_kit)
        self.answers(service)

    def test_a_link_to_a_directory_is_refused(self):
        os.mkdir(os.path.join(self.base, 'elsewhere'), 0o700)
        os.symlink('elsewhere', self.directory)
        self.assertFalse(self.start().has_kit)

    @unittest.skipUnless(os.geteuid() == 0, 'giving a directory away takes the super-user')
    def test_another_users_directory_is_refused(self):
        os.mkdir(self.directory, 0o700)
        os.chown(self.directory, 65534, 65534)
        self.assertFalse(self.start().has_kit)

    def test_a_path_too_long_for_a_socket_is_refused(self):
        self.directory = os.path.join(self.base, 'x' * 100)
        service = self.start()
        self.assertFalse(service.has_kit)
        self.answers(service)

    def test_a_killed_service_leaves_nothing_in_the_way(self):
        first = self.start()
        first.ask('trace on')
        first.ask('manhole on')
        first.stop()
        self.assertTrue(os.path.exists(first.path('control.sock')))
        second = self.start()
        self.assertTrue(second.has_kit)
        for command in ('trace on', 'manhole on', 'status'):
            self.assertTrue(second.ask(command)['ok'], command)

    def test_a_living_service_is_not_replaced(self):
        first = self.start()
        second = self.start()
        self.assertFalse(second.has_kit)
        self.assertEqual(first.ask('status')['pid'], first.pid)


class FullDisk(ServiceTest):
    def test_a_file_that_may_not_grow(self):
        service = self.start()
        service.get('limit?bytes=100000')
        with self.answering(service):
            answer = service.ask('dump')
            self.assertIn('given up', answer['error'])
            self.assertFalse([name for name in os.listdir(self.directory) if 'dump' in name])
            service.ask('log on')
            for _ in range(30):
                service.get('log?body=' + 'x' * 500)

    def start_on_a_small_disk(self, before='true'):
        """A service whose directory is a file system of 256 KiB in its own mount namespace."""
        os.mkdir(self.directory, 0o700)
        script = ('mount -t tmpfs -o size=256k,mode=700 none "$1" && %s && shift && exec "$@"'
                  % before)
        service = self.start(prefix=['unshare', '-m', 'sh', '-c', script, 'sh', self.directory])
        service.directory = '/proc/%d/root%s' % (service.pid, self.directory)
        return service

    @unittest.skipUnless(CAN_MOUNT, 'this user may not mount a small file system')
    def test_a_full_file_system(self):
        service = self.start_on_a_small_disk()
        self.assertTrue(service.ask('log on')['ok'])
        self.assertIn('given up', service.ask('dump')['error'])
        filler = open(service.path('filler'), 'w', 0)
        try:
            while True:
                filler.write('x' * 4096)
        except IOError:
            pass
        with self.answering(service):
            # The last page of the log may have room left.
            wait_for(lambda: 'audit log cannot' in service.ask('trace on').get('error', ''))
            service.ask('trace off')
            self.assertIn('audit log cannot', service.ask('manhole on')['error'])
            self.assertIn('audit log cannot', service.ask('dump')['error'])
            status = service.ask('status')
            self.assertTrue(status['ok'] and status['audit_lost'] > 0)
            for _ in range(200):
                service.get('log?body=' + 'x' * 100)
            self.assertTrue(service.ask('status')['log']['lost'] > 0)
            # To switch off needs no room.
            self.assertTrue(service.ask('log off')['ok'])
        os.unlink(service.path('filler'))
        filler.close()
        self.assertTrue(service.ask('manhole on')['ok'])
        # A line that was cut short doesn't spoil those after it.
        self.assertEqual(service.audit_tolerant()[-1]['line'], 'manhole on')

    @unittest.skipUnless(CAN_MOUNT, 'this user may not mount a small file system')
    def test_a_file_system_that_is_full_from_the_start(self):
        fill = 'cat /dev/zero > "$1/filler" 2>/dev/null; true'
        service = self.start_on_a_small_disk('{ %s; }' % fill)
        with self.answering(service):
            # An empty file needs no room, and neither do sockets: it is there and opens nothing.
            self.assertTrue(service.has_kit)
            self.assertTrue(service.ask('status')['ok'])
            for command in ('trace on', 'manhole on', 'log on', 'dump'):
                self.assertIn('audit log cannot', service.ask(command)['error'])


class NoSocketLeft(ServiceTest):
    def test_a_foreign_socket_is_not_removed(self):
        os.mkdir(self.directory, 0o700)
        other = socket.socket(socket.AF_UNIX)
        other.bind(os.path.join(self.directory, 'control.sock'))
        other.listen(1)
        os.chmod(os.path.join(self.directory, 'control.sock'), 0o600)
        self.assertFalse(self.start().has_kit)
        self.assertTrue(os.path.exists(os.path.join(self.directory, 'control.sock')))
        other.close()
