# Two workers behind one socket. With `bug`, one of the paths sends a worker round and round.
import os
import socket
import sys


def answer(text):
    done = not ('bug' in sys.argv and '/slow' in text)
    turns = 0
    while not done:
        turns += 1
    return 'ok'


def work(listening):
    while True:
        client, _ = listening.accept()
        body = answer(client.recv(4096))
        client.sendall('HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' % (len(body), body))
        client.close()


listening = socket.socket()
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.bind(('127.0.0.1', int(sys.argv[1])))
listening.listen(16)
for _ in range(2):
    if os.fork() == 0:
        work(listening)
while True:
    os.wait()
