"""What the reference services share: options, handshake, ledger, HTTP and rows.

Import this package before Twisted. ``pip install --target`` leaves ``zope.interface``
without a ``zope/__init__.py``: its namespace is declared by a ``*-nspkg.pth`` file, and
Python reads such files in site directories only, not in directories that ``PYTHONPATH``
names. So the directories that hold one are made site directories here.
"""
import glob
import os
import site
import sys


def _read_namespace_declarations():
    for directory in list(sys.path):
        if directory and glob.glob(os.path.join(directory, '*-nspkg.pth')):
            site.addsitedir(directory)


_read_namespace_declarations()
