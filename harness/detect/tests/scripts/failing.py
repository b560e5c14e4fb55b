"""Turns that fail, and turns that don't: failing.py KIND PLACE, as variants.py has them.

What is done about a failure (counted, told, kept somewhere else) is no work; the same of a turn that did not fail is.
"""
import random
import socket
import sys

import variants


class Stats(object):
    """Counts, for somebody else."""
    total = 0

    def __init__(self):
        self.failures = 0
        self.by_name = {'done': 0, 'failed': 0}

    def failed(self):
        """One more."""
        self.failures += 1

    def add(self, name):
        """One more of these."""
        self.by_name[name] += 1

    @classmethod
    def failed_somewhere(cls):
        """One more, of the class."""
        cls.total += 1


def refused():
    made = socket.socket()
    made.connect(('127.0.0.1', 9))
    return made


class Consumer(object):
    """Never gets through."""

    def __init__(self):
        self.stats = Stats()
        self.log = open('/dev/null', 'w')
        self.tries = 0

    def retry_method(self):
        while True:
            try:
                refused().recv(10)
            except socket.error:
                self.stats.failed()

    def retry_attribute(self):
        while True:
            try:
                made = refused()
            except socket.error:
                self.stats.failures += 1
                continue
            made.recv(10)

    def retry_other_class(self):
        while True:
            try:
                refused()
            except socket.error:
                Stats.failed_somewhere()

    def retry_by_name(self):
        while True:
            try:
                refused()
                self.stats.add('done')
            except socket.error:
                self.stats.add('failed')

    def attempt(self):
        """Swallows the failure itself."""
        try:
            made = socket.socket()
            made.connect(('127.0.0.1', 9))
            return made
        except socket.error:
            self.stats.failed()
            return None

    def retry_in_callee(self):
        while True:
            made = self.attempt()
            if made is None:
                continue
            made.recv(10)

    def complain(self, error):
        """Says so, in a text that is new each time."""
        self.tries += 1
        text = 'try %d failed: %s' % (self.tries, error)
        self.log.write(text + '\n')

    def told_retries(self):
        while True:
            try:
                refused()
                break
            except socket.error as error:
                self.complain(error)

    def probe(self):
        """Asks, and is told a number."""
        made = socket.socket()
        code = made.connect_ex(('127.0.0.1', 9))
        made.close()
        return code

    def refused_by_number(self):
        while self.probe() != 0:
            self.tries += 1


# ---- loops that get on -----------------------------------------------------------------------------------------------

class Reject(Exception):
    """Not this one."""


class Search(object):
    """Finds, by trying, what is seldom there."""

    def __init__(self):
        self.random = random.Random(5)
        self.rejected = 0
        self.number = 0
        self.plain = 0

    def draw(self):
        """Two numbers, where they are near enough to nothing."""
        x = self.random.random()
        y = self.random.random()
        if x * x + y * y > 1e-12:
            raise Reject
        return x, y

    def rejection(self):
        while True:
            try:
                return self.draw()
            except Reject:
                self.rejected += 1

    def row(self):
        """Another one each time."""
        self.number += 1
        return Job(self.number)

    def optional_keys(self):
        while True:
            row = self.row()
            try:
                row.tag
            except AttributeError:
                self.plain += 1

    def parse(self):
        """None of these is a number."""
        self.number += 1
        text = 'x%d' % self.number
        return int(text)

    def bad_input(self):
        while True:
            try:
                self.parse()
            except ValueError:
                self.rejected += 1


class Job(object):
    """One of many."""

    def __init__(self, number):
        self.number = number

    def run(self):
        """Its result is dropped."""
        return '%x' % (self.number * 2654435761 % 2 ** 32)


class Worker(object):
    """Does jobs."""

    def __init__(self):
        self.number = 0
        self.done = 0
        self.stopped = False

    def take(self):
        """The next one."""
        self.number += 1
        return Job(self.number)

    def jobs(self):
        while not self.stopped:
            self.take().run()
            self.done += 1


if __name__ == '__main__':
    kind = sys.argv[1]
    owner = [of for of in (Consumer, Search, Worker) if hasattr(of, kind)][0]
    variants.main(kind, sys.argv[2], {kind: getattr(owner(), kind)})
