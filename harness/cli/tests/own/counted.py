# A service that takes a port of the kernel's choice, tells it in a line of its log or by a handshake, counts what it is asked,
# and refuses what is not as it was to be sent.
import json
import os
import sys
from BaseHTTPServer import BaseHTTPRequestHandler, HTTPServer

counts = {'GET': 0, 'PUT': 0, 'numbers': 0}
numbers = set()


class Counted(BaseHTTPRequestHandler):
    def answer(self, status, body):
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == '/ledger':
            return self.answer(200, json.dumps(dict(counts, numbers=len(numbers), named=os.environ['NAMED'])))
        numbers.add(self.path.split('=')[-1])
        counts['GET'] += 1
        self.answer(200, 'ok')

    def do_PUT(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        good = body == '{"kind": "book"}' and self.headers['X-Kind'] == 'books'
        counts['PUT'] += 1
        self.answer(201 if good else 400, '')

    def log_message(self, *ignored):
        pass


server = HTTPServer(('127.0.0.1', 0), Counted)
if sys.argv[1] == 'handshake':
    print json.dumps({'bloathound_service': 1, 'port': server.server_port})
else:
    print 'listening on %d' % server.server_port
server.serve_forever()
