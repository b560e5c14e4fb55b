"""Makes one of everything, writes what the interpreter itself says of every tracked object, and waits.

Each line of the facts file: address, type name, sys.getsizeof, addresses of gc.get_referents.
"""
import array
import bisect
import cPickle
import cStringIO
import collections
import datetime
import functools
import gc
import io
import itertools
import json
import operator
import os
import re
import socket
import struct
import sys
import threading
import weakref
import xml.etree.cElementTree
import zlib


class New(object):
    kind = 'new'

    def __init__(self):
        self.a = [1, 2, 3]
        self.b = {'x': (1, 'y')}

    def method(self):
        return self.a

    @property
    def prop(self):
        return self.b

    @classmethod
    def made(cls):
        return cls()

    @staticmethod
    def still():
        return None


class Slots(object):
    __slots__ = ('one', 'two', '__weakref__')

    def __init__(self):
        self.one = [1]
        self.two = u'two'


class MoreSlots(Slots):
    __slots__ = ('three',)


class Old:
    def __init__(self):
        self.x = ['old']


class Meta(type):
    registry = []


class WithMeta(object):
    __metaclass__ = Meta


class MyDict(dict):
    pass


class MyList(list):
    __slots__ = ('extra',)


class MyTuple(tuple):
    pass


class MyStr(str):
    pass


class MyInt(int):
    pass


class MyLong(long):
    pass


class MyUnicode(unicode):
    pass


class MyError(Exception):
    pass


class Finalised(object):
    def __del__(self):
        pass


def generator(items):
    for item in items:
        yield item


def guarded():
    try:
        yield 1
    finally:
        pass


def closure(free):
    def inner():
        return free
    return inner


def make():
    zoo = [New(), Slots(), MoreSlots(), Old(), WithMeta(), MyDict(a=[1]), MyList([[], {}]), MyTuple(([], {})),
           MyStr('text'), MyInt(7), MyLong(2 ** 70), MyUnicode(u'text'), Finalised()]
    zoo[2].three = {'slot': []}
    zoo[5].attribute = [2]
    zoo[6].extra = [3]
    zoo[7].attribute = [4]
    for value in (zoo[8], zoo[9], zoo[10], zoo[11]):
        value.attribute = [5]
    zoo += [New.method, New().method, New.made, New.still, New.prop, Old, Meta]
    gens = [generator([[], {}]), guarded(), (x for x in [[1], [2]])]
    for gen in gens:
        next(gen)
    zoo += gens
    zoo += [closure([1, 2]), functools.partial(closure, [1], key={}), lambda x=[1]: x]
    zoo += [collections.deque([[n] for n in range(500)]), collections.deque([[1]], 5), collections.deque(),
            collections.defaultdict(list, {1: [1]}), collections.OrderedDict([(1, []), (2, {})]),
            collections.namedtuple('Point', 'x y')([1], {})]
    rotated = collections.deque([n] for n in range(300))
    for _ in range(150):
        rotated.popleft()
    zoo.append(rotated)
    zoo += [set([(1, 2), 'a']), frozenset(['b', (3,)]), set(range(1000)), set()]
    thinned = set(('thin', n) for n in range(100))
    for n in range(50):
        thinned.discard(('thin', n))
    zoo.append(thinned)
    gappy = dict((n, [n]) for n in range(100))
    for n in range(0, 100, 2):
        del gappy[n]
    zoo.append(gappy)
    zoo += [iter([1, []]), iter(([],)), iter({1: []}), {1: []}.iteritems(), {1: []}.itervalues(), iter(set([1])),
            reversed([[]]), enumerate([[]]), iter(New, None), iter(xrange(5)), iter('abc')]
    zoo += [{1: []}.viewkeys(), {1: []}.viewvalues(), {1: []}.viewitems(), New.__dict__]
    zoo += [itertools.chain([[]], [[]]), itertools.cycle([[]]), itertools.count(5), itertools.repeat([]),
            itertools.islice([[]], 5), itertools.imap(None, [[]]), itertools.izip([[]], [{}]),
            itertools.groupby([[]]), itertools.tee([[]])[0], itertools.product([[]], [{}]),
            itertools.permutations([[], {}]), itertools.combinations([[], {}], 1), itertools.starmap(len, [[[]]]),
            itertools.takewhile(len, [[]]), itertools.dropwhile(len, [[]]), itertools.ifilter(len, [[]]),
            itertools.ifilterfalse(len, [[]]), itertools.compress([[]], [1]), itertools.izip_longest([[]], [1, 2])]
    zoo += [operator.itemgetter(1, 2), operator.attrgetter('a.b'), operator.methodcaller('m', [1])]
    zoo += [weakref.ref(zoo[0]), weakref.proxy(zoo[0], lambda r: None), weakref.WeakKeyDictionary(),
            weakref.WeakValueDictionary({1: zoo[0]})]
    zoo += [slice([], {}, None), memoryview(b'abc'), buffer('abc'), bytearray(b'x' * 700), array.array('d', [1.0] * 9),
            Ellipsis, NotImplemented, 2 ** 200, -2 ** 90, 1.5, 2j, u'wide' * 300, 'long' * 300, xrange(3)]
    zoo += [len, [].append, str.join, dict.fromkeys, object.__init__, 'a'.__add__, int.real, type.__dict__['__mro__']]
    zoo += [re.compile('(a)(?P<n>b)'), re.match('(a)', 'a'), datetime.datetime.now(), datetime.date.today(),
            datetime.timedelta(1), struct.Struct('ii'), zlib.compressobj(), os.stat('/'), sys.version_info,
            sys.float_info, threading.local(), threading.Lock(), threading.RLock(), threading.Event()]
    zoo += [io.BytesIO(b'x' * 100), io.StringIO(u'y' * 100), io.open(os.devnull, 'rb'), io.open(os.devnull, 'w'),
            cStringIO.StringIO('in'), cStringIO.StringIO(), open(os.devnull), socket.socket(),
            cPickle.Pickler(cStringIO.StringIO()), json.JSONEncoder(), json.JSONDecoder()]
    zoo += [xml.etree.cElementTree.fromstring('<a b="c"><d>e</d></a>'), bisect.bisect, super(New, zoo[0])]
    try:
        raise MyError('failed', [1])
    except MyError as error:
        zoo += [error, sys.exc_info()[2]]
    for make_error in (lambda: open('/nonexistent'), lambda: u'\xff'.encode('ascii'), lambda: compile('(', 'f', 'exec'),
                       lambda: {}['k'], lambda: sys.exit([1])):
        try:
            make_error()
        except BaseException as error:
            zoo.append(error)
    zoo.append(sys._getframe())
    return zoo


def main(path):
    kept = make()
    local = threading.local()
    local.value = [1]
    gc.collect()
    gc.disable()
    objects = gc.get_objects()
    for item in objects:
        # The first look at a type makes it ready, which adds to its base's list of subclasses.
        sys.getsizeof(item)
    with open(path, 'w') as facts:
        for item in objects:
            if item is objects:
                continue
            referents = gc.get_referents(item)
            facts.write('%x\t%s\t%d\t%s\n' % (id(item), type(item).__name__, sys.getsizeof(item),
                                             ' '.join(['%x' % id(r) for r in referents])))
            del referents
    sys.stdout.write('ready %d\n' % len(kept))
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == '__main__':
    main(sys.argv[1])
