"""Debug logging: on and off, by logger, and what can't get into the file."""
from __future__ import absolute_import

import unittest

from diagnostics.logs import Logs
from diagnostics.tests.support import ServiceTest, wait_for

SECRET = 'hunter2-and-a-request-body'


class Logging(ServiceTest):
    def log(self, service):
        try:
            return open(service.path('debug.log')).read()
        except IOError:
            return ''

    def test_nothing_of_a_request_gets_into_the_file(self):
        service = self.start()
        service.get('log?body=' + SECRET)
        self.assertEqual(self.log(service), '')
        service.ask('log on')
        service.get('log?body=' + SECRET)
        text = wait_for(lambda: self.log(service))
        self.assertNotIn('hunter2', text)
        self.assertIn('debug shop.orders an order of 3 pieces with <str of 26>', text)
        self.assertIn('made at run time', text)
        self.assertIn('debug shop.orders <text of 21, made at run time>', text, "a module's constant")
        self.assertIn('shop.payments paid 5 with <str of 26> by <Request>', text)
        self.assertIn('error shop.orders a failure [ValueError at ', text)

    def test_off_again(self):
        service = self.start()
        service.ask('log on')
        service.get('log?body=x')
        self.assertTrue(service.ask('log off')['ok'])
        before = self.log(service)
        service.get('log?body=x')
        self.assertEqual(self.log(service), before)
        self.assertIn('is not on', service.ask('log off shop')['error'])

    def test_by_logger(self):
        service = self.start()
        service.ask('log on shop.payments')
        service.get('log?body=x')
        self.assertIn(' shop.payments ', self.log(service))
        self.assertNotIn(' shop.orders ', self.log(service))
        service.ask('log on shop.orders')
        service.get('log?body=x')
        self.assertIn(' shop.orders ', self.log(service))
        self.assertEqual(service.ask('status')['log']['loggers'], ['shop.orders', 'shop.payments'])
        service.ask('log off shop.payments')
        self.assertEqual(service.ask('status')['log']['loggers'], ['shop.orders'])

    def test_a_record_is_written_once(self):
        service = self.start()
        service.ask('log on')
        service.ask('log on shop shop.orders')
        service.get('log?body=x')
        self.assertEqual(self.log(service).count('an order of 3'), 1)

    def test_the_services_own_logs_stay_as_they_were(self):
        service = self.start()
        service.ask('log on')
        service.get('log?body=x')
        service.process.stdin.close()
        own = service.process.stderr.read()
        self.assertIn('a failure', own)
        self.assertNotIn('an order', own)


class Values(unittest.TestCase):
    def test_what_may_be_written(self):
        logs = Logs(None)
        logs.allow(['/attendees'])
        for value, text in ((5, '5'), (2.5, '2.5'), (None, 'None'), (True, 'True'), (u'x', '<unicode of 1>'),
                            ('/attendees', '/attendees'), ('/admin?token=1', '<str of 14>'),
                            ('GET', 'GET'), (ValueError, 'ValueError'), (ValueError('x'), '<ValueError>'),
                            (4111111111111111, '<int of 16 digits>'), (-10 ** 30, '<long of 32 digits>'),
                            (4111111111111111.0, '<float of 16 digits>'), (float('inf'), 'inf'),
                            (float('nan'), 'nan'), (9999999999, '9999999999'),
                            ({'a': 1}, '<dict>'), ([SECRET], '<list>')):
            self.assertEqual(logs.value(value), text)
