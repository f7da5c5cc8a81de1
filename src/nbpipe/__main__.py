"""``python -m nbpipe`` is the command ``nbpipe``."""

from __future__ import annotations

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # the folder it was started in: a project's json.py must not be imported

from nbpipe.cli import main

if __name__ == "__main__":
    main()
