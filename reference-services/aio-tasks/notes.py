"""Notes that are taken in the background: nobody waits for them."""
import asyncio

# The loop refers to its tasks weakly, so somebody has to keep them until they are done. Nobody takes them out again.
background = set()


def take(row):
    """Take a note of a row, in a task of its own."""
    task = asyncio.get_running_loop().create_task(_written(row))
    background.add(task)


async def _written(row):
    await asyncio.sleep(0)
    return {'name': row[1], 'talk': row[4]}
