"""Our side of every case: `python -m ours CASE …` speaks the bench's protocol."""

from harness.protocol import Bench


def main() -> None:
    Bench().skip("the engine's Program isn't there yet")


if __name__ == "__main__":
    main()
