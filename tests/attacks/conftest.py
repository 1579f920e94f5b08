"""What attacks share with the tests of commands."""

from tests.cli.conftest import cache

__all__ = ["cache"]
