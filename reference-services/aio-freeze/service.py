"""Reference service `aio-freeze`: `gc.freeze()`, and nobody who switches the collector on again.

With `--each` it is frozen after each request too: what is garbage by then stays for ever.
"""
import asyncio
import gc

import memory
from bhthree import aio
from bhthree.contract import Service
from tree import programme


class Freeze(Service):
    """A tree for each request; nothing refers to it when the request is over."""

    name = 'aio-freeze'

    @classmethod
    def add_options(cls, parser):
        parser.add_argument('--each', action='store_true', help='freeze after each request too')

    def started(self):
        memory.started()

    async def work(self, request):
        root = programme(self.settings.rows)
        await asyncio.sleep(0)
        days = [len(day.children) for day in root.children]
        del root
        if self.settings.each:
            memory.answered()
        return {'talks': sum(days)}

    def facts(self):
        return {'frozen': gc.get_freeze_count(), 'collector_on': int(gc.isenabled())}


if __name__ == '__main__':
    aio.run(Freeze)
