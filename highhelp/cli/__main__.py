"""`python -m highhelp.cli`."""

import sys

from highhelp.cli import main

sys.exit(main())
