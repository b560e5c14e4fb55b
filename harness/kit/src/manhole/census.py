# Sent through a manhole by itself: what the collector tracks, by type. Text of bounded size.
def _send():
    import gc, sys
    name = type.__dict__['__name__'].__get__
    module = type.__dict__['__module__'].__get__
    counts = {}
    for thing in gc.get_objects():
        kind = type(thing)
        row = counts.get(id(kind))
        if row is None:
            if len(counts) >= 20000:
                continue
            home = module(kind)
            home = '' if home == '__builtin__' or type(home) is not str else home + '.'
            counts[id(kind)] = row = [home + name(kind), 0]
        row[1] += 1
    rows = sorted(counts.values(), key=lambda row: (-row[1], row[0]))[:500]
    return '\n'.join('%d %s' % (count, text.encode('string_escape')) for text, count in rows)
