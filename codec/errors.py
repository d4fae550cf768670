"""Every error that kmcodec raises on purpose, split by what its reader can do about it.

`CodecError` catches them all. Each carries a `reason`: a short stable identifier for programs,
listed in format-spec.md for the errors of files. The message is for people.
"""


class CodecError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    message : str
        What was found and what was expected, for people. Without the file's name: whoever
        opened the file adds it.
    reason : str
        Stable identifier in kebab-case, for programs.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        """Pickle with both arguments, so that errors come back from other processes."""
        return type(self), (str(self), self.reason)


class FormatError(CodecError, ValueError):
    """The file's fault: not this format, an unsupported version, truncated or corrupt."""


class LimitError(CodecError):
    """Possibly valid, but larger than the caller allows; a higher limit may be passed."""


class ImageError(CodecError, ValueError):
    """These pixels, or this kind of picture, cannot be encoded."""


class ParameterError(CodecError, ValueError):
    """The given option is impossible, such as zero colors."""


class TargetError(CodecError, ValueError):
    """What was asked for cannot be reached; the message names the best that can be."""


class FileError(CodecError, OSError):
    """The file system's fault: missing, unreadable, not a regular file, in the way, no space."""


def not_imported(error: ImportError, package: str, cure: str) -> str:
    """Say why an optional package cannot be used.

    Parameters
    ----------
    error : ImportError
        What importing it raised.
    package : str
        Its name in Python.
    cure : str
        What to say if it is not installed.

    Returns
    -------
    message : str
        `cure`; or, if it is installed and cannot be imported, why not.
    """
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing and missing.partition(".")[0] == package:
        return cure
    return f"{package} cannot be imported: {' '.join(str(error).split())}"


class ClusterError(CodecError):
    """The cluster's fault: no workers, or they die of what they are given."""
