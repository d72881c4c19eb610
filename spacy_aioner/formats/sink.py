"""An output file that takes its name only when it is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ..errors import AionerError


@contextmanager
def replace_file(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file to write to; one that exists stays until all went well.

    path (str | Path): The file. A link is followed; a device is written to directly.
    YIELDS (BinaryIO): Where to write.
    RAISES (AionerError): If the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    special = target.exists() and not target.is_file()
    place = target
    if not special:
        place = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with open(place, "wb") as stream:
            yield stream
        if not special:
            if target.exists():
                shutil.copymode(target, place)
            os.replace(place, target)
    except OSError as error:
        raise AionerError(
            f"{path}: cannot be written ({error.strerror or error}); check the folder, "
            f"the permissions and the space left"
        ) from error
    finally:
        if not special:
            with suppress(OSError):
                place.unlink()
