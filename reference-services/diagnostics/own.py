"""Tells the kit's own frames, which stay out of traces and stacks, from the service's."""
from __future__ import absolute_import

import os
import threading


def is_own(frame):
    """True for a frame of the kit itself."""
    return frame.f_code.co_filename in NAMES


def frames_above(frame):
    """The frame and its callers, those of the kit left out."""
    found = []
    while frame is not None:
        if not is_own(frame):
            found.append(frame)
        frame = frame.f_back
    return found


def is_own_thread(frame):
    """True where the thread that runs this frame was started by the kit."""
    while frame.f_back is not None:
        frame = frame.f_back
    return is_own(frame)


def is_last(frame):
    """True when the thread ends with this frame, but for what `threading` does then."""
    back = frame.f_back
    return back is None or back.f_code is _BOOTSTRAP


_BOOTSTRAP = threading.Thread._Thread__bootstrap_inner.im_func.func_code

# The files of the kit as its code objects name them.
NAMES = frozenset(
    os.path.join(os.path.dirname(is_own.func_code.co_filename), name)
    for name in ('audit.py', 'collector.py', 'control.py', 'dump.py', 'kit.py', 'logs.py',
                 'manhole.py', 'own.py', 'private.py', 'reach.py', 'tracing.py'))
