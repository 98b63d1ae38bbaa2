"""Run the command line: `python -m videoqa`."""

import sys

from videoqa.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
