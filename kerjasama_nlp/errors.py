"""Errors that the command line turns into one clear line and an exit code.

Every message says what was found, what was expected and what to do next.
"""

# What a command ends with that is done, where some of the rows failed.
EXIT_ROWS_FAILED = 4


class KerjasamaError(Exception):
    """Base of all errors that a user can cause and mend.

    `exit_code` is what the command line ends with; the numbers are a contract (README, "Exit codes").
    """

    exit_code = 1


class UsageError(KerjasamaError):
    """The call itself is wrong: options that exclude each other, an empty question, a bad value."""

    exit_code = 2


class InputError(KerjasamaError):
    """An input cannot be read: missing, empty, binary, of an unknown encoding or shape."""

    exit_code = 3


class ModelError(KerjasamaError):
    """A model folder is missing, damaged, or of another format."""

    exit_code = 5


class OutputExistsError(KerjasamaError):
    """The output is already there and may not be overwritten."""

    exit_code = 6


class OutputError(KerjasamaError):
    """Writing failed: disk full, read-only folder, a closed pipe's distant cousin."""

    exit_code = 74
