"""How is a file locked so that no other process gets it, and the lock falls when this process ends?"""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # a locked byte cannot be read there: lock one beyond what is written

    def lock(handle: int) -> None:
        """Lock an open file; raise `BlockingIOError` at once where another process holds it."""
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from error
        finally:
            os.lseek(handle, 0, os.SEEK_SET)

else:
    import errno
    import fcntl

    def lock(handle: int) -> None:
        """Lock an open file; raise `BlockingIOError` at once where another process holds it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise BlockingIOError(*error.args) from error
