# A plain server of the standard library with a thread for each request. With `bug`, each leaves an entry behind.
import sys
from BaseHTTPServer import BaseHTTPRequestHandler, HTTPServer
from SocketServer import ThreadingMixIn


class Audit(object):
    entries = []

    @classmethod
    def note(cls, entry):
        cls.entries.append(entry)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if 'bug' in sys.argv:
            Audit.note({'path': self.path, 'headers': dict(self.headers)})
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write('ok')

    def log_message(self, *ignored):
        pass


class Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True


Server(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
