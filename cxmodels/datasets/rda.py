"""How is an R data file read? The data frames in an ``.rda`` file, without R.

The format is R's own serialisation in big-endian ("XDR") form, described in "R Internals", section 1.8. Read
here are the parts that a data frame of numbers and texts needs; anything else is refused by name.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SYMBOL, PAIRLIST, LANGUAGE, TEXT, LOGICAL, INTEGER, REAL, TEXTS, LIST = 1, 2, 6, 9, 10, 13, 14, 16, 19
ALTERNATIVE, REFERENCE, NIL = 238, 255, 254
ENVIRONMENTS = (241, 242, 253)
HAS_ATTRIBUTES, HAS_TAG = 0x200, 0x400
LATIN1 = 1 << 2
MISSING = -1
MISSING_INTEGER = -(2**31)

LENGTH = struct.Struct(">i")


class RdaError(ValueError):
    """A file that is no R data file, or holds what this reader does not know."""


@dataclass
class Vector:
    """A vector of R with its attributes (names, class, levels)."""

    values: Any
    attributes: dict[str, Any] = field(default_factory=dict)


def read_rda(file: Path) -> dict[str, Vector]:
    """Read the objects of an ``.rda`` file.

    Parameters
    ----------
    file : Path
        A file written by R's ``save`` (binary form, any compression).

    Returns
    -------
    dict of str to Vector
        Name → object. A data frame is a vector of columns with the attribute ``names``; numbers are numpy
        arrays, texts lists with None for what is missing.

    Raises
    ------
    RdaError
        Where the file is no such file, cut short, or holds functions, environments or other objects.
    """
    data = _unpacked(file)
    if data[:5] not in (b"RDX2\n", b"RDX3\n") or data[5:7] != b"X\n":
        raise RdaError(f"{file} is no R data file in binary form; save it again with save(…, ascii = FALSE).")
    reader = _Reader(data, place=7)
    try:
        version = reader.integer()
        reader.place += 8  # which R wrote it, and which can read it
        if version == 3:
            encoding = reader.integer()
            reader.place += encoding  # the writer's native encoding; texts carry their own mark
        return dict(reader.item() or {})
    except (struct.error, IndexError) as error:
        raise RdaError(f"{file} is cut short or damaged ({error}); fetch it again.") from None


def _unpacked(file: Path) -> bytes:
    data = file.read_bytes()
    for start, unpack in (
        (b"\xfd7zXZ", lzma.decompress),
        (b"BZh", bz2.decompress),
        (b"\x1f\x8b", gzip.decompress),
    ):
        if data.startswith(start):
            try:
                return unpack(data)
            except (OSError, EOFError, lzma.LZMAError) as error:
                raise RdaError(f"{file} cannot be unpacked ({error}); fetch it again.") from None
    return data


class _Reader:
    """Walks through the bytes; `place` is the next byte, `symbols` what later references point to."""

    def __init__(self, data: bytes, *, place: int) -> None:
        self.data = data
        self.place = place
        self.symbols: list[str] = []

    def integer(self) -> int:
        (value,) = LENGTH.unpack_from(self.data, self.place)
        self.place += 4
        return value

    def item(self) -> Any:
        flags = self.integer()
        kind = flags & 0xFF
        if kind == NIL or kind in ENVIRONMENTS:
            return None
        if kind == REFERENCE:
            return self.symbols[(flags >> 8 or self.integer()) - 1]
        if kind == SYMBOL:
            self.symbols.append(self.item())
            return self.symbols[-1]
        if kind in (PAIRLIST, LANGUAGE):
            return self._pairs(flags)
        if kind == TEXT:
            return self._text(flags)
        if kind == ALTERNATIVE:
            return self._alternative()
        vector = Vector(self._values(kind))
        if flags & HAS_ATTRIBUTES:
            vector.attributes = dict(self.item() or {})
        return vector

    def _pairs(self, flags: int) -> list[tuple[str, Any]]:
        """A linked list, written cell by cell; the last one points to nil."""
        pairs = []
        while flags & 0xFF in (PAIRLIST, LANGUAGE):
            if flags & HAS_ATTRIBUTES:
                self.item()
            tag = self.item() if flags & HAS_TAG else ""
            pairs.append((tag, self.item()))
            flags = self.integer()
        if flags & 0xFF != NIL:
            raise RdaError("a list ends in something other than nil; this reader does not know such objects.")
        return pairs

    def _text(self, flags: int) -> str | None:
        length = self.integer()
        if length == MISSING:
            return None
        raw = self.data[self.place : self.place + length]
        self.place += length
        return raw.decode("latin-1" if flags >> 12 & LATIN1 else "utf-8", errors="replace")

    def _values(self, kind: int) -> Any:
        length = self.integer()
        if kind == TEXTS:
            return [self.item() for _ in range(length)] if length < 1000 else self._texts(length)
        if kind == LIST:
            return [self.item() for _ in range(length)]
        if kind not in (LOGICAL, INTEGER, REAL):
            raise RdaError(f"the file holds an R object of type {kind}, which is no column of a data frame.")
        dtype = np.dtype(">f8" if kind == REAL else ">i4")
        if self.place + length * dtype.itemsize > len(self.data):
            raise IndexError("a vector ends before its last value")
        values = np.frombuffer(self.data, dtype=dtype, count=length, offset=self.place)
        self.place += length * dtype.itemsize
        return values.astype(dtype.newbyteorder("="))

    def _texts(self, length: int) -> list[str | None]:
        """Many texts in a row: the same as `item` for each, without the calls."""
        data, place, header = self.data, self.place, struct.Struct(">ii").unpack_from
        known: dict[tuple[bool, bytes], str] = {}  # columns repeat their values: decode each once
        values: list[str | None] = []
        for _ in range(length):
            flags, size = header(data, place)
            place += 8
            if size == MISSING:
                values.append(None)
                continue
            key = (bool(flags >> 12 & LATIN1), data[place : place + size])
            place += size
            if key not in known:
                known[key] = key[1].decode("latin-1" if key[0] else "utf-8", errors="replace")
            values.append(known[key])
        self.place = place
        return values

    def _alternative(self) -> Vector:
        """A vector that R kept in short form: a run of whole numbers, or a wrapper around another vector."""
        (_, name), *_ = self.item()
        state, attributes = self.item(), dict(self.item() or {})
        if name == "compact_intseq":
            count, first, step = state.values
            return Vector((first + step * np.arange(int(count))).astype("i4"), attributes)
        if str(name).startswith("wrap_"):
            inner = state[0][1] if isinstance(state, list) else state.values[0]
            return Vector(inner.values, attributes or inner.attributes)
        raise RdaError(
            f"the file holds a vector in the short form {name!r}, which this reader does not know."
        )
