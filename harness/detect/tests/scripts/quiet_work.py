"""Work whose progress shows in no variable's value: quiet_work.py KIND PLACE, as variants.py has them.

What moves is which object it is, a position inside a C structure, or something outside the process.
"""
import itertools
import random
import socket
import sys
import tempfile
import threading

import variants


class Link(object):
    """All of them look the same."""

    def __init__(self, following):
        self.following = following
        self.tag = 'same'


def chain_walk():
    head = None
    for _ in xrange(300000):
        head = Link(head)
    link = head
    while link is not None:
        link = link.following
        # As slow as real work on each: the walk outlasts the look.
        sum(xrange(2000))


def equal_lines():
    lines = tempfile.TemporaryFile()
    for _ in xrange(200):
        lines.write('the same line\n' * 100000)
    lines.seek(0)
    while True:
        line = lines.readline()
        if not line:
            break


def equal_packets():
    reader, writer = socket.socketpair()

    def send():
        while True:
            writer.sendall('x' * 4096)
    sender = threading.Thread(target=send)
    sender.setDaemon(True)
    sender.start()
    while True:
        if not reader.recv(64):
            break


def waiting_for_luck():
    while random.random() > 1e-12:
        pass


def groups():
    same = itertools.chain.from_iterable(itertools.repeat([None], 10 ** 9))
    for _, group in itertools.groupby(same):
        for _ in group:
            pass


if __name__ == '__main__':
    variants.main(sys.argv[1], sys.argv[2], globals())
