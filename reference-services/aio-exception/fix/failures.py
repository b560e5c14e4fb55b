"""What went wrong, for whoever asks later."""
import collections

recent = collections.deque(maxlen=100)


def note(error):
    """Remember the words of an error."""
    recent.append(repr(error))
