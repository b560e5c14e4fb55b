"""Reads header fields with names that are made for each request, as a proxy in front of many clients does."""
from bhplain import Service, run
from tornado import httputil
from tornado.httputil import HTTPHeaders

NAMES = 100


class Headers(Service):
    """A hundred header names a request, none of them seen before."""

    name = 'torn_headers'

    def started(self):
        self.named = 0

    def work(self, request):
        for _ in range(NAMES):
            self.named += 1
            fields = HTTPHeaders()
            fields['X-Trace-%d' % self.named] = 'on'

    def facts(self):
        # A dict of the class in the release with the bug, a bounded one of the module in the other.
        kept = getattr(HTTPHeaders, '_normalized_headers', None)
        kept = httputil._normalized_headers if kept is None else kept
        return {'names_made': self.named, 'names_kept': len(kept)}


if __name__ == '__main__':
    run(Headers)
