"""`python -m tatamilab`: the command `tatami`, or, given a script, `-m` or `-c`, that code accelerated.

python -m tatamilab lesson.py
python -m tatamilab run --epochs 3
"""

import sys

from tatamilab.errors import BadInput


def main() -> None:
    """Run what the arguments of this process name."""
    from tatamilab.acceleration.scripts import names_code, runner

    arguments = sys.argv[1:]
    if not names_code(arguments):
        from tatamilab.cli import main as tatami

        tatami()
    try:
        run = runner(arguments)
    except BadInput as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
