"""``python -m skprep``: the command line."""

from skprep.cli import main

if __name__ == "__main__":
    main()
