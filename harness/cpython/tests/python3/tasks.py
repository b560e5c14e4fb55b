"""Tasks of every kind that wait, and what the interpreter says of each: its coroutine, and whom that waits for in turn."""
import asyncio, collections.abc, json, os, sys, types


async def sleeps(n):
    if n:
        return await sleeps(n - 1)
    await asyncio.sleep(1000)


@types.coroutine
def by_hand(future):
    kept = [1, 2]
    yield from future
    return kept


class Waits:
    def __init__(self, future):
        self.future = future

    def __await__(self):
        return (yield from self.future.__await__())


async def of_a_class(future):
    async with asyncio.Lock():
        await Waits(future)


async def begun_by_hand(future):
    return await by_hand(future)


async def each():
    for n in range(3):
        yield n
        await asyncio.sleep(1000)


async def draws(numbers):
    total = 0
    async for n in numbers:
        total += n
    return total


async def ends():
    return 5


async def gathers(*others):
    return await asyncio.gather(*others)


async def queue(waits):
    try:
        return await waits.get()
    finally:
        waits = None


def chain(one):
    """Names and lines from the first to the last that waits, as the interpreter's own attributes have it."""
    told = []
    while one is not None:
        frame, code = next(((getattr(one, k + '_frame'), getattr(one, k + '_code')) for k in ('cr', 'gi', 'ag') if hasattr(one, k + '_frame')), (None, None))
        if frame is None:
            break
        told.append([code.co_name, frame.f_lineno])
        # One that draws from an asynchronous generator and waits for it has that "running", too.
        if getattr(one, 'cr_running', False) or getattr(one, 'gi_running', False):
            break
        one = next(getattr(one, k) for k in ('cr_await', 'gi_yieldfrom', 'ag_await') if hasattr(one, k))
    return told


class OfNoFunction(collections.abc.Coroutine):
    """Runs as a coroutine does, and is none of the interpreter's: only its task says whether it is done."""

    def __init__(self, turns):
        self.turns = turns

    def send(self, value):
        self.turns -= 1
        if self.turns < 0:
            raise StopIteration

    def throw(self, *raised):
        raise StopIteration

    def __await__(self):
        return self


class Own(asyncio.Task):
    pass


class OwnOfPython(asyncio.tasks._PyTask):
    pass


async def main():
    loop = asyncio.get_running_loop()
    future, numbers = loop.create_future(), each()
    async_for = asyncio.create_task(draws(numbers), name='draws')
    kept = [
        asyncio.create_task(sleeps(3), name='sleeps'),
        asyncio.create_task(begun_by_hand(future), name='by hand'),
        asyncio.create_task(of_a_class(future), name='of a class'),
        asyncio.create_task(queue(asyncio.Queue()), name='queue'),
        asyncio.create_task(ends(), name='ends'),
        asyncio.create_task(OfNoFunction(1 << 60), name='of no function'),
        asyncio.create_task(OfNoFunction(0), name='of no function, ends'),
    ]
    # Of two that nobody named the second is never asked: its number is still a number.
    kept += [asyncio.create_task(sleeps(0)), asyncio.create_task(sleeps(0))]
    number, unasked = int(kept[-2].get_name().rpartition('-')[2]), kept[-1]
    kept += [
        Own(sleeps(1), loop=loop, name='of an own class'),
        asyncio.tasks._PyTask(sleeps(2), loop=loop, name='in Python'),
        OwnOfPython(queue(asyncio.Queue()), loop=loop, name='of an own class in Python'),
        async_for,
    ]
    kept.append(asyncio.create_task(gathers(kept[0], kept[3]), name='gathers'))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    late = asyncio.create_task(sleeps(0), name='not begun')
    told = {}
    for task in asyncio.all_tasks():
        rows = chain(task.get_coro())
        if task is async_for:
            # What hands on between the two has no attributes.
            rows = rows[:1] + chain(numbers)
        name = 'Task-%d' % (number + 1) if task is unasked else task.get_name()
        told[name] = [id(task.get_coro()), rows, task is asyncio.current_task()]
    here = told[asyncio.current_task().get_name()][1][0]
    here[1] = sys._getframe().f_lineno + 1
    print(json.dumps(told), flush=True); os.read(0, 1)
    return future, late


asyncio.run(main())
