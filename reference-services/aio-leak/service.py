"""Reference service `aio-leak`: a registry of sessions that never lets go of one."""
import asyncio

from bhservice.table import attendee
from bhthree import aio
from bhthree.contract import Service
from registry import registry


class Leak(Service):
    """A visit of each attendee, in turns of the event loop."""

    name = 'aio-leak'

    async def work(self, request):
        names = []
        for number in range(1, self.settings.rows + 1):
            session = registry.enter(attendee(number))
            if number % 20 == 0:
                await asyncio.sleep(0)
            names.append(session.row[1])
            registry.leave(session)
        return {'visited': names}

    def facts(self):
        return {'kept_sessions': len(registry.by_number)}


if __name__ == '__main__':
    aio.run(Leak)
