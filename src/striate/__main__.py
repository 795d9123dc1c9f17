"""The command as a module, ``python -m striate``, where the script isn't on the PATH."""

from striate.cli import main

if __name__ == "__main__":
    main()
