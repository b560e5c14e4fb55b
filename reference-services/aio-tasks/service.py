"""Reference service `aio-tasks`: tasks in a set from which nobody discards them."""
import asyncio

import notes
from bhservice.table import attendee
from bhthree import aio
from bhthree.contract import Service


class Tasks(Service):
    """A note of each attendee, taken in the background."""

    name = 'aio-tasks'

    async def work(self, request):
        for number in range(1, self.settings.rows + 1):
            notes.take(attendee(number))
        # By then each of them has had its two turns.
        for _ in range(3):
            await asyncio.sleep(0)
        return {'noted': self.settings.rows}

    def facts(self):
        return {'kept_tasks': len(notes.background),
                'unfinished_tasks': sum(not task.done() for task in notes.background)}


if __name__ == '__main__':
    aio.run(Tasks)
