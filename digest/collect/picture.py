"""A picture re-encoded: no metadata, no scripts in SVG, nothing that only looks like a picture."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from digest.errors import ParseError

PIXEL_LIMIT = 40_000_000
WIDEST = 1_200
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A picture as we serve it."""

    data: bytes
    type: str
    width: int
    height: int


def encode(data: bytes, about: str) -> Encoded:
    """The picture re-encoded as JPEG, or PNG where it needs transparency or few colours; raises ParseError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
                if opened.width * opened.height > PIXEL_LIMIT:
                    raise ParseError(f"a picture of {opened.width} by {opened.height} is too large", about=about)
                fmt = opened.format
                return _encode(ImageOps.exif_transpose(opened) or opened, lossless=fmt in ("PNG", "GIF"))
    except ParseError:
        raise
    except UnidentifiedImageError as error:
        raise ParseError("not a JPEG, PNG, GIF or WebP picture", about=about) from error
    except Exception as error:  # decoders raise what they like over broken files
        raise ParseError(f"a broken picture: {str(error)[:100]}", about=about) from error


def _encode(picture: Image.Image, *, lossless: bool) -> Encoded:
    clear = "A" in picture.getbands() or "transparency" in picture.info
    plain = picture.convert("RGBA" if clear else "RGB")
    if plain.width > WIDEST:
        plain = plain.resize((WIDEST, max(1, round(plain.height * WIDEST / plain.width))), Image.Resampling.LANCZOS)
    bare = Image.frombytes(plain.mode, plain.size, plain.tobytes())  # pixels only: no profile, place or camera
    out = io.BytesIO()
    if clear or lossless:
        bare.save(out, "PNG", optimize=True)
    else:
        bare.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    kind = "image/png" if clear or lossless else "image/jpeg"
    return Encoded(data=out.getvalue(), type=kind, width=bare.width, height=bare.height)
