"""`python -m sandbox`: start the panels, call them, read the seller's journal."""

from __future__ import annotations

import sys

from sandbox.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
