"""The command `modelc`, also as `python -m modelc`."""

import signal


def main() -> None:
    """Run the command line of this process and exit."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        # While modules are imported there is nothing to save, and where that was interrupted is of no use to anybody.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from modelc.cli.main import main as run

    signal.signal(signal.SIGINT, handler)
    run()


if __name__ == "__main__":
    main()
