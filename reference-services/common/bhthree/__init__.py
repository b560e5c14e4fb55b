"""What the services for CPython 3 share: the contract, as much of HTTP as the driver speaks, and two event loops.

The contract is that of ``bhservice`` (see ``reference-services/README.md``); the work is ``GET /work``, and ``GET /stuck``
for what may never answer. A service is a subclass of ``contract.Service`` whose handlers are coroutines:

    from bhthree import aio
    from bhthree.contract import Service

    class Shop(Service):
        name = 'shop'

        async def work(self, request):
            return {'orders': 3}

    if __name__ == '__main__':
        aio.run(Shop)

``aio`` runs it on asyncio, where nothing has to be installed; ``tx`` on Twisted, of any release from 21.7 on: twisted.web of
the older ones can't be imported on 3.13. Nothing here makes a cycle of objects, so a service may switch the collector off.
"""
