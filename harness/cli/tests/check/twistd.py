# What a virtual environment does for its own: `twistd` on the packages of the folder that PACKAGES names.
import os
import site
import sys

site.addsitedir(os.environ['PACKAGES'])
from twisted.scripts.twistd import run

os.environ['OWN_PORT'] = sys.argv.pop(1)
run()
