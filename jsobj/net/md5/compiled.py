"""The compiled half of the MD5 engine (``lanes.c``), called through ctypes; without it everything works, more slowly.

ctypes and not an extension module: it needs a C compiler but none of Python's headers, and loads in 3 ms, once, in a
process that moves data.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsobj.net.md5.choice import compiled_allowed
from jsobj.net.md5.errors import BecameShorter

VERSION = 1  # of `lanes.c`
LARGEST_BATCH = 16  # streams in one call
_LIBRARY = Path(__file__).with_name("lanes.so")


class State(ctypes.Structure):
    """``struct stream``: the digest of what came so far, its length, and the bytes that make no block yet."""

    _fields_ = (("state", ctypes.c_uint32 * 4), ("length", ctypes.c_uint64), ("tail", ctypes.c_uint8 * 64))


class _Buffer(ctypes.Structure):
    """``Py_buffer``: part of Python's stable binary interface since 3.11, and the same before."""

    _fields_ = (
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    )


_get_buffer = ctypes.pythonapi.PyObject_GetBuffer
_get_buffer.argtypes = (ctypes.py_object, ctypes.c_void_p, ctypes.c_int)
_get_buffer.restype = ctypes.c_int
_release_buffer = ctypes.pythonapi.PyBuffer_Release
_release_buffer.argtypes = (ctypes.c_void_p,)
_release_buffer.restype = None


class Memory:
    """Bytes of somebody else's, held where they lie until this is gone."""

    __slots__ = ("_buffer", "address", "size")

    def __init__(self, data: Any) -> None:
        """Raises :class:`BufferError` or :class:`TypeError` for what is no contiguous memory."""
        self._buffer = _Buffer()
        _get_buffer(data, ctypes.byref(self._buffer), 0)
        self.address: int = self._buffer.buf or 0
        self.size: int = self._buffer.len

    def __del__(self, release: Any = _release_buffer, byref: Any = ctypes.byref) -> None:
        release(byref(self._buffer))  # named above, since the module may be gone at the interpreter's end


_POINTERS = [ctypes.c_void_p * n for n in range(LARGEST_BATCH + 1)]
_SIZES = [ctypes.c_size_t * n for n in range(LARGEST_BATCH + 1)]
_FILES = [ctypes.c_int * n for n in range(LARGEST_BATCH + 1)]
_OFFSETS = [ctypes.c_int64 * n for n in range(LARGEST_BATCH + 1)]


class Compiled:
    """The functions of the library. Every call leaves the interpreter to other threads."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.begin = library.jsobj_md5_begin
        self._update = _declared(library.jsobj_md5_update, None, ctypes.c_int, *[ctypes.c_void_p] * 3)
        self._update_files = _declared(library.jsobj_md5_update_files, None, ctypes.c_int, *[ctypes.c_void_p] * 5)
        self._digest = _declared(library.jsobj_md5_digest, None, ctypes.c_void_p, ctypes.c_void_p)
        self.begin.argtypes, self.begin.restype = (ctypes.c_void_p,), None
        self.vector_bits: int = library.jsobj_md5_vector_bits()

    def update(self, states: Sequence[int], addresses: Sequence[int], sizes: Sequence[int]) -> None:
        """More bytes for each of up to 16 streams: addresses of their states and of the bytes."""
        n = len(states)
        self._update(n, _POINTERS[n](*states), _POINTERS[n](*addresses), _SIZES[n](*sizes))

    def update_files(
        self, states: Sequence[int], files: Sequence[int], starts: Sequence[int], sizes: Sequence[int]
    ) -> list[OSError | None]:
        """More bytes out of open files. What went wrong with each stream, if anything; its digest is of no use then."""
        n = len(states)
        errors = _FILES[n]()
        self._update_files(
            n, _POINTERS[n](*states), _FILES[n](*files), _OFFSETS[n](*starts), _OFFSETS[n](*sizes), errors
        )
        return [_exception(each) for each in errors]

    def digest(self, state: int) -> bytes:
        """The digest of what came so far."""
        out = ctypes.create_string_buffer(16)
        self._digest(state, out)
        return out.raw


def _exception(number: int) -> OSError | None:
    return None if number == 0 else BecameShorter() if number < 0 else OSError(number, os.strerror(number))


def _declared(function: Any, result: Any, *arguments: Any) -> Any:
    function.restype, function.argtypes = result, arguments
    return function


def compiled() -> Compiled | None:
    """The library; None where :func:`absence` says why."""
    return None if not compiled_allowed() or isinstance(found := _loaded(), str) else found


def absence() -> str:
    """Why the library is not used; "" where it is."""
    if not compiled_allowed():
        return "the compiled helper is switched off"
    return found if isinstance(found := _loaded(), str) else ""


@functools.cache
def _loaded() -> Compiled | str:
    """The library, or why it is of no use."""
    if not _LIBRARY.exists():
        return "no compiled helper"
    try:
        library = ctypes.CDLL(str(_LIBRARY))
        if library.jsobj_md5_version() != VERSION:
            return "the compiled helper is of another version"
        found = Compiled(library)
    except (OSError, AttributeError) as error:
        return f"the compiled helper cannot be used: {error}"
    return found if _agrees(found) else "the compiled helper gives wrong digests"


def _agrees(library: Compiled) -> bool:
    """Whether all widths give what hashlib gives for some bytes: a processor or compiler that does not is not used."""
    for count in (1, 3, LARGEST_BATCH):
        data = [bytes(range(256)) * 2 + bytes(n) for n in range(count)]
        states, memory = [State() for _ in data], [Memory(each) for each in data]
        addresses = [ctypes.addressof(each) for each in states]
        for each in addresses:
            library.begin(each)
        library.update(addresses, [each.address for each in memory], [each.size for each in memory])
        if any(
            library.digest(each) != hashlib.md5(text, usedforsecurity=False).digest()
            for each, text in zip(addresses, data, strict=True)
        ):
            return False
    return True
