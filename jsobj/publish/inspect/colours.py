"""Colours of the scale: viridis, which is perceptually uniform and readable by the colour-blind."""

from __future__ import annotations

from typing import Any

# Sixteen of the 256 colours, at equal distances, of "viridis" (Nathaniel Smith and Stéfan van der Walt, 2015; CC0).
_STOPS = (
    *("440154", "481a6c", "472f7d", "414487", "39568c", "31688e", "2a788e", "23888e"),
    *("1f988b", "22a884", "35b779", "54c568", "7ad151", "a5db36", "d2e21b", "fde725"),
)
MISSING = (0xD8, 0xD8, 0xD8)


def scale() -> Any:
    """256 colours, a numpy array of uint8 with the shape (256, 3)."""
    import numpy as np

    stops = np.array([[int(stop[at : at + 2], 16) for at in (0, 2, 4)] for stop in _STOPS], float)
    places = np.linspace(0, len(_STOPS) - 1, 256)
    return np.stack([np.interp(places, np.arange(len(_STOPS)), stops[:, n]) for n in range(3)], 1).round().astype("u1")
