"""Tracing: nothing without a reader, never blocking, and it works on a starved reactor."""
from __future__ import absolute_import

import os
import re
import select
import signal

from diagnostics.tests.support import ServiceTest, wait_for
from diagnostics.tests.test_control import busy


class Reader(object):
    """Reads the pipe until it is told to stop."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.text = ''

    def read_until(self, condition, what):
        def look():
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.fd, 1 << 20)
                except OSError:
                    pass
            return condition(self.text)
        return wait_for(look, what)

    def close(self):
        os.close(self.fd)

    def events(self):
        return [line.split('\t') for line in self.text.split('\n')[:-1] if line[:1] in 'clre']


class Tracing(ServiceTest):
    def state(self, service, attend=False):
        return service.ask('status', attend)['trace']['state']

    def test_without_a_reader_no_trace_function_is_set(self):
        service = self.start()
        self.assertEqual(service.ask('trace on')['trace']['state'], 'waiting')
        self.assertEqual(service.get('state')['trace'], 'None')
        self.assertEqual(service.ask('status')['trace']['events'], 0)

    def test_readers_come_and_go(self):
        service = self.start()
        service.ask('trace on full')
        for _ in range(3):
            reader = Reader(service.path('trace.fifo'))
            wait_for(lambda: self.state(service) == 'tracing')
            service.get('ok')
            reader.read_until(lambda text: '\tdo_ok\n' in text, 'the request in the trace')
            kinds = set(event[0] for event in reader.events())
            self.assertTrue({'c', 'l', 'r'} <= kinds)
            self.assertTrue(all(len(event) == 6 for event in reader.events()))
            self.assertFalse([event for event in reader.events()
                              if '/diagnostics/tracing.py' in event[4]])
            reader.close()
            wait_for(lambda: self.state(service) == 'waiting', 'quiet after the reader is gone')
            self.assertEqual(service.get('state')['trace'], 'None')
        self.assertEqual(service.ask('trace off')['trace']['state'], 'off')
        self.assertFalse(os.path.exists(service.path('trace.fifo')))
        self.assertEqual(service.get('state')['trace'], 'None')

    def test_a_slow_reader_loses_events_and_the_service_no_time(self):
        service = self.start()
        service.ask('trace on full')
        reader = Reader(service.path('trace.fifo'))
        wait_for(lambda: self.state(service) == 'tracing')
        for _ in range(50):
            service.get('ok')
        # Nobody has read a byte: a service that waited would wait still.
        trace = service.ask('status')['trace']
        self.assertTrue(trace['dropped'] > 0 and trace['events'] > trace['dropped'], trace)
        # The reader learns of it as soon as it reads.
        reader.read_until(lambda text: any(
            line.startswith('s\t') and int(line.split('\t')[3]) > 0
            for line in text.split('\n')[:-1]), 'the count of dropped events')
        reader.close()

    def test_bursts_and_rests_leave_most_of_the_speed(self):
        service = self.start()
        service.ask('trace on')
        reader = Reader(service.path('trace.fifo'))
        wait_for(lambda: self.state(service) == 'tracing')

        def rested():
            service.get('ok')
            reader.read_until(lambda text: True, 'anything')
            return [line.split('\t') for line in reader.text.split('\n')[:-1] if line[:1] == 'p']
        rests = wait_for(lambda: len(rested()) > 4 and rested(), 'some rests')
        stretch = int(rests[-1][1]) - int(rests[0][1])
        self.assertTrue(sum(int(rest[2]) for rest in rests[1:]) > 0.3 * stretch, rests)
        self.assertIn('with rests', service.ask('trace on full')['error'])
        reader.close()

    def test_a_starved_reactor_is_traced_by_signal(self):
        for calling in (False, True):
            service = self.start()
            spinning = service.begin('spin?calling=1' if calling else 'spin')
            wait_for(lambda: busy(service.pid), 'the loop')
            os.kill(service.pid, signal.SIGUSR1)
            wait_for(lambda: os.path.exists(service.path('trace.fifo')), 'the pipe')
            function = 'spin_calling' if calling else 'spin'
            for _ in range(2):
                reader = Reader(service.path('trace.fifo'))
                reader.read_until(lambda text: text.count('\t%s\n' % function) > 500, 'the loop in the trace')
                calls = [event for event in reader.events() if event[0] == 'c' and event[5] == 'step']
                self.assertEqual(bool(calls), calling)
                reader.close()
            # A reader's going alone makes it quiet; off is off.
            wait_for(lambda: self.state(service, attend=True) == 'waiting')
            os.kill(service.pid, signal.SIGUSR1)
            wait_for(lambda: not os.path.exists(service.path('trace.fifo')), 'off')
            self.assertEqual(self.state(service, attend=True), 'off')
            spinning.close()
            service.stop()

    def test_threads_of_the_pool_are_traced(self):
        service = self.start()
        # The pool's thread exists before tracing does.
        service.get('thread')
        service.ask('trace on full')
        reader = Reader(service.path('trace.fifo'))
        wait_for(lambda: self.state(service) == 'tracing')
        service.get('thread')
        reader.read_until(lambda text: '\tbusy_in_thread\n' in text, 'the thread in the trace')
        self.assertTrue(len(set(event[2] for event in reader.events())) >= 2)
        # The test service has a thread of its own, from before.
        self.assertIn('# untraced 1\n', reader.text)
        reader.close()

    def test_threads_from_before_are_traced_when_they_next_wait(self):
        service = self.start()
        before = service.get('polls')['put']
        for how in ('sleep', 'event', 'queue'):
            service.get('poll?how=' + how)
        wait_for(lambda: len(service.get('polls')['polls']) == 3, 'the threads')
        service.ask('trace on full')
        reader = Reader(service.path('trace.fifo'))

        def threads(text):
            return set(line.split('\t')[2] for line in text.split('\n')[:-1]
                       if line.endswith('\tpolled'))
        reader.read_until(lambda text: len(threads(text)) == 3, 'all three threads in the trace')
        # The one that reads standard input sits in C code: it is told that it is not seen.
        reader.read_until(lambda text: text.count('# untraced 1\n'), 'the count')
        self.assertIn('# untraced 4\n', reader.text)
        # One that is started now is traced from its beginning, and not counted.
        service.get('poll?how=sleep')
        reader.read_until(lambda text: len(threads(text)) == 4, 'a new thread in the trace')
        told = reader.text.count('# untraced')
        reader.read_until(lambda text: text.count('# untraced') > told + 1, 'the count again')
        self.assertEqual(re.findall('# untraced (.*)\n', reader.text)[-1], '1')
        service.ask('trace off')
        reader.close()
        self.assertEqual(service.get('polls')['put'], before, 'everything is put back')
        wait_for(lambda: set(service.get('polls')['polls'].values()) == {'None'},
                 'no trace function in any thread')

    def test_a_thread_that_ends_takes_its_trace_function_along(self):
        service = self.start()
        service.ask('trace on full')
        reader = Reader(service.path('trace.fifo'))
        wait_for(lambda: self.state(service) == 'tracing')
        self.assertEqual(service.get('short'), ['None'])
        reader.read_until(lambda text: '\tstep\n' in text, 'the thread in the trace')
        reader.close()

    def test_the_signals_of_its_own_answer_nobody(self):
        service = self.start()
        service.ask('trace on')
        reader = Reader(service.path('trace.fifo'))
        wait_for(lambda: self.state(service) == 'tracing')
        with self.answering(service):
            def rests(text):
                # Each rest ends with a signal, which is not for those who wait for the reactor.
                self.assertFalse(service.ask('status')['urgent'])
                return text.count('\np\t') > 20
            reader.read_until(rests, 'some rests')
        reader.close()

    def test_switching_often_leaves_nothing(self):
        service = self.start()
        service.ask('trace on')
        service.ask('trace off')
        before = service.get('state')
        for _ in range(30):
            service.ask('trace on')
            service.ask('trace off')
        wait_for(lambda: service.get('state')['fds'] <= before['fds'])
        self.assertTrue(len(service.ask('stacks')['stacks']) <= 3)

    def test_toggling_under_load_loses_no_request(self):
        service = self.start()
        readers = []
        for turn in range(60):
            if turn % 6 == 0:
                os.kill(service.pid, signal.SIGUSR1)
            if os.path.exists(service.path('trace.fifo')) and not readers:
                try:
                    readers.append(Reader(service.path('trace.fifo')))
                except OSError:
                    pass
            elif readers:
                readers.pop().close()
            self.answers(service)
