"""Loops to be judged from outside: variants.py KIND PLACE.

PLACE: plain (the main thread, nothing else), reactor (called by an event loop), thread (a second thread).
Writes `ready` when the loop is about to begin; ends with its parent's end of standard input.
"""
import asyncore
import hashlib
import itertools
import logging
import os
import re
import socket
import sqlite3
import sys
import threading
import time
import zlib


class Row(object):
    """Something with attributes."""

    def __init__(self):
        self.n = 0
        self.done = False
        self.name = 'row'

    def step(self):
        """Changes an attribute that its result does not depend on."""
        self.n += 1
        return self.done

    def advance(self):
        """Gets nearer to an end."""
        self.n += 1
        return self.n > 10 ** 12


class Slots(object):
    """Attributes without a dictionary."""
    __slots__ = ('n', 'done')

    def __init__(self):
        self.n = 0
        self.done = False


class Old:
    """An old-style instance."""

    def __init__(self):
        self.n = 0
        self.done = False


def peek(rows):
    """A helper."""
    return rows[0] if rows else None


# ---- loops that go nowhere -------------------------------------------------------------------------------------------

def spin():
    done = False
    while not done:
        pass


def forever():
    while 1:
        pass


def while_true():
    while True:
        pass


def helper():
    rows = [(1, 'a')]
    done = False
    last = None
    while not done:
        row = peek(rows)
        if row is None:
            done = True
        elif row is not last:
            last = row


def counting():
    done = False
    tries = 0
    while not done:
        tries += 1


def asked_alike():
    tries, answer, wanted, offers = 0, None, 'this', {'that': 1}
    while answer is None:
        tries += 1
        answer = offers.get(wanted)


def parsed_again():
    failures, text = 0, '?'
    while True:
        try:
            int(text)
            break
        except ValueError:
            failures += 1


def put_back():
    waiting, ready = ['one', 'two', 'three', 'four'], set()
    while waiting:
        name = waiting.pop(0)
        if name not in ready:
            waiting.append(name)


def asks_for_the_next():
    number, answer, offers = 0, None, {2 ** 40: 1}
    while answer is None:
        number += 1
        answer = offers.get(number)


def counting_without_exit():
    tries = 0
    while True:
        tries += 1


def flipping():
    done = False
    shade = 'light'
    while not done:
        shade = 'dark' if shade == 'light' else 'light'


def attribute():
    row = Row()
    while not row.done:
        row.n += 1


def slot_attribute():
    row = Slots()
    while not row.done:
        row.n += 1


def old_attribute():
    row = Old()
    while not row.done:
        row.n += 1


def method():
    row = Row()
    done = False
    while not done:
        done = row.step()


def slow_helper():
    def look():
        total = 0
        for number in xrange(20000):
            total += number
        return None
    done = None
    while not done:
        done = look()


def nested():
    rows = range(50)
    done = False
    while not done:
        total = 0
        for row in rows:
            total += row


def long_nested():
    done = False
    while not done:
        total = 0
        for number in xrange(3000000):
            total ^= number


def recursive_helper():
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)
    done = False
    while not done:
        fib(12)


def guarded():
    done = False
    tries = 0
    while True:
        tries += 1
        if tries % 1000 == 0:
            if done:
                break


def endless_iterator():
    for number in itertools.repeat(1):
        pass


def comprehension():
    return [0 for number in itertools.repeat(1) if number > 1]


def swallowed():
    iterator = iter([])
    done = False
    while not done:
        try:
            next(iterator)
        except StopIteration:
            continue


def coroutine():
    def turns():
        done = False
        while not done:
            yield None
    for turn in turns():
        pass


def closure():
    state = {'done': False}
    done = []
    count = [0]

    def run():
        while not done:
            count[0] += 1
    run()
    return state


def cycling():
    for number in itertools.cycle([1, 2, 3]):
        if number > 5:
            break


def states():
    following = dict((state, (state + 1) % 12) for state in range(12))
    state = 0
    while state != 99:
        state = following[state]


def linked_ring():
    first = Row()
    first.next = Row()
    first.next.next = first
    row = first
    while row is not None:
        row = row.next


def spinning_receive():
    receiving, sending = socket.socketpair()
    receiving.setblocking(False)
    while True:
        try:
            data = receiving.recv(1)
        except socket.error:
            continue
        if not data:
            break


def end_of_stream():
    receiving, sending = socket.socketpair()
    sending.close()
    received = ''
    while not received.endswith('.'):
        data = receiving.recv(64)
        received += data


def locked():
    lock = threading.Lock()
    done = False
    while not done:
        with lock:
            pass


def two_threads():
    other = threading.Thread(target=spin)
    other.setDaemon(True)
    other.start()
    spin()


class Client(object):
    """Something that never answers."""

    def __init__(self):
        self.failures = 0
        self.stop = False

    def connect(self):
        raise IOError('refused')


def retries():
    client = Client()
    while True:
        try:
            client.connect()
        except IOError:
            client.failures += 1


def timed_retries():
    client = Client()
    while not client.stop:
        now = time.time()
        try:
            client.connect()
        except IOError:
            last = now


def counts_by_name():
    client = Client()
    counts = {'done': 0, 'failed': 0}
    while True:
        try:
            client.connect()
            counts['done'] += 1
        except IOError:
            counts['failed'] += 1


def reconnects():
    class Consumer(object):
        def __init__(self):
            self.address = ('127.0.0.1', 9)
            self.failures = 0

        def connect(self):
            made = socket.socket()
            made.connect(self.address)
            return made

        def reconnects(self):
            while True:
                try:
                    self.connect().recv(10)
                except Exception:
                    self.failures += 1
    Consumer().reconnects()


def drops_and_retries():
    class Sink(object):
        def __init__(self):
            self.tries = 0
            self.made = None

        def open(self):
            self.made = socket.socket()
            try:
                self.made.connect(('127.0.0.1', 9))
            except socket.error:
                self.made = None
                raise
    sink = Sink()
    is_sent = False
    while not is_sent:
        try:
            try:
                sink.open()
                is_sent = True
            finally:
                sink.tries += 1
        except socket.error:
            pass


def logged_retries():
    log = logging.getLogger('retries')
    log.addHandler(logging.NullHandler())
    client = Client()
    while True:
        try:
            socket.create_connection(('127.0.0.1', 9))
        except socket.error as error:
            client.failures += 1
            log.warning('failed %d times: %s', client.failures, error)


def regex():
    re.compile(r'(\w+ ?)+$').match('x' * 36 + ' (a)')


def long_search():
    re.compile(r'(?:a|b|c|d|e|x)*(?:q|r|s)').search('x' * 60000)


# ---- loops that get on, or sleep -------------------------------------------------------------------------------------

def compute():
    total = 1
    steps = 0
    end = time.time() + 3600
    while time.time() < end:
        for number in xrange(1000):
            total = (total * 6364136223846793005 + number) % (2 ** 61 - 1)
        steps += 1


def consume():
    total = 0
    for number in xrange(10 ** 12):
        total += number & 7


def consume_generator():
    def numbers():
        n = 0
        while n < 10 ** 12:
            yield n
            n += 1
    total = 0
    for number in numbers():
        total += number


def consume_quietly():
    for _ in itertools.repeat(None, 10 ** 12):
        pass


def cursor():
    class Cursor(object):
        def __init__(self):
            self.at = 0

        def __iter__(self):
            return self

        def next(self):
            self.at += 1
            return (self.at, 'row %d' % self.at)
    total = 0
    for row in Cursor():
        total += row[0]


def until():
    n = 0
    limit = 10 ** 12
    while n < limit:
        n += 1


def flag_at_the_end():
    value = 1
    done = False
    while not done:
        value += 3
        if value > 10 ** 15:
            done = True


def solver():
    row = Row()
    while not row.advance():
        pass


def mine():
    nonce = 0
    digest = ''
    while not digest.startswith('0' * 30):
        nonce += 1
        digest = hashlib.sha1(str(nonce)).hexdigest()


def recursion():
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)
    fib(60)


def worker():
    def items():
        n = 0
        while True:
            n += 1
            yield 'item %d' % n
    queue = items()
    stop = False
    handled = {}
    while not stop:
        item = next(queue)
        handled[item[-1]] = item


def serve():
    class Server(object):
        def __init__(self):
            self.stop = False
            self.requests = 0

        def handle(self):
            self.requests += 1
            request = 'GET /%d' % self.requests
            return len(request)
    server = Server()
    while not server.stop:
        server.handle()


def traversal():
    class Node(object):
        def __init__(self, depth):
            self.children = [Node(depth - 1), Node(depth - 1)] if depth else []
    root = Node(12)
    stack = [root]
    visited = 0
    while stack:
        node = stack.pop()
        visited += 1
        stack.extend(node.children)
        if len(stack) == 1:
            stack.extend([root] * 4)


def bubble_sort():
    numbers = range(20000, 0, -1)
    for end in xrange(len(numbers), 0, -1):
        for at in xrange(end - 1):
            if numbers[at] > numbers[at + 1]:
                numbers[at], numbers[at + 1] = numbers[at + 1], numbers[at]


def simulation():
    def evolve(cells):
        return [(cell * 3 + cells[at - 1]) % 1009 for at, cell in enumerate(cells)]
    cells = range(5000)
    for step in xrange(10 ** 9):
        cells = evolve(cells)


def tokens():
    text = 'word ' * 2000
    word = re.compile(r'\w+ ?')
    for repeat in xrange(10 ** 9):
        at = 0
        while True:
            match = word.match(text, at)
            if match is None:
                break
            at = match.end()


def deep_solver():
    class State(object):
        def __init__(self):
            self.inner = Row()

        def advance(self):
            self.inner.n += 1
            return self.inner.n > 10 ** 12
    solver = State()
    while not solver.advance():
        pass


def ports():
    class Scanner(object):
        def __init__(self):
            self.port = 0
            self.closed = 0

        def look(self):
            self.port += 1
            made = socket.socket()
            made.connect(('127.%d.%d.1' % (self.port // 250 % 250, self.port % 250), 9))
    scanner = Scanner()
    while True:
        try:
            scanner.look()
        except socket.error:
            scanner.closed += 1


def files():
    class Finder(object):
        def __init__(self):
            self.number = 0
            self.missing = 0

        def look(self):
            self.number += 1
            open('/nonexistent/%08d' % self.number)
    finder = Finder()
    while True:
        try:
            finder.look()
        except IOError:
            finder.missing += 1


def summing():
    sum(xrange(10 ** 12))


def counting_sort():
    numbers = range(200000)
    n = 0
    while n < 10 ** 9:
        sorted(numbers, key=lambda number: -number)
        n += 1


def endless_worker():
    def work(n):
        total = 0
        for number in xrange(n):
            total += number * number
        return total
    while True:
        work(300000)


def packing():
    class Packer(object):
        def __init__(self):
            self.running = True
            self.block = os.urandom(200000)

        def pack(self):
            return zlib.compress(self.block, 9)
    packer = Packer()
    while packer.running:
        packer.pack()


def inserting():
    class Table(object):
        def __init__(self):
            self.connection = sqlite3.connect(':memory:')
            self.connection.execute('create table t (a text)')
            self.stop = False

        def insert(self):
            self.connection.execute("insert into t values ('the same')")
    table = Table()
    while not table.stop:
        table.insert()


def sleeping():
    done = False
    while not done:
        time.sleep(0.01)


def waiting():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def main(kind, place, loops=globals()):
    loop = loops.get(kind)

    def run():
        sys.stdout.write('ready\n')
        sys.stdout.flush()
        loop()

    if place == 'plain':
        run()
    elif place == 'thread':
        thread = threading.Thread(target=run)
        thread.setDaemon(True)
        thread.start()
        while True:
            time.sleep(0.5)
    else:
        read_end, write_end = os.pipe()

        class Handler(asyncore.file_dispatcher):
            def writable(self):
                return False

            def handle_read(self):
                self.recv(1)
                run()

            def handle_error(self):
                raise
        Handler(read_end)
        if kind == 'idle':
            sys.stdout.write('ready\n')
            sys.stdout.flush()
        else:
            os.write(write_end, 'x')
        asyncore.loop(timeout=0.05)


if __name__ == '__main__':
    if sys.argv[1] == 'module_level':
        sys.stdout.write('ready\n')
        sys.stdout.flush()
        done = False
        tries = 0
        while not done:
            tries = 1 - tries
    main(sys.argv[1], sys.argv[2])
