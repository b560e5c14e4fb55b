"""Loops that ask a function in C again and again, and loops that hand on: asking.py KIND PLACE, as variants.py has them.

The same question has the same answer; another one each time is work. So is something else to write.
"""
import csv
import os
import re
import sqlite3
import sys
import tempfile
import threading
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
