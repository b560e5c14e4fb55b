# coding: utf-8
"""Loads a dump of meliae and prints its table by type: `python2.7 load_meliae.py PACKAGES DUMP`."""
from __future__ import print_function

import sys

sys.path.insert(0, sys.argv[1])

from meliae import loader  # noqa: E402, the packages are where the line above says

loaded = loader.load(sys.argv[2], show_prog=False)
print(loaded.summarize())
