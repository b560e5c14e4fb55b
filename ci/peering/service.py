# coding: utf-8
"""A small service of CPython 2.7 for load: HTTP on a port of 127.0.0.1 that the kernel chooses, told on stdout.

A request makes, sorts and writes a few hundred rows: a millisecond of Python. It ends with its parent: when stdin does.
"""
from __future__ import print_function

import json
import sys
import threading
from BaseHTTPServer import BaseHTTPRequestHandler
from SocketServer import TCPServer, ThreadingMixIn


def rows(seed):
    made = []
    for number in range(150):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        made.append({"id": number, "rank": seed % 1000, "name": "row-%d" % seed})
    made.sort(key=lambda row: row["rank"])
    return made


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave in one piece: else each answer waits for the other side's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self):
        body = json.dumps(rows(len(self.path)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        pass


class Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    allow_reuse_address = True


def main():
    server = Server(("127.0.0.1", 0), Handler)
    threads = threading.Thread(target=server.serve_forever)
    threads.daemon = True
    threads.start()
    print(server.server_address[1])
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
