"""`python -m tatamilab` is the command `tatami`."""

from tatamilab.cli import main

if __name__ == "__main__":
    main()
