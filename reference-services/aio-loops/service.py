"""Reference service `aio-loops`: a coroutine that keeps the event loop to itself."""
import loops
from bhthree import aio
from bhthree.contract import Service
from page import Page

LOOPS = {'peeking': loops.peeking, 'polling': loops.polling}


class Loops(Service):
    """The names on a page, by the loop that `--loop` names."""

    name = 'aio-loops'

    @classmethod
    def add_options(cls, parser):
        parser.add_argument('--loop', choices=sorted(LOOPS), default='peeking', help='which loop (default: peeking)')

    async def work(self, request):
        page = Page(self.settings.rows)
        names = []
        while page.peek() is not None:
            names.append(page.peek()[1])
            page.advance()
        return {'names': names}

    async def stuck(self, request):
        return {'names': await LOOPS[self.settings.loop](Page(self.settings.rows))}


if __name__ == '__main__':
    aio.run(Loops)
