"""Small pictures of arrays as PNG: a map of colours with axes and a colour bar, or a line. Drawn with Pillow.

Equal values give equal bytes, so that a page that is made again is the same.
"""

from __future__ import annotations

import io
import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsobj.publish.inspect.colours import MISSING, scale

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

_INK, _PAPER, _LINE, _CURVE = (0x33, 0x33, 0x33), (0xFF, 0xFF, 0xFF), (0x88, 0x88, 0x88), (0x31, 0x68, 0x8E)
_WIDE, _HIGH, _LEAST = 560, 360, 120  # pixels of the plot
_LEFT, _TOP, _BOTTOM, _RIGHT = 64, 34, 44, 110
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_ROUND = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0)  # degrees
_FONT = 13  # pixels


@dataclass(frozen=True, slots=True)
class Axis:
    """``name`` with its unit in words; ``values``: a numpy array of the places, monotonic; ``degrees``: on the Earth.

    ``texts``: what stands at the first and at the last place instead of numbers, such as dates.
    """

    name: str
    values: Any
    degrees: bool = False
    texts: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """``data``: a PNG of ``width`` x ``height`` pixels."""

    data: bytes
    width: int
    height: int


def colour_range(values: Any) -> tuple[float, float]:
    """The values that get the first and the last colour: all but the outermost hundredth at each end.

    The extremes themselves where that leaves nothing between them.
    """
    import numpy as np

    finite = values[np.isfinite(values)]
    low, high = (float(one) for one in np.percentile(finite, (1, 99)))
    least, largest = float(finite.min()), float(finite.max())
    if high <= low or (high - low) * 1.5 >= largest - least:
        low, high = least, largest
    return low, high


def draw_map(values: Any, title: str, unit: str, across: Axis, up: Axis) -> Drawn:
    """``values``: float64 of shape (rows, columns), the first row on top, NaN where they are missing, not only NaN.

    ``up`` has as many places as rows, from the top down.
    """
    import numpy as np
    from PIL import Image, ImageDraw

    rows, columns = values.shape
    wide, high = _plot_size(rows, columns, across, up)
    low, high_value = colour_range(values)
    sampled = values[np.ix_(_places(rows, high), _places(columns, wide))]
    pixels = _coloured(sampled, low, high_value)
    image = Image.new("RGB", (_LEFT + wide + _RIGHT, _TOP + high + _BOTTOM), _PAPER)
    image.paste(Image.fromarray(pixels), (_LEFT, _TOP))
    draw = ImageDraw.Draw(image)
    _frame(draw, wide, high, title)
    _ticks_across(draw, across, wide, high, cells=columns)
    _ticks_up(draw, up, high, cells=rows)
    _bar(image, draw, wide, high, (low, high_value), unit)
    return _png(image)


def draw_line(values: Any, title: str, unit: str, across: Axis) -> Drawn:
    """``values``: float64 of shape (places,), NaN where they are missing, not only NaN."""
    import numpy as np
    from PIL import Image, ImageDraw

    wide, high = _WIDE, 240
    image = Image.new("RGB", (_LEFT + wide + 24, _TOP + high + _BOTTOM), _PAPER)
    draw = ImageDraw.Draw(image)
    finite = np.isfinite(values)
    low, top = float(values[finite].min()), float(values[finite].max())
    span = (top - low) or 1.0
    x = _LEFT + (np.arange(len(values)) + 0.5) * wide / len(values)
    y = _TOP + high - 4 - (np.where(finite, values, low) - low) / span * (high - 8)
    step = max(1, len(values) // (4 * wide))  # more points than pixels say nothing more
    before: tuple[float, float] | None = None
    for at in range(0, len(values), step):
        here = (float(x[at]), float(y[at])) if finite[at] else None
        if here is not None:
            draw.line([before or here, here], fill=_CURVE, width=2)
        before = here
    _frame(draw, wide, high, f"{title} ({unit})" if unit else title)
    _ticks_across(draw, across, wide, high, cells=len(values))
    _ticks_up(draw, Axis("", np.linspace(top, low, high)), high, cells=high)
    return _png(image)


def _plot_size(rows: int, columns: int, across: Axis, up: Axis) -> tuple[int, int]:
    """Pixels of the plot: a degree up is as long as a degree across, and a cell is a square, unless that is a strip."""
    ratio = columns / rows
    if across.degrees and up.degrees and rows > 1 and columns > 1:
        height = abs(float(up.values[-1] - up.values[0])) * rows / (rows - 1)
        ratio = abs(float(across.values[-1] - across.values[0])) * columns / (columns - 1) / (height or 1.0)
    if not math.isfinite(ratio) or ratio <= 0:
        ratio = 1.0
    ratio = min(max(ratio, 0.4), 4.0)
    wide = min(_WIDE, int(_HIGH * ratio))
    return max(wide, _LEAST), max(min(_HIGH, int(wide / ratio)), _LEAST)


def _places(count: int, pixels: int) -> Any:
    import numpy as np

    return np.minimum((np.arange(pixels) * count) // pixels, count - 1)


def _coloured(values: Any, low: float, high: float) -> Any:
    import numpy as np

    span = (high - low) or 1.0
    with np.errstate(invalid="ignore", over="ignore"):
        level = np.clip((values - low) / span * 255, 0, 255)
    pixels = scale()[np.nan_to_num(level).astype("u1")]
    pixels[~np.isfinite(values)] = MISSING
    return np.ascontiguousarray(pixels)


def _font() -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(_FONT)


def _frame(draw: ImageDraw, wide: int, high: int, title: str) -> None:
    draw.rectangle((_LEFT - 1, _TOP - 1, _LEFT + wide, _TOP + high), outline=_LINE)
    _text(draw, (_LEFT, _TOP - 10), title, "ls", wide - 4)


def _ticks_across(draw: ImageDraw, axis: Axis, wide: int, high: int, *, cells: int) -> None:
    below = _TOP + high
    for at, label, anchor in _ticks(axis, wide, cells, room=90):
        draw.line((_LEFT + at, below, _LEFT + at, below + 4), fill=_LINE)
        _text(draw, (_LEFT + at, below + 17), label, {"first": "ls", "last": "rs"}.get(anchor, "ms"), 140)
    _text(draw, (_LEFT + wide / 2, below + 36), axis.name, "ms", wide)


def _ticks_up(draw: ImageDraw, axis: Axis, high: int, *, cells: int) -> None:
    for at, label, _ in _ticks(axis, high, cells, room=45):
        draw.line((_LEFT - 5, _TOP + at, _LEFT - 1, _TOP + at), fill=_LINE)
        _text(draw, (_LEFT - 8, _TOP + at), label, "rm", _LEFT - 8)
    if axis.name:
        _text(draw, (4, _TOP - 10), axis.name, "ls", _LEFT - 8)


def _ticks(axis: Axis, pixels: int, cells: int, *, room: int) -> list[tuple[float, str, str]]:
    """Where in pixels, what, and whether it stands at an end."""
    import numpy as np

    if axis.texts is not None:
        half = pixels / cells / 2
        return [(half, axis.texts[0], "first"), (pixels - half, axis.texts[1], "last")]
    centres = (np.arange(cells) + 0.5) * pixels / cells
    values = np.asarray(axis.values, float)
    if values[0] > values[-1]:
        values, centres = values[::-1], centres[::-1]
    marks = nice(float(values[0]), float(values[-1]), max(2, pixels // room), degrees=axis.degrees)
    return [(float(np.interp(mark, values, centres)), label, "") for mark, label in marks]


def nice(low: float, high: float, count: int, *, degrees: bool = False) -> list[tuple[float, str]]:
    """At most ``count`` round numbers from ``low`` to ``high`` with their labels."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [(low, _label(low, 0.0))]
    least = span / count
    step = next((one for one in _ROUND if one >= least), 0.0) if degrees and least >= 1 else 0.0
    if not step:
        power = 10.0 ** math.floor(math.log10(least))
        step = next(power * one for one in _STEPS if power * one >= least * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    marks = [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]
    return [(mark, _label(mark, step)) for mark in marks[: count + 2]]


def _label(value: float, step: float) -> str:
    if value == 0:
        return "0"
    if max(abs(value), step) >= 1e6 or (step or abs(value)) < 1e-4:
        return f"{value:.3g}"
    places = 0 if step >= 1 and step == int(step) else max(0, 1 - math.floor(math.log10(step or abs(value))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _bar(image: Any, draw: ImageDraw, wide: int, high: int, ends: tuple[float, float], unit: str) -> None:
    """The colour bar, with the unit above it."""
    import numpy as np
    from PIL import Image

    left, thick = _LEFT + wide + 20, 16
    levels = np.linspace(255, 0, high).astype("u1")
    image.paste(Image.fromarray(np.repeat(scale()[levels][:, None, :], thick, 1)), (left, _TOP))
    draw.rectangle((left - 1, _TOP - 1, left + thick, _TOP + high), outline=_LINE)
    low, top = ends
    marks = nice(low, top, max(2, high // 60))
    for mark, label in marks:
        at = _TOP + high - (mark - low) / ((top - low) or 1.0) * high
        draw.line((left + thick, at, left + thick + 4, at), fill=_LINE)
        _text(draw, (left + thick + 7, at), label, "lm", 60)
    _text(draw, (left - 2, _TOP - 10), unit, "ls", 100)


def _text(draw: ImageDraw, at: tuple[float, float], text: str, anchor: str, room: float) -> None:
    """Text that fits into ``room`` pixels, of characters that the font has."""
    font = _font()
    text = "".join(ch if _drawable(ch) else "?" for ch in text[:200])
    while text and draw.textlength(text, font=font) > room:
        text = text[:-2].rstrip() + "." if len(text) > 2 else ""
    draw.text(at, text, fill=_INK, font=font, anchor=anchor)


def _drawable(ch: str) -> bool:
    return ord(ch) < 0x250 and not unicodedata.category(ch).startswith("C")


def _png(image: Any) -> Drawn:
    data = io.BytesIO()
    image.quantize(128).save(data, "PNG", optimize=True)
    return Drawn(data.getvalue(), image.width, image.height)
