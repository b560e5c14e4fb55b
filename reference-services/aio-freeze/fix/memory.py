"""How the collector is used: off while everything is imported, and what is there by then is frozen."""
import gc


def started():
    """Called once, when everything is imported."""
    gc.disable()
    gc.freeze()
    gc.enable()


def answered():
    """Called after each request with `--each`: nothing that is made later is frozen."""
