"""The control socket: who may connect, what may be said, and that nobody can be kept out."""
from __future__ import absolute_import

import json
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import unittest

from diagnostics.tests.support import ServiceTest, wait_for

AS_NOBODY = '''
import errno, json, os, socket, stat, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)

def attempt(path):
    try:
        if path.endswith('.sock'):
            channel = socket.socket(socket.AF_UNIX)
            channel.settimeout(20)
            channel.connect(path)
            channel.sendall('status\\n')
            return 'let in' if channel.recv(1000) else 'nothing'
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        return 'let in'
    except EnvironmentError as error:
        ended = error.errno in (errno.ECONNRESET, errno.EPIPE)
        return 'nothing' if ended else errno.errorcode[error.errno]

print json.dumps(dict((name, attempt(os.path.join(sys.argv[1], name))) for name in sys.argv[2:]))
'''


def as_nobody(service, names):
    """What became of another user's attempts to open each of these."""
    return json.loads(subprocess.check_output(
        [sys.executable, '-c', AS_NOBODY, service.directory] + names))


class Commands(ServiceTest):
    def test_everything_is_off_at_first(self):
        service = self.start()
        status = service.ask('status')
        self.assertTrue(status['ok'])
        self.assertEqual([status['log']['on'], status['manhole']['on'], status['trace']['state']],
                         [False, False, 'off'])
        self.assertEqual(status['pid'], service.pid)
        state = service.get('state')
        self.assertEqual(state['trace'], 'None')
        self.assertNotIn('twisted.conch.manhole', state['modules'])

    def test_modes_are_private(self):
        service = self.start()
        modes = dict((name, stat.S_IMODE(os.stat(service.path(name)).st_mode)) for name in (
            '.', 'control.sock', 'audit.log', 'kit.json'))
        self.assertEqual(modes, {'.': 0o700, 'control.sock': 0o600, 'audit.log': 0o600,
                                 'kit.json': 0o600})

    def test_only_the_list_is_obeyed(self):
        service = self.start()
        for command in ('quit', 'eval 1', 'STATUS', 'manhole', 'trace on now', 'dump /etc/passwd',
                        'log on ' + 'x ' * 20, 'manhole on 0', 'manhole on 1e9'):
            answer = service.ask(command)
            self.assertFalse(answer['ok'], command)
            self.assertIn('error', answer)
        self.assertEqual(service.events().count('refused'), 9)
        self.answers(service)

    def test_stacks_tell_where_it_is(self):
        stacks = self.start().ask('stacks')['stacks']
        self.assertTrue(any('mainLoop' in line for lines in stacks.values() for line in lines))

    def test_no_newline_needed_when_the_sender_is_done(self):
        service = self.start()
        channel = service.connect()
        channel.sendall('status')
        channel.shutdown(socket.SHUT_WR)
        self.assertTrue(json.loads(channel.recv(65536))['ok'])
        channel.close()

    def test_shutdown_removes_what_it_made(self):
        service = self.start()
        service.ask('trace on')
        service.ask('manhole on')
        os.kill(service.pid, signal.SIGTERM)
        self.assertEqual(service.process.wait(), 0)
        self.assertEqual(os.listdir(self.directory), ['audit.log'])


class Hostile(ServiceTest):
    def test_oversized_and_binary(self):
        service = self.start()
        with self.answering(service):
            for data in ('x' * 100000, 'status ' + 'x' * 2000 + '\n', os.urandom(4000),
                         '\xff\xfe\x00\n', '\x1b[2J\n', '\n', '   \n', 'status\x00\n',
                         # Commands, but for their length and for what only looks like a blank.
                         'status' + ' ' * 2000 + '\n', 'status\x0b\n', '\x0cstatus\n'):
                answer = service.send(data)
                # The peer may see its connection reset before the refusal; it is never obeyed.
                self.assertTrue(not answer or not json.loads(answer)['ok'], repr(data[:20]))
        self.assertTrue(service.ask('status')['ok'])
        for line in open(service.path('audit.log')):
            self.assertTrue(all(' ' <= c <= '~' for c in line.rstrip('\n')), line)
            json.loads(line)

    def test_a_thousand_half_open_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        service = self.start()
        before = service.get('state')['fds']
        held = []
        with self.answering(service):
            for number in range(1000):
                channel = service.connect()
                if number % 2:
                    channel.sendall('stat')
                held.append(channel)
            self.assertTrue(service.ask('status')['connections_evicted'] > 900)
        self.assertTrue(service.get('state')['fds'] <= before + 17)
        # Those that are left time out by themselves.
        wait_for(lambda: service.get('state')['fds'] <= before + 1, 'the idle timeout')
        for channel in held:
            channel.close()

    def test_a_thousand_half_open_while_the_reactor_is_blocked(self):
        service = self.start()
        spinning = service.begin('spin')
        wait_for(lambda: busy(service.pid), 'the loop')
        held = []
        for _ in range(1000):
            channel = socket.socket(socket.AF_UNIX)
            channel.setblocking(False)
            if channel.connect_ex(service.path('control.sock')):
                channel.close()
                break
            held.append(channel)
        self.assertTrue(len(held) >= 100, 'the backlog')
        for channel in held:
            channel.close()
        # The queue is full of the dead, so nobody can connect until the signal empties it.
        os.kill(service.pid, signal.SIGUSR2)
        answer = wait_for(lambda: attempt(service), 'an answer by signal')
        self.assertTrue(answer['ok'])
        spinning.close()

    @unittest.skipUnless(os.geteuid() == 0, 'becoming another user takes the super-user')
    def test_another_user(self):
        service = self.start()
        os.chmod(self.base, 0o755)
        for command in ('log on', 'trace on', 'manhole on', 'dump'):
            self.assertTrue(service.ask(command)['ok'], command)
        names = sorted(name for name in os.listdir(self.directory))
        self.assertEqual(len(names), 7, names)
        with self.answering(service):
            # As things are: the directory lets nobody through.
            self.assertEqual(as_nobody(service, names), dict((name, 'EACCES') for name in names))
            # Where somebody opened the directory, each thing in it still is its owner's alone.
            os.chmod(self.directory, 0o755)
            self.assertEqual(as_nobody(service, names), dict((name, 'EACCES') for name in names))
            # And where somebody opened the sockets too, the kernel tells who is at them.
            for name in ('control.sock', 'manhole.sock'):
                os.chmod(service.path(name), 0o666)
                self.assertEqual(as_nobody(service, [name]), {name: 'nothing'})
            wait_for(lambda: {'control refused', 'manhole refused'} <= set(service.events()))
            refused = [(entry['uid'], entry['reason']) for entry in service.audit()
                       if entry['event'].endswith('refused') and 'uid' in entry and
                       entry['uid'] == 65534]
            self.assertEqual(set(refused), {(65534, 'uid')})
            # What is no longer private is no longer used.
            self.assertTrue(service.ask('trace off')['ok'])
            self.assertIn('open to other users', service.ask('trace on')['error'])


class Blocked(ServiceTest):
    def test_the_signal_answers_when_the_reactor_can_not(self):
        service = self.start()
        self.assertTrue(service.ask('manhole on')['ok'])
        spinning = service.begin('spin')
        wait_for(lambda: busy(service.pid), 'the loop')
        status = service.ask('status', attend=True)
        self.assertTrue(status['ok'])
        stacks = service.ask('stacks', attend=True)['stacks']
        self.assertTrue(any(line.endswith(' spin') for stack in stacks.values() for line in stack))
        refused = service.ask('manhole off', attend=True)
        self.assertIn('reactor is blocked', refused['error'])
        dump = service.ask('dump', attend=True)['dump']
        self.assertTrue(dump['objects'] > 1000)
        spinning.close()

    def test_a_signal_for_nothing_does_no_harm(self):
        service = self.start()
        for _ in range(50):
            os.kill(service.pid, signal.SIGUSR2)
        self.answers(service)
        self.assertTrue(service.ask('status', attend=True)['ok'])


def attempt(service):
    try:
        return service.ask('status', attend=True)
    except (ValueError, socket.error):
        return None


def busy(pid):
    """True once the process has used noticeable CPU time since the first look."""
    fields = open('/proc/%d/stat' % pid).read().rsplit(')', 1)[1].split()
    used = int(fields[11]) + int(fields[12])
    first = busy.__dict__.setdefault(pid, used)
    return used > first + 20
