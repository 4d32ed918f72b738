"""`python -m highhelp`: the command `highhelp`."""

import sys

from highhelp.cli import main

sys.exit(main())
