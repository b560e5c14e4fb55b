"""One of everything that CPython 3 has, and what it says of each: a file of facts, then it waits.

Each line of the facts file: address, type name, sys.getsizeof, addresses of gc.get_referents.
"""
import abc
import array
import asyncio
import bisect
import collections
import contextvars
import csv
import ctypes
import dataclasses
import datetime
import decimal
import enum
import functools
import gc
import hashlib
import io
import itertools
import json
import operator
import os
import pickle
import queue
import random
import re
import socket
import struct
import sys
import threading
import types
import typing
import weakref
import xml.etree.ElementTree
import zlib


# 3.11 and later, which can make more.
IS_LATER = sys.version_info >= (3, 11)
LATER = [iter(list[int])] if IS_LATER else []


class New:
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


class Many:
    def __init__(self):
        for n in range(29):
            setattr(self, 'name%d' % n, [n])


class TooMany:
    def __init__(self):
        for n in range(40):
            setattr(self, 'name%d' % n, [n])


class Slots:
    __slots__ = ('one', 'two', '__weakref__')

    def __init__(self):
        self.one = [1]
        self.two = 'two'


class MoreSlots(Slots):
    __slots__ = ('three',)


class SlotsAndDict(Slots):
    pass


class Meta(type):
    registry = []


class WithMeta(metaclass=Meta):
    pass


class Abstract(abc.ABC):
    @abc.abstractmethod
    def must(self):
        pass


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass
class Data:
    x: int
    y: list = dataclasses.field(default_factory=list)


class Generic(typing.Generic[typing.TypeVar('T')]):
    pass


class Grüße:
    def __init__(self):
        self.ß = ['ß']


class MyDict(dict):
    pass


class MyList(list):
    __slots__ = ('extra',)


class MyTuple(tuple):
    pass


class MyStr(str):
    pass


class MyBytes(bytes):
    pass


class MyInt(int):
    pass


class MyFloat(float):
    pass


class MySet(set):
    pass


class MyError(Exception):
    def __init__(self, *args):
        super().__init__(*args)
        self.more = [args]


class Finalised:
    def __del__(self):
        pass


def generator(items):
    for item in items:
        yield item


def guarded():
    held = [1]
    try:
        yield held
    finally:
        pass


def closure(free, other):
    def inner(argument=[1], *, named={}):
        return free, other, argument, named
    return inner


async def coroutine(waits):
    local = [waits]
    await waits
    return local


async def asynchronous():
    local = [1]
    yield local


@types.coroutine
def queued(*items):
    waiting = queue.SimpleQueue()
    for item in items:
        waiting.put(item)
    waiting.get()
    return waiting


def bare():
    yield [1]


class Waits:
    def __await__(self):
        yield 1


def make():
    zoo = [New(), Slots(), MoreSlots(), SlotsAndDict(), WithMeta(), MyDict(a=[1]), MyList([[], {}]),
           MyTuple(([], {})), MyStr('text'), MyStr('täxt'), MyBytes(b'b'), MyInt(7), MyInt(2 ** 70), MyFloat(1.5), MySet([(1, 2)]),
           Finalised(), Many(), TooMany(), Grüße(), Data(1), Colour.RED, Generic(), Abstract]
    zoo[2].three = {'slot': []}
    zoo[3].attribute = [2]
    for value in (zoo[5], zoo[7], zoo[8], zoo[9], zoo[10], zoo[11], zoo[12], zoo[13], zoo[14]):
        value.attribute = [5]
    zoo[6].extra = [3]
    looked_at = New()
    zoo += [looked_at, looked_at.__dict__]
    detached = vars(New())
    zoo.append(detached)
    replaced = New()
    replaced.__dict__ = {'other': [1]}
    emptied = New()
    del emptied.a
    grown = New()
    for n in range(60):
        setattr(grown, 'x%d' % n, [n])
    zoo += [replaced, emptied, grown]
    zoo += [New.method, New().method, New.made, New.still, New.prop, Meta]
    gens = [generator([[], {}]), guarded(), (x for x in [[1], [2]])]
    for gen in gens:
        next(gen)
    begun = coroutine(Waits())
    begun.send(None)
    finished = generator([])
    list(finished)
    async_gen = asynchronous()
    try:
        async_gen.__anext__().send(None)
    except StopIteration:
        pass
    zoo += gens + [begun, finished, generator([]), async_gen, asynchronous(), bare(), begun.__await__()]
    never = coroutine(Waits())
    zoo += [never, async_gen.__anext__(), async_gen.aclose()]
    zoo += [closure([1, 2], {}), functools.partial(closure, [1], key={}), lambda x=[1]: x]
    zoo += [collections.deque([[n] for n in range(500)]), collections.deque([[1]], 5), collections.deque(),
            collections.defaultdict(list, {1: [1]}), collections.OrderedDict([(1, []), (2, {})]),
            collections.OrderedDict(), collections.Counter('abc'), collections.ChainMap({}, {'a': []}),
            collections.namedtuple('Point', 'x y')([1], {}), collections.UserDict(a=[1])]
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
    texts = dict(('k%d' % n, [n]) for n in range(300))
    del texts['k5']
    mixed = {'a': [], 1: {}}
    zoo += [gappy, texts, mixed, {}, dict.fromkeys(range(70000), mixed)]
    zoo += [iter([1, []]), iter(([],)), iter({1: []}), iter({1: []}.items()), iter({1: []}.values()), iter(set([1])),
            reversed([[]]), reversed({1: []}), enumerate([[]]), iter(New, None), iter(range(5)), iter('abc'), iter('äbc'),
            iter(b'abc'), iter(bytearray(b'abc')), iter(range(2 ** 80))]
    zoo += [{1: []}.keys(), {1: []}.values(), {1: []}.items(), New.__dict__, types.MappingProxyType({'a': []})]
    zoo += [itertools.chain([[]], [[]]), itertools.cycle([[]]), itertools.count(5), itertools.count(2 ** 70, 2),
            itertools.repeat([]), itertools.islice([[]], 5), map(None, [[]]), zip([[]], [{}]), filter(None, [[]]),
            itertools.groupby([[]]), itertools.tee([[], {}])[0], itertools.product([[]], [{}]),
            itertools.permutations([[], {}]), itertools.combinations([[], {}], 1), itertools.starmap(len, [[[]]]),
            itertools.combinations_with_replacement([[], {}], 2), itertools.accumulate([[1], [2]]),
            itertools.takewhile(len, [[]]), itertools.dropwhile(len, [[]]), itertools.filterfalse(len, [[]]),
            itertools.compress([[]], [1]), itertools.zip_longest([[]], [1, 2]), itertools.pairwise([[], {}])]
    for advanced in (itertools.chain([[]], [[]]), itertools.groupby([[1]]), itertools.tee([[], {}])[1],
                     itertools.product([[]], [{}]), itertools.permutations([[], {}]), itertools.cycle([[]]),
                     itertools.accumulate([[1], [2]]), itertools.pairwise([[], {}, ()])):
        next(advanced)
        zoo.append(advanced)
    zoo += [operator.itemgetter(1, 2), operator.itemgetter(1), operator.attrgetter('a.b'), operator.methodcaller('m', [1])]
    zoo += [weakref.ref(zoo[0]), weakref.proxy(zoo[0], lambda r: None), weakref.WeakKeyDictionary(),
            weakref.WeakValueDictionary({1: zoo[0]}), weakref.WeakSet([zoo[0]]), weakref.finalize(zoo[1], print)]
    zoo += [slice([], {}, None), memoryview(b'abc'), memoryview(bytearray(5))[1:], bytearray(b'x' * 700),
            array.array('d', [1.0] * 9), iter(array.array('d', [1.0])), Ellipsis, NotImplemented, 2 ** 200, -2 ** 90, -5,
            1.5, 2j, 'wide ä' * 300, 'wider Ж' * 300, 'widest 😀' * 30, b'long' * 300, range(3), range(2 ** 70)]
    encoded = 'encoded Ж'
    ctypes.pythonapi.PyUnicode_AsUTF8.restype = ctypes.c_void_p
    ctypes.pythonapi.PyUnicode_AsUTF8(ctypes.py_object(encoded))
    zoo.append(encoded)
    zoo += [len, [].append, str.join, dict.fromkeys, object.__init__, 'a'.__add__, int.real, type.__dict__['__mro__'],
            New.__dict__['__dict__'], Slots.one]
    zoo += [re.compile('(a)(?P<n>b)'), re.match('(a)', 'a'), datetime.datetime.now(), datetime.date.today(),
            datetime.timedelta(1), datetime.timezone(datetime.timedelta(hours=1)), struct.Struct('ii'), zlib.compressobj(),
            os.stat('/'), sys.version_info, sys.flags, sys.float_info, threading.local(), threading.Lock(),
            threading.RLock(), threading.Event(), threading.Condition(), queue.SimpleQueue(), queued('a', ('b',)), queue.Queue(),
            hashlib.sha256(b'x'), hashlib.blake2b(b'x'), random.Random(5), decimal.Decimal('1.5'), decimal.getcontext()]
    zoo += [io.BytesIO(b'x' * 100), io.StringIO('y' * 100), open(os.devnull, 'rb'), open(os.devnull, 'w'),
            open(os.devnull, 'rb', buffering=0), socket.socket(), pickle.Pickler(io.BytesIO()),
            pickle.Unpickler(io.BytesIO()), json.JSONEncoder(), json.JSONDecoder(), csv.reader(['a,b']),
            csv.writer(io.StringIO())]
    zoo += [xml.etree.ElementTree.fromstring('<a b="c"><d>e</d></a>'), bisect.bisect, super(New, zoo[0]),
            types.SimpleNamespace(a=[1]), types.GenericAlias(list, (int,)), list[int], int | str, typing.List[int],
            typing.TypeVar('U'), typing.ParamSpec('P'), *LATER, types.ModuleType('made'),
            contextvars.ContextVar('v', default=[1]), contextvars.copy_context()]
    var = contextvars.ContextVar('w')
    zoo += [var, var.set([5]), contextvars.copy_context()]
    cached = functools.lru_cache(maxsize=5)(closure)
    cached(1, 2)
    zoo += [cached, functools.cached_property(len), functools.cmp_to_key(len)(5), functools.singledispatch(len)]
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    future.add_done_callback(print)

    async def waiter():
        held = [1]
        await future
        return held

    task = loop.create_task(waiter(), name='waits')
    loop.call_soon(loop.stop)
    loop.run_forever()
    zoo += [loop, future, task, asyncio.Lock(), asyncio.Queue(), asyncio.Event()]
    try:
        raise MyError('failed', [1])
    except MyError as error:
        zoo += [error, error.__traceback__, error.__traceback__.tb_frame]
    for make_error in (lambda: open('/nonexistent'), lambda: '\xff'.encode('ascii'), lambda: compile('(', 'f', 'exec'),
                       lambda: {}['k'], lambda: sys.exit([1]), lambda: [].nothing, lambda: nothing, lambda: next(iter([])),
                       lambda: __import__('nothing')):
        try:
            make_error()
        except BaseException as error:
            zoo.append(error)
    try:
        try:
            raise KeyError('first')
        except KeyError as first:
            if IS_LATER:
                first.add_note('a note')
            raise ValueError('second') from first
    except ValueError as second:
        zoo.append(second)
    if IS_LATER:
        zoo.append(ExceptionGroup('group', [ValueError(1)]))
    zoo.append(sys._getframe())
    return zoo


def main(path):
    kept = make()
    local = threading.local()
    local.value = [1]
    gc.collect()
    gc.freeze()
    fresh = [[n] for n in range(50)]
    gc.collect()
    gc.disable()
    objects = gc.get_objects()
    gc.unfreeze()
    objects = gc.get_objects()
    gc.freeze()
    # What is no container, too: whatever these refer to.
    met = {id(item): item for item in objects}
    pending = list(objects)
    while pending:
        for item in gc.get_referents(pending.pop()):
            if id(item) not in met:
                met[id(item)] = item
                pending.append(item)
    ours = {id(objects), id(met), id(pending), id(sys._getframe())}
    every = [item for item in met.values() if id(item) not in ours]
    del met, pending
    rows = []
    with open(path, 'w') as facts:
        ours.update((id(every), id(facts), id(facts.buffer), id(facts.buffer.raw), id(rows)))
        for item in every:
            if id(item) in ours:
                continue
            try:
                size = sys.getsizeof(item)
            except Exception:
                size = -1
            referents = gc.get_referents(item)
            facts.write('%x\t%s\t%d\t%s\n' % (id(item), type(item).__name__, size,
                                              ' '.join(['%x' % id(r) for r in referents])))
            del referents
    sys.stdout.write('ready %d\n' % (len(kept) + len(fresh)))
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == '__main__':
    main(sys.argv[1])
