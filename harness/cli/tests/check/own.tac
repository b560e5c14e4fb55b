# A service of twistd. With BUG, each request leaves a session behind.
import os

from twisted.application import internet, service
from twisted.web import resource, server


class Session(object):
    def __init__(self, uri):
        self.uri = uri
        self.data = ['x'] * 10


class Root(resource.Resource):
    isLeaf = True

    def __init__(self):
        resource.Resource.__init__(self)
        self.sessions = {}

    def render_GET(self, request):
        if os.environ.get('BUG'):
            self.sessions[len(self.sessions)] = Session(request.uri)
        return 'ok'


application = service.Application('own')
site = internet.TCPServer(int(os.environ['OWN_PORT']), server.Site(Root()), interface='127.0.0.1')
site.setServiceParent(application)
