# coding: utf-8
"""A CPython 2.7 process with N tracked objects: what all tools look at, and its own stop-watch.

Usage: python2.7 target.py N PACKAGES. It turns without rest and measures the longest time in which it did not: that is how
long a tool blocked it, from outside or from inside. Commands are lines on stdin, answers lines of JSON on stdout.
"""
from __future__ import print_function

import gc
import json
import os
import select
import sys
import time


class Base(object):
    """What every row is made from; it keeps the classes for ever, as a cache on a base model does."""

    cache = {}


def build(tracked):
    """Instances with dicts, lists, tuples, strings and classes, all held by a cache of a class."""
    gc.disable()
    row = 0
    while True:
        kind = type("Row%d" % (row // 1000), (Base,), {})
        rows = []
        Base.cache[kind.__name__] = (kind, rows)
        for row in range(row, row + 1000):
            one = kind()
            one.name = "row-%d" % row
            one.parts = [row, "part-%d" % row, (one.name, [row])]
            rows.append(one)
        row += 1
        # A row, its dict, its list, and a tuple with a list in it.
        if row % 10000 == 0 or row * 5 >= tracked:
            if len(gc.get_objects()) >= tracked:
                break
    gc.enable()
    gc.collect()
    return len(gc.get_objects())


def talk_ids(state):
    """The talk's first step: whoever is there."""
    state["ids"] = set(id(one) for one in gc.get_objects())
    return "%d ids" % len(state["ids"])


def talk_delta(state):
    """The talk's second step: what is new since, by type."""
    before = state["ids"]
    counts = {}
    for one in gc.get_objects():
        if id(one) not in before:
            counts[type(one)] = counts.get(type(one), 0) + 1
    return "%d types" % len(counts)


def objgraph_types(_state):
    """objgraph's table of the most common types."""
    import objgraph

    return str(objgraph.most_common_types(limit=5))


def objgraph_chain(_state):
    """objgraph's chain from a module to one object."""
    import objgraph

    one = Base.cache["Row0"][1][500]
    chain = objgraph.find_backref_chain(one, objgraph.is_proper_module)
    return "%d objects in the chain" % len(chain)


def guppy_heap(state):
    """guppy's census."""
    import guppy

    state["guppy"] = guppy.hpy()
    state["heap"] = state["guppy"].heap()
    return str(state["heap"]).splitlines()[0]


def guppy_paths(state):
    """guppy's shortest path and dominated size of one class's rows, after its census."""
    heap = state["guppy"]
    rows = heap.iso(*Base.cache["Row0"][1])
    return "%s; dominated %d" % (str(rows.shpaths).splitlines()[0], rows.domisize)


def meliae_dump(_state):
    """meliae's file of all objects, which is analysed afterwards."""
    from meliae import scanner

    scanner.dump_all_objects(sys.argv[3])
    return "%d bytes" % os.path.getsize(sys.argv[3])


def pympler_summary(_state):
    """pympler's table by type."""
    from pympler import muppy, summary

    return "%d rows" % len(summary.summarize(muppy.get_objects()))


MODULES = {
    "guppy": ("guppy", "guppy.heapy.Use", "guppy.heapy.UniSet", "guppy.heapy.Path"),
    "meliae": ("meliae.scanner",),
    "objgraph": ("objgraph",),
    "pympler": ("pympler.muppy", "pympler.summary"),
}
INSIDE = {
    name: globals()[name]
    for name in (
        "talk_ids",
        "talk_delta",
        "objgraph_types",
        "objgraph_chain",
        "guppy_heap",
        "guppy_paths",
        "meliae_dump",
        "pympler_summary",
    )
}


def say(**what):
    print(json.dumps(what))
    sys.stdout.flush()


def main():
    sys.path.insert(0, sys.argv[2])
    say(tracked=build(int(sys.argv[1])), pid=os.getpid())
    state = {}
    longest = 0.0
    clock = time.time
    asked = select.poll()
    asked.register(0, select.POLLIN)
    last = clock()
    turn = 0
    while True:
        now = clock()
        if now - last > longest:
            longest = now - last
        last = now
        turn += 1
        if turn & 1023 or not asked.poll(0):
            continue
        words = sys.stdin.readline().split()
        if not words or words[0] == "quit":
            return
        if words[0] == "begin":
            longest = 0.0
            say(ready=True)
            last = clock()
        elif words[0] == "end":
            say(blocked=longest)
            last = clock()
        elif words[0] == "load":
            # What a tool takes for its import is not its answer's.
            for name in MODULES.get(words[1], ()):
                try:
                    __import__(name)
                except ImportError:
                    pass
            say(ready=True)
            last = clock()
        elif words[0] == "run":
            try:
                said, missing = INSIDE[words[1]](state), None
            except Exception as error:  # Whatever a tool does, the table says it.
                said, missing = None, "%s: %s" % (type(error).__name__, error)
            taken = clock() - now
            longest = max(longest, taken)
            last = clock()
            say(said=said, missing=missing, seconds=taken)
            last = clock()
        elif words[0] == "forget":
            state.clear()
            gc.collect()
            say(ready=True)
            last = clock()


if __name__ == "__main__":
    main()
