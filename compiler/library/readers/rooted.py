"""What readers share that open files: the root, below which these are."""

from typing import Self

from pydantic import PrivateAttr

from modelc.compiler.library.contracts.reader import Reader
from modelc.compiler.syntax.file_root import Root


class RootedReader(Reader):
    """Abstract: a reader that opens files, and is bound to their root before it learns and reads."""

    _root: Root | None = PrivateAttr(default=None)

    def below(self, root: Root) -> Self:
        bound = self.model_copy()
        bound._root = root
        return bound

    @property
    def root(self) -> Root:
        """Where the files are."""
        assert self._root is not None, "`below` says where the files are"
        return self._root
