"""The memory dump: true, private, harmless to what it looks at."""
from __future__ import absolute_import

import json
import os
import stat
import sys

from diagnostics.tests.support import ServiceTest


class Dump(ServiceTest):
    def dump(self, service, command='dump'):
        answer = service.ask(command)
        self.assertTrue(answer['ok'], answer)
        path = answer['dump']['file']
        with open(path) as lines:
            return answer['dump'], [json.loads(line) for line in lines]

    def test_it_is_complete_and_private(self):
        service = self.start()
        answer, lines = self.dump(service)
        self.assertEqual(stat.S_IMODE(os.stat(answer['file']).st_mode), 0o600)
        self.assertEqual(os.path.getsize(answer['file']), answer['bytes'])
        self.assertEqual(lines[0][:2], ['bloathound-dump', 1])
        self.assertEqual(lines[0][2]['pid'], service.pid)
        self.assertEqual(lines[-1], ['end', answer['objects'], answer['references']])
        objects = [line for line in lines if line[0] == 'o']
        self.assertEqual(len(objects), answer['objects'])
        types = set(line[1] for line in lines if line[0] == 't')
        self.assertTrue(all(line[2] in types for line in objects), 'every type is named')

    def test_what_it_says_is_true(self):
        service = self.start()
        state = service.get('state')
        _, lines = self.dump(service)
        objects = dict((line[1], line) for line in lines if line[0] == 'o')
        types = dict((line[1], line) for line in lines if line[0] == 't')
        shared = objects[state['shared_id']]
        self.assertEqual(types[shared[2]][2], 'tuple')
        # The module's name and two nodes.
        self.assertEqual(shared[4], 3)
        self.assertEqual(shared[3], sys.getsizeof(('a', 'b')))
        nodes = objects[state['nodes_id']]
        self.assertEqual(len(nodes[6]), 2)
        node = objects[nodes[6][0]]
        self.assertEqual(types[node[2]][2:5], ['Node', 'diagnostics.tests.service', 1])
        old = [line for line in lines if line[0] == 'c' and line[2] == 'OldTrap'][0]
        self.assertEqual(old[4][0], 'OldTrap')
        self.assertTrue(old[4][1].endswith('service.py') and old[4][2] > 0)

    def test_it_runs_no_code_of_what_it_looks_at(self):
        service = self.start()
        self.assertEqual(service.get('state')['notes'], [])
        self.dump(service)
        self.dump(service, 'dump reprs')
        self.assertEqual(service.get('state')['notes'], [])

    def test_values_stay_out_unless_asked_for(self):
        service = self.start()
        answer, _ = self.dump(service)
        text = open(answer['file']).read()
        self.assertNotIn('hunter2-is', text)
        # Neither is the key of a dict that is nobody's __dict__.
        self.assertNotIn('hunter2key', text)
        self.assertIn('"held"', text)
        answer, _ = self.dump(service, 'dump reprs')
        self.assertIn('hunter2-is', open(answer['file']).read())

    def test_its_memory_is_bounded(self):
        service = self.start()
        service.get('grow?count=150000')

        def memory(name):
            for line in open('/proc/%d/status' % service.pid):
                if line.startswith(name):
                    return int(line.split()[1]) * 1024
        before = memory('VmRSS')
        answer = service.ask('dump')['dump']
        peak = memory('VmHWM')
        self.assertTrue(answer['objects'] > 450000)
        # A pointer for each tracked object, the tables of bounded size, and chunks.
        self.assertTrue(peak - before < 40 * 1024 * 1024, (before, peak))
        self.assertTrue(answer['bytes'] > 30 * 1024 * 1024)

    def test_the_next_dump_does_not_see_the_last(self):
        service = self.start()
        self.dump(service)
        first, _ = self.dump(service)
        second, _ = self.dump(service)
        self.assertTrue(abs(first['objects'] - second['objects']) < 50)
