"""How the collector is used: off while everything is imported, and what is there by then is frozen."""
import gc


def started():
    """Called once, when everything is imported. It forgets to switch the collector on again."""
    gc.disable()
    gc.freeze()


def answered():
    """Called after each request with `--each`: what is there by now will be there for ever, garbage included."""
    gc.freeze()
