"""Pictures: fetched through the same guard, made small and plain, and kept under their hash.

What we serve is always our own re-encoding: no metadata, no scripts in SVG, nothing that only looks like a picture.
"""

from __future__ import annotations

import asyncio
import io
import os
import warnings
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from PIL import Image, ImageOps, UnidentifiedImageError

from digest.errors import CollectError, ParseError
from digest.fetch import Fetcher
from digest.store.media import MediaRow

BYTES_LIMIT = 10_000_000
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


async def fetch_picture(url: str, fetcher: Fetcher, *, own: str, folder: Path) -> MediaRow:
    """Fetch and keep the picture at an address; raises CollectError naming it."""
    limits = replace(fetcher.limits, wire=BYTES_LIMIT, decoded=BYTES_LIMIT)
    response = await fetcher.get(url, own=own, accept="image/webp, image/png, image/jpeg, image/gif", limits=limits)
    return await asyncio.to_thread(_keep, response.body, url, folder)


async def copy_picture(file: str, *, source: Path, url: str, folder: Path) -> MediaRow:
    """Keep a picture that stands in a source's own folder, never outside it; `url` names it in the ledger."""
    return await asyncio.to_thread(_copy, file, source, url, folder)


def encode(data: bytes, *, about: str) -> Encoded:
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


def picture_file(file: str, source: Path) -> Path:
    """The file in the source's folder; raises CollectError when it is missing or stands outside."""
    root = source.resolve()
    path = (root / file).resolve()
    if not path.is_relative_to(root):
        raise CollectError("stands outside its source's folder", about=file)
    if not path.is_file():
        raise CollectError("there is no such picture", about=file)
    return path


def _copy(file: str, source: Path, url: str, folder: Path) -> MediaRow:
    path = picture_file(file, source)
    with path.open("rb") as opened:
        data = opened.read(BYTES_LIMIT + 1)
    if len(data) > BYTES_LIMIT:
        raise CollectError(f"larger than {BYTES_LIMIT / 1_000_000:g} MB", about=file)
    return _keep(data, url, folder, about=file)


def _keep(data: bytes, url: str, folder: Path, *, about: str = "") -> MediaRow:
    encoded = encode(data, about=about or url)
    name = sha256(encoded.data).hexdigest()
    target = folder / name
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, prefix=".", delete=False) as writing:
            writing.write(encoded.data)
            writing.flush()
            os.fsync(writing.fileno())
        Path(writing.name).chmod(0o644)
        Path(writing.name).replace(target)
    return MediaRow(
        sha256=name, type=encoded.type, width=encoded.width, height=encoded.height, bytes=len(encoded.data), url=url
    )
