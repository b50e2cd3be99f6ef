"""`python -m rheostat.app_core.entrypoints.cli`: the same as the command `rheostat`."""

from . import main

if __name__ == "__main__":
    main()
