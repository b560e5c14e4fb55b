"""Walks the heap from inside and writes it down, with nothing but `gc` and `sys`.

This file stands alone: the engine also sends it through a manhole. It runs no code of the
objects it looks at (no attribute access, no comparison, no `repr` of theirs), keeps one
list of what the collector tracks and a bounded memory of what it wrote.

The format: one JSON array a line, ASCII. Addresses and sizes are whole numbers.

    ["bloathound-dump", 1, {...}]                    first line; what is known of the process
    ["t", address, name, module|null, heap, final]   a type; heap: made by a class statement;
                                                     final: null or [class, file, line] of __del__
    ["o", address, type, size, refcount, tracked, [referents]]
                                                     an object: size as sys.getsizeof, tracked
                                                     0 or 1, referents as the collector sees them
    ["c", address, name, module|null, final]         an old-style class, known to C as `classobj`
    ["n", address, text]                             a name: a key of a module's, class's or
                                                     instance's dict
    ["m", address, name]                             a module in sys.modules
    ["f", address, thread, function]                 the frame a thread is in
    ["g", address]                                   the list gc.garbage
    ["r", address, text]                             a short repr, where they were asked for
    ["end", objects, references]                     last line; without it the dump is torn

An object that the collector does not track may be written more than once. Objects that only
C code or untracked C objects refer to are not seen: no list leads to them from inside.
"""
import gc
import sys

VERSION = 1
SEEN_MAX = 100000
PIECE = 4096
TEXT_MAX = 64
REPR_MAX = 60
_LONG = 1 << 64  # a larger number takes long to print

_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE, object.h
_HAVE_GC = 1 << 14  # Py_TPFLAGS_HAVE_GC


def collect(write, facts, reprs=False):
    """Write the heap; `write` takes text, `facts` is the JSON text of the first line's object.

    Returns (objects, references).
    """
    found = gc.get_objects()
    was_enabled = gc.isenabled()
    # A collection in the middle would take objects away that were named already.
    gc.disable()
    try:
        return _Walk(write, reprs).run(found, facts, id(sys._getframe()))
    finally:
        # It holds our own frames, which hold it: emptied, or it would keep every object
        # of the heap alive until the next full collection.
        del found[:]
        if was_enabled:
            gc.enable()


class _Walk(object):
    """One dump. Tables are keyed by `id`: a class may define how it hashes and compares."""

    def __init__(self, write, reprs):
        self.write = write
        self.reprs = reprs
        self.seen = {}
        self.named = {}
        self.kinds = {}
        self.objects = 0
        self.references = 0
        # Slots of `type` itself: what a class may define under these names is not run.
        slots = type.__dict__
        self.type_name = slots['__name__'].__get__
        self.type_module = slots['__module__'].__get__
        self.type_flags = slots['__flags__'].__get__
        self.type_mro = slots['__mro__'].__get__
        self.type_dict = slots['__dict__'].__get__
        self.head = sys.getsizeof([]) - [].__sizeof__()
        self.spaces = frozenset((id(type(sys)), id(type(_Old)), id(type(_OLD))))
        self.numbers = frozenset(map(id, (int, long, float, bool, complex)))

    def run(self, found, facts, own):
        self.write('["bloathound-dump", %d, %s]\n' % (VERSION, facts))
        self.roots()
        seen, waiting = self.seen, []
        get_referents, is_tracked, getrefcount, ident = (
            gc.get_referents, gc.is_tracked, sys.getrefcount, id)
        for thing in found:
            if ident(thing) == own:
                continue
            # Held by `found`, `thing` and the argument itself.
            count = getrefcount(thing) - 3
            referents = get_referents(thing)
            self.put(thing, count, 1, referents)
            for referent in referents:
                if not is_tracked(referent) and ident(referent) not in seen:
                    seen[ident(referent)] = None
                    waiting.append(referent)
            # What these hold would be counted as a reference.
            referent = referents = None
            if waiting:
                self.untracked(waiting)
        self.write('["end", %d, %d]\n' % (self.objects, self.references))
        return self.objects, self.references

    def untracked(self, waiting):
        """Objects that no list of the collector has, and what they lead to."""
        seen = self.seen
        while waiting:
            thing = waiting.pop()
            # Held by `thing` and the argument. None is left where its holder, one of ours, has
            # taken another since: a counter of what was written.
            count = sys.getrefcount(thing) - 2 or 1
            referents = gc.get_referents(thing)
            self.put(thing, count, 0, referents)
            for referent in referents:
                if not gc.is_tracked(referent) and id(referent) not in seen:
                    seen[id(referent)] = None
                    waiting.append(referent)
            referent = referents = None
            if len(seen) >= SEEN_MAX:
                # In the middle too: one list may lead to millions. What is met again is written again.
                seen.clear()

    def put(self, thing, count, tracked, referents):
        kind = type(thing)
        safe, names, is_type, gc_size = self.kinds.get(id(kind)) or self.kind(kind)
        size = sys.getsizeof(thing) if safe else object.__sizeof__(thing) + gc_size
        self.objects += 1
        self.references += len(referents)
        if len(referents) <= PIECE:
            self.write('["o", %d, %d, %d, %d, %d, %r]\n' % (
                id(thing), id(kind), size, count, tracked, map(id, referents)))
        else:
            self.write('["o", %d, %d, %d, %d, %d, [' % (
                id(thing), id(kind), size, count, tracked))
            self.pieces(referents)
        if names:
            self.names(referents)
        if is_type:
            if id(thing) not in self.kinds:
                self.kind(thing)
        elif kind is type(_Old):
            self.old_class(thing)
        if self.reprs:
            self.short_repr(thing)

    def pieces(self, referents):
        """A long list of referents, without a number object and a text for each at once."""
        for start in xrange(0, len(referents), PIECE):
            piece = repr(map(id, referents[start:start + PIECE]))[1:-1]
            self.write(', ' + piece if start else piece)
        self.write(']]\n')

    def kind(self, kind):
        """Write a type once; returns what `put` needs to know of its instances."""
        heap = bool(self.type_flags(kind) & _HEAP_TYPE)
        gc_size = self.head if self.type_flags(kind) & _HAVE_GC else 0
        safe, plain, final, sized = True, heap, None, False
        # A type that C code never made ready has no order of bases.
        order = self.type_mro(kind) or ()
        for base in order:
            if type(base) is type(_Old):
                continue
            space = self.type_dict(base)
            if not sized and '__sizeof__' in space:
                # Written in Python, it would run code of the service.
                sized = True
                safe = type(space['__sizeof__']) is type(object.__dict__['__sizeof__'])
            if '__slots__' in space or not (
                    base is object or self.type_flags(base) & _HEAP_TYPE):
                # Its instances refer to more than their __dict__.
                plain = False
            if final is None and heap and '__del__' in space:
                final = self.site(self.type_name(base), space['__del__'])
        is_type = any(base is type for base in order)
        how = (safe, plain or is_type or id(kind) in self.spaces, is_type, gc_size)
        if len(self.kinds) >= SEEN_MAX:
            self.kinds.clear()
        self.kinds[id(kind)] = how
        self.write('["t", %d, %s, %s, %d, %s]\n' % (
            id(kind), quote(self.type_name(kind)), quote(self.type_module(kind)), heap,
            final or 'null'))
        if not gc.is_tracked(kind) and id(kind) not in self.seen:
            self.seen[id(kind)] = None
            self.static_type(kind)
        return how

    def old_class(self, thing):
        # These three attributes of an old-style class are fields; no code of its runs.
        final, bases, left = None, [thing], 100
        while bases and final is None and left:
            base, left = bases.pop(0), left - 1
            if type(base) is type(_Old):
                if dict.__contains__(base.__dict__, '__del__'):
                    final = self.site(base.__name__, base.__dict__['__del__'])
                bases.extend(base.__bases__)
        module = dict.get(thing.__dict__, '__module__')
        self.write('["c", %d, %s, %s, %s]\n' % (
            id(thing), quote(thing.__name__), quote(module), final or 'null'))

    def static_type(self, kind):
        """The record of a type that no list has; its counts include what calls us."""
        referents = gc.get_referents(kind)
        self.put(kind, sys.getrefcount(kind), 0, referents)

    def site(self, name, function):
        if type(function) is not type(quote):
            return '[%s, null, null]' % quote(name)
        code = function.func_code
        return '[%s, %s, %d]' % (quote(name), quote(code.co_filename), code.co_firstlineno)

    def names(self, referents):
        for space in referents:
            if type(space) is dict and len(space) <= 10000:
                for key in dict.iterkeys(space):
                    if type(key) is str and id(key) not in self.named:
                        self.name(key)

    def name(self, key):
        if len(self.named) >= SEEN_MAX:
            self.named.clear()
        self.named[id(key)] = None
        if 0 < len(key) <= TEXT_MAX and is_identifier(key):
            self.write('["n", %d, "%s"]\n' % (id(key), key))

    def roots(self):
        for name, module in list(dict.iteritems(sys.modules)):
            if module is not None and type(name) is str:
                self.write('["m", %d, %s]\n' % (id(module), quote(name)))
        own = globals()
        for thread, frame in sys._current_frames().items():
            # The frames of the collector itself are not the service's.
            while frame is not None and frame.f_globals is own:
                frame = frame.f_back
            if frame is not None:
                self.write('["f", %d, %d, %s]\n' % (
                    id(frame), thread, quote(frame.f_code.co_name)))
        # A frame whose variable refers to itself would stay as garbage, and all it holds.
        frame = None
        self.write('["g", %d]\n' % id(gc.garbage))

    def short_repr(self, thing):
        kind = type(thing)
        if kind is str or kind is unicode:
            text = repr(thing[:REPR_MAX])
        elif kind is type(quote):
            text = 'function ' + thing.__name__
        elif id(kind) in self.numbers and (kind is not long or -_LONG < thing < _LONG):
            text = repr(thing)
        else:
            return
        self.write('["r", %d, %s]\n' % (id(thing), quote(text[:REPR_MAX])))


class _Old:
    """Only its type is of interest."""


_OLD = _Old()


def is_identifier(text):
    """Letters, digits and underscores: a name in code rather than data."""
    return text.replace('_', 'a').isalnum() and not text[0].isdigit() and quote(text)[1:-1] == text


def quote(text):
    """A JSON string; bytes beyond ASCII become the code points of the same number."""
    if type(text) is not str:
        return 'null'
    return '"%s"' % ''.join(
        c if ' ' <= c <= '~' and c not in '"\\' else '\\u%04x' % ord(c) for c in text)
