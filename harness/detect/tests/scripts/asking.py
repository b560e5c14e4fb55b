"""Loops that ask a function in C again and again, and loops that hand on: asking.py KIND PLACE, as variants.py has them.

The same question has the same answer; another one each time is work. So is something else to write.
"""
import asyncore
import csv
import hashlib
import os
import re
import socket
import sqlite3
import sys
import tempfile
import threading
import time
import zlib

import SocketServer
import variants

TOKEN = re.compile(r'\s*(\d+|[a-z]+|[-+*/()])')


def tokenizer():
    text = 'price + tax * 17 @ rate'
    at = 0
    found = []
    while at < len(text):
        token = TOKEN.match(text, at)
        if token:
            found.append(token.group(1))
            at = token.end()


def locked_table():
    name = os.path.join(tempfile.mkdtemp(), 'orders')
    other = sqlite3.connect(name, timeout=0, isolation_level=None)
    other.execute('create table orders (number)')
    other.execute('begin exclusive')
    mine = sqlite3.connect(name, timeout=0, isolation_level=None)
    tries = 0
    while True:
        try:
            mine.execute('insert into orders values (?)', (1,))
            break
        except sqlite3.OperationalError:
            tries += 1


class Pages(object):
    """Each says that the second one is next."""

    def page(self, name):
        return {'items': [], 'next': 'second'}


class Copy(object):
    """Of all that there is, page by page."""

    def __init__(self, pages):
        self.pages = pages
        self.found = []

    def same_page(self):
        name = 'first'
        while name:
            page = self.pages.page(name)
            self.found.extend(page['items'])
            name = page['next']


def same_page():
    Copy(Pages()).same_page()


class Requests(SocketServer.TCPServer):
    """Its owner asks it for the next request."""
    timeout = 0


def handled_by_hand():
    server = Requests(('127.0.0.1', 0), SocketServer.BaseRequestHandler)
    running = True
    while running:
        server.handle_request()


class Journal(object):
    """A record is longer than a page: no page of it has an end of a line in it."""

    def __init__(self):
        fd, self.path = tempfile.mkstemp()
        with os.fdopen(fd, 'wb') as lines:
            lines.write('short\n' * 100 + 'long;' * 20000)
        self.offset = 600

    def page(self):
        with open(self.path, 'rb') as lines:
            lines.seek(self.offset)
            return lines.read(8192)

    def forward(self):
        whole, newline, _ = self.page().rpartition('\n')
        self.offset += len(whole) + len(newline)

    def same_offset(self):
        size = os.stat(self.path).st_size
        while self.offset < size:
            self.forward()


def same_offset():
    Journal().same_offset()


class Line(object):
    """Of a peer that has hung up in the middle of one."""

    def __init__(self):
        self.mine, other = socket.socketpair()
        other.sendall('half a li')
        other.close()
        self.buffered = ''

    def hung_up(self):
        while '\n' not in self.buffered:
            self.buffered += self.mine.recv(1024)


def hung_up():
    Line().hung_up()


def turned_by_hand():
    quiet = asyncore.dispatcher()
    quiet.create_socket(socket.AF_INET, socket.SOCK_STREAM)
    quiet.bind(('127.0.0.1', 0))
    quiet.listen(1)
    answers = []
    while not answers:
        asyncore.loop(timeout=0, count=1)


class Talkative(asyncore.dispatcher):
    """Says that it may be written to, with nothing to write; now and then a line comes in."""

    def writable(self):
        return True

    def handle_write(self):
        self.send('')

    def handle_read(self):
        self.recv(4096)


def trickle():
    lines = socket.socket()
    lines.bind(('127.0.0.1', 0))
    lines.listen(1)
    other = socket.create_connection(lines.getsockname())
    Talkative(lines.accept()[0])

    def say():
        while True:
            other.sendall('anyone here?\n')
            time.sleep(0.5)
    speaker = threading.Thread(target=say)
    speaker.setDaemon(True)
    speaker.start()
    asyncore.loop(timeout=30)


# ---- loops that get on -----------------------------------------------------------------------------------------------

def tokens_of_texts():
    made = 0
    while True:
        text = ' '.join('item%d + %d' % (n % 7, made + n) for n in xrange(2000))
        at = 0
        while at < len(text):
            token = TOKEN.match(text, at)
            if not token:
                break
            made += 1
            at = token.end()


def broken_blocks():
    broken = 0
    number = 0
    while True:
        number += 1
        try:
            zlib.decompress('block %d' % number)
            break
        except zlib.error:
            broken += 1


class Records(object):
    """A few kinds of them, of which there are many: where it has come to only the reader in C knows."""

    def __init__(self):
        lines = tempfile.TemporaryFile()
        for _ in xrange(300):
            lines.write(''.join('kind%d,%d\n' % (n % 10, n % 3) for n in xrange(10000)))
        lines.seek(0)
        self.rows = csv.reader(lines)

    def following(self):
        kind, state = next(self.rows)
        sum(xrange(100))
        return {'kind': kind, 'state': state}


def records():
    rows = Records()
    record = {'kind': 'first', 'state': '0'}
    while record['kind'] != 'last':
        record = rows.following()


def summed_image():
    """All of it looks alike: how far it is, only the file and its sum know."""
    with tempfile.TemporaryFile() as image:
        image.truncate(1 << 36)
        total = hashlib.sha1()
        while True:
            block = image.read(65536)
            if not block:
                break
            total.update(block)


def served_by_hand():
    class Echo(asyncore.dispatcher):
        def handle_read(self):
            self.send(self.recv(4096))

        def writable(self):
            return False

    class Door(asyncore.dispatcher):
        def handle_accept(self):
            Echo(self.accept()[0])

    door = Door()
    door.create_socket(socket.AF_INET, socket.SOCK_STREAM)
    door.bind(('127.0.0.1', 0))
    door.listen(1)

    def ask():
        client = socket.create_connection(door.socket.getsockname())
        number = 0
        while True:
            client.sendall('%d: say it again' % number)
            client.recv(4096)
            number += 1
    asker = threading.Thread(target=ask)
    asker.setDaemon(True)
    asker.start()
    answers = []
    while not answers:
        asyncore.loop(timeout=0, count=1)


def numbered_lines():
    read_end, write_end = os.pipe()

    def drain():
        while os.read(read_end, 65536):
            pass
    reader = threading.Thread(target=drain)
    reader.setDaemon(True)
    reader.start()
    number = 0
    while True:
        os.write(write_end, 'line %d\n' % number)
        number += 1


def served_forever():
    server = Requests(('127.0.0.1', 0), SocketServer.BaseRequestHandler)
    server.serve_forever(poll_interval=0.01)


if __name__ == '__main__':
    variants.main(sys.argv[1], sys.argv[2], globals())
