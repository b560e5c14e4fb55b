"""Loops that end in the fixed twin, and here do so."""
import asyncio


async def peeking(page):
    """The names of all rows of a page."""
    names = []
    last = None
    done = False
    while not done:
        row = page.peek()
        if row is None:
            done = True
        elif row is not last:
            names.append(row[1])
            last = row
            page.advance()
    return names


async def polling(page):
    """The names of all rows, which another task puts into a queue."""
    queue = asyncio.Queue()
    filler = asyncio.get_running_loop().create_task(fill(queue, page))
    names = []
    asked = 0
    while not filler.done():
        asked += 1
        await asyncio.sleep(0)
        while not queue.empty():
            names.append(queue.get_nowait()[1])
    return names


async def fill(queue, page):
    """Put the rows of a page into a queue."""
    while page.peek() is not None:
        queue.put_nowait(page.peek())
        page.advance()
        await asyncio.sleep(0)
