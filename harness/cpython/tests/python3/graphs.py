"""Random graphs, one after the other: each waits for a line, then says what a full collection of it found.

Arguments: first seed, number of graphs. For each graph `ready`; after a line, three lines of addresses: what the
collection found unreachable (`gc.garbage` under `DEBUG_SAVEALL`), what finalizers brought back, what is alive and tracked
afterwards.
"""
import gc
import random
import sys
import weakref

back = []
kept = []


class Plain:
    pass


class Slotted:
    __slots__ = ('first', 'second', 'third', '__weakref__')


class Finalised:
    def __del__(self):
        self.__dict__


class Returns:
    def __del__(self):
        back.append(self)


def waits(held):
    inner = [held]
    yield inner


def guarded(held):
    try:
        yield held
    finally:
        held = None


async def never(held):
    await held


def closing(held):
    def inner():
        return held
    return inner


def make(rng):
    """A node that can be given references, or one that has the reference it was made with."""
    kind = rng.randrange(9)
    if kind == 0:
        return []
    if kind == 1:
        return {}
    if kind == 2:
        return Slotted()
    if kind == 3:
        return Finalised()
    if kind == 4:
        return Returns()
    if kind == 5:
        node = Plain()
        node.__dict__
        return node
    if kind == 6:
        return set()
    return Plain()


def refer(rng, source, target):
    if isinstance(source, list):
        source.append(target)
    elif isinstance(source, dict):
        source[rng.choice(('a', 'b', 1, 2, len(source)))] = target
    elif isinstance(source, set):
        try:
            source.add((target,))
        except TypeError:
            pass
    elif isinstance(source, Slotted):
        setattr(source, rng.choice(Slotted.__slots__[:3]), target)
    else:
        setattr(source, rng.choice(('x', 'y', 'z', 'w%d' % rng.randrange(50))), target)


def wrapped(rng, target):
    """Something immutable around it."""
    kind = rng.randrange(7)
    if kind == 0:
        return (target, 5)
    if kind == 1:
        generator = waits(target)
        next(generator)
        return generator
    if kind == 2:
        generator = guarded(target)
        next(generator)
        return generator
    if kind == 3:
        return closing(target)
    if kind == 4:
        return waits(target)
    if kind == 5:
        return (lambda: None).__get__(target)
    return iter([target])


def graph(rng):
    nodes = [make(rng) for _ in range(rng.randrange(5, 60))]
    for _ in range(rng.randrange(len(nodes) * 4)):
        source, target = rng.choice(nodes), rng.choice(nodes)
        refer(rng, source, wrapped(rng, target) if rng.random() < 0.3 else target)
    weak = [weakref.ref(node, lambda dead: None) for node in nodes if isinstance(node, (Plain, Slotted, Finalised))]
    if rng.random() < 0.5:
        kept.append(weak)
    else:
        refer(rng, rng.choice(nodes), weak)
    for node in nodes:
        if rng.random() < 0.1:
            kept.append(node)
    if rng.random() < 0.3:
        # Frozen: all that is there, garbage with it.
        gc.freeze()
        more = [make(rng) for _ in range(20)]
        for _ in range(30):
            refer(rng, rng.choice(nodes + more), rng.choice(nodes + more))
    if rng.random() < 0.4:
        # What was brought back once is not asked again.
        returned = Returns()
        returned.cycle = returned
        del returned
        gc.collect()
        back[0].others = nodes[:3]
        back.clear()


def addresses(objects):
    return ' '.join('%x' % id(item) for item in objects)


def main(seed, graphs):
    gc.disable()
    for number in range(seed, seed + graphs):
        gc.set_debug(0)
        gc.unfreeze()
        gc.garbage.clear()
        back.clear()
        kept.clear()
        gc.collect()
        back.clear()
        gc.collect()
        graph(random.Random(number))
        # What came back when the nodes went, and what comes back when that goes.
        while back:
            back.clear()
        sys.stdout.write('ready\n')
        sys.stdout.flush()
        sys.stdin.readline()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        # Before anything is made that could stand where something was.
        objects = gc.get_objects()
        found, returned = addresses(gc.garbage), addresses(back)
        dead = set(map(id, gc.garbage))
        alive = addresses([item for item in objects if id(item) not in dead])
        del objects
        sys.stdout.write('%s\n%s\n%s\n' % (found, returned, alive))
        sys.stdout.flush()


if __name__ == '__main__':
    main(int(sys.argv[1]), int(sys.argv[2]))
