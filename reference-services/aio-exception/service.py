"""Reference service `aio-exception`: errors that are kept, and with each the frames that it went through."""
import asyncio

import failures
from bhthree import aio
from bhthree.contract import Service
from orders import Unpaid, order

ORDERS = 30


class Failing(Service):
    """Thirty orders, ten of which nobody has paid for."""

    name = 'aio-exception'

    async def work(self, request):
        taken = []
        for number in range(1, ORDERS + 1):
            try:
                taken.append(await order(number, self.settings.rows))
            except Unpaid as error:
                failures.note(error)
            await asyncio.sleep(0)
        return {'orders': taken}

    def facts(self):
        return {'kept_errors': sum(isinstance(one, Exception) for one in failures.recent)}


if __name__ == '__main__':
    aio.run(Failing)
