# Appended to collector.py and sent through a manhole: writes the dump to the connection we came by.
def _send():
    import os, socket, sys, time
    # Twisted's interpreter is in a frame above; it leads to the terminal, and that to the socket.
    frame, layer = sys._getframe(1), None
    for _ in range(12):
        if frame is None or layer is not None:
            break
        layer = getattr(frame.f_locals.get('self'), 'handler', None)
        frame = frame.f_back
    frame = None
    layer = getattr(layer, 'terminal', None)
    for _ in range(8):
        if layer is None or hasattr(layer, 'getHandle'):
            break
        layer = getattr(layer, 'transport', None)
    if layer is None:
        return 'failed: this is no manhole of Twisted'
    channel, layer = layer.getHandle(), None
    if type(channel) is not socket.socket:
        return 'failed: the connection is no plain socket'
    # Written past the reactor, which would keep all of it in memory until we are done.
    parts, size, before = [], [0], channel.gettimeout()
    def flush():
        channel.sendall(''.join(parts))
        del parts[:]
        size[0] = 0
    def write(text):
        parts.append(text)
        size[0] += len(text)
        if size[0] > 65536:
            flush()
    try:
        # An engine that stops reading holds the service up no longer than this.
        channel.settimeout(10)
        write('\n%s%s\n' % ('STREAM', BLOATHOUND_NONCE))
        collect(write, '{"pid": %d, "at": %d, "python": "%d.%d.%d"}' % (
            (os.getpid(), time.time()) + sys.version_info[:3]))
        flush()
        return 'sent'
    except Exception, error:
        try:
            channel.sendall('\n["x", "%s"]\n' % type(error).__name__)
        except Exception:
            pass
        return 'failed: ' + type(error).__name__
    finally:
        channel.settimeout(before)
