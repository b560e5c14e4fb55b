"""The manhole: credentials, limits, and the audit log."""
from __future__ import absolute_import

import os
import re
import resource
import signal
import socket
import time

from diagnostics.tests.support import DEADLINE, ServiceTest, wait_for

TELNET = re.compile(r'\xff[\xfb-\xfe].|\x1b\[[0-9;?]*[A-Za-z]|\x1b[^\[]')


class Client(object):
    """As much of telnet as a login takes."""

    def __init__(self, service):
        self.channel = service.connect('manhole.sock')
        self.text = ''

    def expect(self, *wanted):
        stop = time.time() + DEADLINE
        while time.time() < stop:
            plain = TELNET.sub('', self.text)
            if any(text in plain for text in wanted):
                self.text = ''
                return plain
            data = self.channel.recv(4096)
            if not data:
                raise EOFError(plain)
            for verb, option in re.findall(r'\xff([\xfb\xfc])(.)', data, re.S):
                # WILL is answered with DO, WONT with DONT.
                self.channel.sendall('\xff' + {'\xfb': '\xfd', '\xfc': '\xfe'}[verb] + option)
            self.text += data
        raise AssertionError('never saw %r but %r' % (wanted, self.text))

    def login(self, user, password):
        self.expect('Username: ')
        self.channel.sendall(user + '\r\n')
        self.expect('Password: ')
        self.channel.sendall(password + '\r\n')
        return self.expect('>>> ', 'failed', 'Username: ')

    def run(self, line, wanted):
        self.channel.sendall(line + '\r\n')
        return self.expect(wanted)

    def gone(self):
        """True when the other end closes."""
        try:
            while self.channel.recv(4096):
                pass
        except socket.error:
            pass
        return True


class Manhole(ServiceTest):
    def on(self, service, command='manhole on'):
        answer = service.ask(command)
        self.assertTrue(answer['ok'], answer)
        return answer['user'], answer['password']

    def test_login_and_audit(self):
        service = self.start()
        user, password = self.on(service)
        client = Client(service)
        self.assertIn('>>> ', client.login(user, password))
        client.run('print "%d" % (6 * 7)', '42')
        entries = service.audit()
        self.assertEqual([entry['uid'] for entry in entries if entry['event'] == 'login'],
                         [os.geteuid()])
        self.assertIn('print "%d" % (6 * 7)', [entry.get('line') for entry in entries])
        self.assertNotIn(password, open(service.path('audit.log')).read())
        self.assertTrue(service.ask('manhole off')['was_on'])
        self.assertTrue(client.gone())
        self.assertFalse(os.path.exists(service.path('manhole.sock')))

    def test_the_password_is_new_each_time_and_told_once(self):
        service = self.start()
        passwords = set()
        for _ in range(5):
            passwords.add(self.on(service)[1])
            again = service.ask('manhole on')
            self.assertFalse(again['ok'] or 'password' in again)
            self.assertNotIn('password', service.ask('status')['manhole'])
            service.ask('manhole off')
        self.assertEqual(len(passwords), 5)
        self.assertTrue(all(len(password) >= 24 for password in passwords))

    def test_wrong_passwords(self):
        service = self.start()
        user, password = self.on(service)
        with self.answering(service):
            self.guess(service, user, password)
        # Ten are enough: it closes by itself.
        wait_for(lambda: not service.ask('status')['manhole']['on'], 'the manhole closing')
        self.assertTrue(service.events().count('login failed') >= 10)
        self.assertEqual(service.events().count('login'), 0)

    def guess(self, service, user, password):
        attempts = [(user, 'wrong'), (user, ''), ('root', password), (user, password[:-1])]
        for name, word in attempts[:2]:
            client = Client(service)
            self.assertIn('failed', client.login(name, word))
        client = Client(service)
        for name, word in attempts[1:3]:
            self.assertIn('failed', client.login(name, word))
            client.text = 'Username: '
        self.assertRaises((EOFError, socket.error), client.login, user, password[:-1])
        for _ in range(5):
            try:
                Client(service).login(user, 'guess')
            except (EOFError, socket.error):
                # The last one may find the door shut.
                pass

    def test_blobs_and_long_lines(self):
        service = self.start()
        user, password = self.on(service)
        with self.answering(service):
            for data in (os.urandom(100000), '\xff' * 5000, '\xff\xfa' + 'x' * 200000, 'x' * 200000,
                         '\xff\xf0\xff\xf0\xff\xfa\xff\xf0'):
                client = Client(service)
                try:
                    client.channel.sendall(data)
                except socket.error:
                    pass
                client.channel.close()
            client = Client(service)
            client.login(user, password)
            try:
                client.channel.sendall('x = "' + 'y' * 100000)
                self.assertTrue(client.gone())
            except socket.error:
                pass
        reasons = [entry.get('reason', '') for entry in service.audit()]
        for told in ('longer', 'not telnet'):
            self.assertTrue(any(told in reason for reason in reasons), reasons)

    def test_a_thousand_half_open_connections_make_way(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        service = self.start()
        before = service.get('state')['fds']
        user, password = self.on(service)
        inside = Client(service)
        inside.login(user, password)
        with self.answering(service):
            held = [service.connect('manhole.sock') for _ in range(1000)]
            wait_for(lambda: service.ask('status')['manhole']['connections'] <= 4)
            late = Client(service)
            self.assertIn('>>> ', late.login(user, password))
            inside.run('1 + 1', '2')
        # The listening socket and the connections that may be, and the request that asks.
        self.assertTrue(service.get('state')['fds'] <= before + 6)
        for channel in held:
            channel.close()

    def test_nobody_stays_at_the_door(self):
        # The time to log in, as `timeoutConnection` has it, is the idle time before a login.
        service = self.start('login-seconds=1')
        self.on(service)
        with self.answering(service):
            self.assertTrue(Client(service).gone())
        self.assertIn('no login in time', [entry.get('reason') for entry in service.audit()])

    def test_idle(self):
        service = self.start()
        user, password = self.on(service, 'manhole on 1')
        client = Client(service)
        client.login(user, password)
        self.assertTrue(client.gone())
        self.assertIn('idle', [entry.get('reason') for entry in service.audit()])

    def test_a_lease_that_nobody_renews_ends(self):
        service = self.start()
        answer = service.ask('manhole on --lease 1')
        self.assertEqual(answer['manhole']['lease_seconds'], 1)
        client = Client(service)
        client.login(answer['user'], answer['password'])
        with self.answering(service):
            wait_for(lambda: not service.ask('status')['manhole']['on'], 'the end of the lease')
        self.assertTrue(client.gone())
        self.assertFalse(os.path.exists(service.path('manhole.sock')))
        self.assertIn('the lease ran out', [entry.get('reason') for entry in service.audit()])
        self.assertFalse(service.ask('manhole renew')['ok'])

    def test_a_lease_that_is_renewed_lasts(self):
        service = self.start()
        began = time.time()
        self.assertTrue(service.ask('manhole on --lease 4')['ok'])
        wait_for(lambda: service.ask('manhole renew')['ok'] and time.time() - began > 9, 'two leases')
        self.assertTrue(service.ask('status')['manhole']['on'])
        # Without one it stays as long as it always did, and there is nothing to renew.
        service.ask('manhole off')
        self.on(service, 'manhole on 60')
        self.assertFalse(service.ask('manhole renew')['ok'])
        for wrong in ('--lease', '--lease 0', '5 6', '--lease 5 6', '5 --lease x'):
            self.assertFalse(service.ask('manhole on ' + wrong)['ok'], wrong)

    def test_a_lease_that_ended_while_the_service_was_blocked_is_given_anew(self):
        service = self.start()
        self.assertTrue(service.ask('manhole on --lease 2')['ok'])
        # Stopped for longer than the lease: nobody can be heard meanwhile.
        os.kill(service.pid, signal.SIGSTOP)
        stopped = time.time()
        wait_for(lambda: time.time() - stopped > 4, 'the end of the time')
        os.kill(service.pid, signal.SIGCONT)
        self.assertTrue(service.ask('manhole renew')['ok'])

    def test_a_full_disk_closes_it(self):
        service = self.start()
        user, password = self.on(service)
        client = Client(service)
        client.login(user, password)
        size = os.path.getsize(service.path('audit.log'))
        service.get('limit?bytes=%d' % size)
        with self.answering(service):
            client.channel.sendall('import os; os._exit(7)\r\n')
            self.assertTrue(client.gone())
