"""HTTP and JSON on twisted.web: a coroutine answers a request."""
import json
import logging

from twisted.internet import defer
from twisted.python import log
from twisted.web import resource, server

_log = logging.getLogger(__name__)


class Forbidden(Exception):
    """Raised by a handler: the answer is 403, and the text says why."""


class Endpoint(resource.Resource):
    """One path and one method, answered by `handler(request)`.

    The handler returns a value that becomes JSON, or a Deferred of one. A str is sent as it
    is: JSON that was made already. None means that the handler wrote the body itself.
    """
    isLeaf = True

    def __init__(self, method, handler):
        resource.Resource.__init__(self)
        self.allowedMethods = (method,)
        self._handler = handler

    def render(self, request):
        if request.method not in self.allowedMethods:
            request.setHeader('allow', ', '.join(self.allowedMethods))
            return _body(request, 405, {'error': 'method not allowed'})
        answer = defer.maybeDeferred(self._handler, request)
        gone = []
        # A client that hangs up ends the answer, not the coroutine: the work goes on, as it
        # does in most services, and only its result is thrown away.
        request.notifyFinish().addErrback(gone.append)
        answer.addCallback(_finish, request, gone)
        answer.addErrback(_failed, request, gone)
        return server.NOT_DONE_YET


def _finish(value, request, gone):
    if gone:
        return
    if value is not None:
        request.write(_body(request, 200, value))
    request.finish()


def _failed(failure, request, gone):
    if failure.check(Forbidden):
        if not gone:
            request.write(_body(request, 403, {'error': failure.getErrorMessage()}))
            request.finish()
        return
    log.err(failure, 'a request failed')
    if gone:
        return
    if not request.startedWriting:
        request.write(_body(request, 500, {'error': failure.getErrorMessage()}))
        request.finish()
    else:
        # The status is out already; a cut connection is the only honest sign left.
        request.transport.abortConnection()


def _body(request, status, value):
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True) + '\n'
    request.setResponseCode(status)
    request.setHeader('content-type', 'application/json')
    request.setHeader('content-length', str(len(text)))
    _log.debug('%s %s answered with status %d and %d bytes', request.method, request.path,
               status, len(text))
    return text


class Site(server.Site):
    """A site without an access log.

    Twisted's wakes the reactor every second to format a date; a service that is meant to be
    idle should be idle.
    """

    def startFactory(self):
        pass

    def stopFactory(self):
        pass

    def log(self, request):
        pass


def asks_for(request, flag):
    """True when the query of a request sets `flag` to 1."""
    return request.args.get(flag, ['0'])[-1] == '1'
