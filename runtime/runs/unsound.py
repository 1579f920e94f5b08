"""What can be wrong with a file of a run, and what to do about it."""

INTACT = ("train again, or copy the whole run again from an intact copy",)


class UnsoundError(Exception):
    """A file is not as it was written, or cannot be read. Its message says so of the file; `helps` is what to do."""

    helps: tuple[str, ...] = INTACT


class UnknownFormatError(UnsoundError):
    """A file is in a format that is not known, most likely that of a later version."""

    helps = ("use the version of modelc that trained it, or a later one",)


class ForbiddenError(UnsoundError):
    """The system does not let a file be read."""

    helps = ("allow yourself to read the files of the run",)
