"""python -m style_transfer: the command line."""

import sys

from style_transfer.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
