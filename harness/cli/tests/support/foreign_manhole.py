"""A service with a manhole of its own, as `twisted.conch.manhole_tap` makes one for telnet, and nothing of the kit.

Usage: foreign_manhole.py DIRECTORY plain|colored tcp|unix. Writes DIRECTORY/ready when it listens, with where; answers
`GET /` on the port in DIRECTORY/http. (`manhole_tap` itself can't be imported without an SSH library.)
"""
import glob
import os
import site
import sys

for place in list(sys.path):
    if place and glob.glob(os.path.join(place, '*-nspkg.pth')):
        site.addsitedir(place)

from twisted.conch import manhole, telnet
from twisted.conch.insults import insults
from twisted.cred import checkers, portal
from twisted.internet import protocol, reactor
from twisted.web import resource, server
from zope.interface import implementer

KEPT = []


class Kept(object):
    pass


@implementer(portal.IRealm)
class Realm(object):
    def __init__(self, kind):
        self.kind = kind

    def requestAvatar(self, avatar, mind, *interfaces):
        made = telnet.TelnetBootstrapProtocol(insults.ServerProtocol, self.kind, {'kept': KEPT})
        return telnet.ITelnetProtocol, made, lambda: None


class Page(resource.Resource):
    isLeaf = True

    def render_GET(self, request):
        KEPT.extend(Kept() for _ in xrange(500))
        return 'ok'


def write(name, text):
    with open(os.path.join(directory, name + '.new'), 'w') as out:
        out.write(text)
    os.rename(os.path.join(directory, name + '.new'), os.path.join(directory, name))


directory, kind, way = sys.argv[1:]
checker = checkers.InMemoryUsernamePasswordDatabaseDontUse(admin='sesame')
door = portal.Portal(Realm(manhole.ColoredManhole if kind == 'colored' else manhole.Manhole), [checker])
factory = protocol.ServerFactory()
factory.protocol = lambda: telnet.TelnetTransport(telnet.AuthenticatingTelnetProtocol, door)
if way == 'tcp':
    where = '127.0.0.1:%d' % reactor.listenTCP(0, factory, interface='127.0.0.1').getHost().port
else:
    where = os.path.join(directory, 'own.sock')
    reactor.listenUNIX(where, factory)
write('http', str(reactor.listenTCP(0, server.Site(Page()), interface='127.0.0.1').getHost().port))
reactor.callWhenRunning(write, 'ready', where)
reactor.run()
