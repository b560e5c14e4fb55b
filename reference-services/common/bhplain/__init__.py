"""A service with nothing but the standard library: for packages that bring an event loop of their own.

The contract is that of ``bhservice`` (see ``reference-services/README.md``): handshake, ledger,
``/health``, ``/ledger``, ``/collect``, ``/quit``, the end with the parent. The work is
``GET /work``, and ``GET /stuck`` for what may never answer.

    from bhplain import Service, run

    class Shop(Service):
        name = 'shop'

        def work(self, request):
            return {'orders': 3}

    if __name__ == '__main__':
        run(Shop)

Requests are answered one after another by the main thread, which between them waits in
``select``; with ``threads = True`` each has a thread of its own. Nothing here makes a cycle, so a
service may switch the collector off.
"""
from bhplain.service import Service, run

__all__ = ['Service', 'run']
