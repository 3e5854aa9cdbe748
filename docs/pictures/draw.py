"""Draw the sample's pictures: `python docs/pictures/draw.py [FOLDER]`. Same code, same bytes.

Everything is drawn at twice its size and scaled down. Gradients run straight down, so that a picture
needs few colours and stays well under 60 kB without dithering.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT, SCALE = 1200, 520, 2
W, H = WIDTH * SCALE, HEIGHT * SCALE

Colour = tuple[int, int, int]
Point = tuple[float, float]


def ink(text: str) -> Colour:
    """The colour that `#rrggbb` says."""
    return (int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16))


NIGHT, TEAL, MIST = ink("#16424A"), ink("#0B5A5E"), ink("#7FA8A0")
SAND, PEACH, SUN = ink("#C9A07A"), ink("#EBC8A0"), ink("#FADFC0")
COPPER, RUST, BARK, DARK, PAPER = ink("#9A4A16"), ink("#7A4526"), ink("#5A301D"), ink("#38201A"), ink("#F6F1EA")


def mix(one: Colour, other: Colour, part: float) -> Colour:
    """`one` at 0, `other` at 1."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return (red, green, blue)


def loaded(seed: int) -> random.Random:
    """Dice that always fall the same way."""
    return random.Random(seed)  # noqa: S311, it draws hills


def sky(stops: Sequence[tuple[float, Colour]]) -> Image.Image:
    """A picture filled with a gradient from top to bottom."""
    image = Image.new("RGB", (W, H))
    pen = ImageDraw.Draw(image)
    for row in range(H):
        at = row / H
        for (low, first), (high, second) in pairwise(stops):
            if low <= at <= high:
                pen.line([(0, row), (W, row)], fill=mix(first, second, (at - low) / (high - low)))
    return image


def disc(image: Image.Image, at: Point, radius: float, colour: Colour, opacity: float = 1.0) -> None:
    """A filled circle, see-through below an opacity of 1."""
    mask = Image.new("L", image.size, 0)
    x, y = at
    ImageDraw.Draw(mask).ellipse((x - radius, y - radius, x + radius, y + radius), fill=round(255 * opacity))
    image.paste(Image.new("RGB", image.size, colour), (0, 0), mask)


def sun(image: Image.Image, at: Point, radius: float) -> None:
    """A pale sun in three thin halos."""
    for halo, opacity in ((2.3, 0.07), (1.75, 0.09), (1.32, 0.12)):
        disc(image, at, radius * halo, SUN, opacity)
    disc(image, at, radius, SUN)


def ridge(dice: random.Random, level: float, height: float, step: float, *, rough: float = 0.35) -> list[Point]:
    """A skyline from left to right: slow waves with broken edges on them."""
    phase, points, x = dice.uniform(0, 6.28), [], -step
    while x < W + step:
        slow = math.sin(x / W * 7.5 + phase) * 0.6 + math.sin(x / W * 17 + phase * 2.3) * 0.4
        points.append((x, level - height * (slow + dice.uniform(-rough, rough))))
        x += step * dice.uniform(0.7, 1.3)
    return [*points, (W + step, level)]


def ground(image: Image.Image, line: Sequence[Point], colour: Colour) -> None:
    """Fill all that lies below a skyline."""
    ImageDraw.Draw(image).polygon([*line, (W + 400, H), (-400, H)], fill=colour)


def hills() -> Image.Image:
    """Copper hills in layers under a pale sun."""
    image = sky([(0, NIGHT), (0.34, mix(NIGHT, SAND, 0.55)), (0.66, PEACH), (1, PEACH)])
    sun(image, (1650, 430), 122)
    dice = loaded(29)
    colours = [mix(SAND, COPPER, 0.28), mix(SAND, COPPER, 0.7), COPPER, RUST, BARK, DARK]
    for number, colour in enumerate(colours):
        ground(image, ridge(dice, 610 + number * 78, 62 - number * 5, 150 - number * 9), colour)
    return image


def smelter() -> Image.Image:
    """An old smelter across the water, seen at first light."""
    image = sky([(0, mix(NIGHT, TEAL, 0.4)), (0.3, mix(TEAL, SAND, 0.5)), (0.62, PEACH), (1, PEACH)])
    sun(image, (620, 520), 104)
    dice = loaded(12)
    ground(image, ridge(dice, 600, 46, 150), mix(SAND, COPPER, 0.3))
    ground(image, ridge(dice, 655, 34, 130), mix(SAND, COPPER, 0.62))
    steam(image, dice, 1650, 210)
    steam(image, dice, 1850, 300)
    works(ImageDraw.Draw(image), 700)
    return water(image, 720)


def steam(image: Image.Image, dice: random.Random, x: float, y: float) -> None:
    """A plume that drifts to the right and thins out."""
    for puff in range(13):
        at = (x + puff * 34 + dice.uniform(-6, 6), y - puff * 13 + dice.uniform(-10, 10))
        disc(image, at, 20 + puff * 5.2, SUN, 0.42 * (1 - puff / 13))


def works(pen: ImageDraw.ImageDraw, floor: float) -> None:
    """Halls, silos, a conveyor and two stacks, standing on `floor`."""
    dark, mid = DARK, BARK
    for left, top, width in ((1628, 230, 44), (1834, 320, 36)):
        pen.polygon([(left, top), (left + width, top), (left + width + 12, floor), (left - 12, floor)], fill=dark)
        pen.rectangle((left - 2, top + 46, left + width + 2, top + 60), fill=COPPER)
    for left, width, top in ((1190, 200, 610), (1384, 270, 540), (1700, 330, 580), (2030, 210, 630)):
        pen.rectangle((left, top, left + width, floor + 20), fill=mid)
        teeth = 3
        for tooth in range(teeth):
            x = left + tooth * width / teeth
            pen.polygon([(x, top), (x + width / teeth, top), (x + width / teeth, top - 34)], fill=mid)
    for left in (1090, 1142):
        pen.rectangle((left, 590, left + 44, floor + 20), fill=dark)
        pen.pieslice((left, 572, left + 44, 610), 180, 360, fill=dark)
    pen.line([(900, floor - 6), (1150, 572)], fill=dark, width=14)
    for x in (960, 1040):
        pen.line([(x, floor), (x, floor - 60 - (x - 960) * 0.5)], fill=dark, width=8)
    pen.rectangle((820, floor, 2330, floor + 20), fill=dark)
    for x in range(1410, 1640, 44):
        pen.rectangle((x, 610, x + 18, 634), fill=SUN)
    for x in range(1730, 2010, 56):
        pen.rectangle((x, 636, x + 20, 658), fill=PEACH)


def water(image: Image.Image, shore: int) -> Image.Image:
    """Mirror what stands above `shore`, darker and with calm ripples."""
    above = image.crop((0, shore - (H - shore), W, shore)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    above = Image.blend(above, Image.new("RGB", above.size, NIGHT), 0.45)
    image.paste(above, (0, shore))
    pen, dice = ImageDraw.Draw(image), loaded(5)
    for y in range(shore + 10, H, 22):
        for _ in range(4):
            x, length = dice.uniform(-100, W), dice.uniform(90, 420)
            pen.line([(x, y), (x + length, y)], fill=mix(PEACH, NIGHT, 0.45), width=3)
    return image


def reels() -> Image.Image:
    """Cable reels in a yard, evening light."""
    image = sky([(0, mix(NIGHT, TEAL, 0.3)), (0.45, mix(TEAL, SAND, 0.62)), (0.78, PEACH), (1, PEACH)])
    sun(image, (430, 330), 100)
    ground(image, ridge(loaded(3), 690, 40, 150), mix(SAND, COPPER, 0.35))
    ground(image, [(-10, 840), (W + 10, 840)], BARK)
    for x, radius in ((880, 180), (1370, 245), (1960, 300)):
        reel(image, (x, 880 - radius), radius)
    ground(image, [(-10, 900), (W + 10, 900)], DARK)
    return image


def reel(image: Image.Image, at: Point, radius: float) -> None:
    """One reel, flange towards us: rim, wound cable, spokes and hub."""
    x, y = at
    disc(image, (x - radius * 0.34, y), radius, DARK)
    disc(image, (x - radius * 0.17, y), radius * 0.86, RUST)
    disc(image, at, radius, BARK)
    disc(image, at, radius * 0.93, mix(COPPER, SAND, 0.28))
    disc(image, at, radius * 0.80, BARK)
    for turn in range(9):
        disc(image, at, radius * (0.78 - turn * 0.045), mix(COPPER, PEACH, 0.34) if turn % 2 else COPPER)
    disc(image, at, radius * 0.37, BARK)
    pen = ImageDraw.Draw(image)
    for spoke in range(6):
        angle = math.radians(spoke * 60 + 15)
        dx, dy = math.cos(angle) * radius, math.sin(angle) * radius
        pen.line([(x + dx * 0.3, y + dy * 0.3), (x + dx * 0.88, y + dy * 0.88)], fill=DARK, width=int(radius * 0.055))
    disc(image, at, radius * 0.31, mix(COPPER, SAND, 0.28))
    disc(image, at, radius * 0.10, DARK)


def curve() -> Image.Image:
    """An emissions curve at dusk: bars from low to high like a skyline, those of assured sites lit."""
    image = sky([(0, NIGHT), (0.55, TEAL), (1, mix(TEAL, SAND, 0.55))])
    sun(image, (W * 0.24, H * 0.36), 96)
    pen, dice = ImageDraw.Draw(image), loaded(2025)
    x = 0.0
    while x < W:
        at = x / W
        width = dice.choice((26, 34, 42, 58, 74))
        tall = 120 + 260 * at + 420 * at**5 + dice.uniform(-4, 4)
        assured = dice.random() < 0.46 - 0.30 * at
        colour = SUN if assured else mix(BARK, COPPER, 0.25 + 0.6 * at)
        pen.rectangle((x, H - tall, x + width - 8, H), fill=colour)
        x += width
    return image


def mine() -> Image.Image:
    """The benches of an open pit, one below another, and a small truck on its way up."""
    image = sky([(0, NIGHT), (0.2, mix(NIGHT, SAND, 0.5)), (0.5, PEACH), (1, PEACH)])
    sun(image, (1870, 250), 92)
    dice = loaded(8)
    ground(image, ridge(dice, 400, 48, 150), mix(SAND, COPPER, 0.25))
    ground(image, ridge(dice, 440, 20, 170), mix(SAND, COPPER, 0.55))
    benches = 8
    for number in range(benches):
        part = number / (benches - 1)
        bench(image, dice, 470 + number * 78, 1230 - number * 128, mix(mix(COPPER, SAND, 0.3), DARK, part))
    truck(ImageDraw.Draw(image), 516, 694)
    return image


def bench(image: Image.Image, dice: random.Random, level: float, half: float, colour: Colour) -> None:
    """One step of the pit: a rim that dips in the middle, lit along its edge."""
    centre, rim = 1270, []
    for number in range(41):
        x = -200 + number * (W + 400) / 40
        away = min(1.0, abs(x - centre) / max(half, 1))
        dip = 74 * (1 - away**6)
        rim.append((x, level - 30 + dip + dice.uniform(-3, 3)))
    ground(image, rim, colour)
    ImageDraw.Draw(image).line(rim, fill=mix(colour, PEACH, 0.38), width=7)


def truck(pen: ImageDraw.ImageDraw, x: float, y: float) -> None:
    """A haul truck, 90 wide, wheels on `y`."""
    pen.polygon([(x, y - 62), (x + 96, y - 62), (x + 84, y - 22), (x + 18, y - 22)], fill=TEAL)
    pen.polygon([(x + 10, y - 62), (x + 44, y - 80), (x + 86, y - 62)], fill=mix(COPPER, SAND, 0.2))
    pen.rectangle((x + 88, y - 52, x + 122, y - 18), fill=mix(TEAL, MIST, 0.35))
    pen.rectangle((x + 102, y - 46, x + 118, y - 34), fill=SUN)
    for wheel in (x + 34, x + 98):
        pen.ellipse((wheel - 17, y - 32, wheel + 17, y + 2), fill=DARK)
        pen.ellipse((wheel - 6, y - 21, wheel + 6, y - 9), fill=SAND)


def lines() -> Image.Image:
    """Pylons that carry power over the hills at dusk."""
    image = sky([(0, NIGHT), (0.36, mix(NIGHT, SAND, 0.5)), (0.72, PEACH), (1, PEACH)])
    sun(image, (560, 600), 110)
    dice = loaded(41)
    ground(image, ridge(dice, 720, 60, 160), mix(SAND, COPPER, 0.6))
    ground(image, ridge(dice, 800, 40, 140), RUST)
    feet = [(330, 840, 0.5), (900, 850, 0.72), (1590, 890, 1.0), (2250, 930, 1.32)]
    tops = [pylon(ImageDraw.Draw(image), *foot) for foot in feet]
    tops.insert(0, [(-240, y + 40) for _, y in tops[0]])
    tops.append([(W + 260, y + 60) for _, y in tops[-1]])
    for left, right in pairwise(tops):
        for start, end in zip(left, right, strict=True):
            wire(ImageDraw.Draw(image), start, end)
    ground(image, ridge(dice, 900, 26, 120), BARK)
    ground(image, ridge(dice, 985, 22, 120), DARK)
    return image


def pylon(pen: ImageDraw.ImageDraw, x: float, floor: float, size: float) -> list[Point]:
    """One pylon; answers where its wires hang."""
    tall, thick = 560 * size, max(4, round(8 * size))
    top, waist, foot = floor - tall, 22 * size, 78 * size
    pen.line([(x - foot, floor), (x - waist, top + 90 * size), (x, top)], fill=DARK, width=thick)
    pen.line([(x + foot, floor), (x + waist, top + 90 * size), (x, top)], fill=DARK, width=thick)
    for number in range(6):
        low, high = number / 6, (number + 1) / 6
        a = foot + (waist - foot) * low
        b = foot + (waist - foot) * high
        y, z = floor - (tall - 90 * size) * low, floor - (tall - 90 * size) * high
        pen.line([(x - a, y), (x + b, z)], fill=DARK, width=max(3, thick // 2))
        pen.line([(x + a, y), (x - b, z)], fill=DARK, width=max(3, thick // 2))
    hooks: list[Point] = []
    for down, reach in ((90, 120), (190, 150)):
        y = top + down * size
        pen.line([(x - reach * size, y), (x + reach * size, y)], fill=DARK, width=thick)
        hooks += [(x - reach * size, y + 14 * size), (x + reach * size, y + 14 * size)]
    return hooks


def wire(pen: ImageDraw.ImageDraw, start: Point, end: Point) -> None:
    """A wire that sags between two hooks."""
    sag, points = (end[0] - start[0]) * 0.11, []
    for number in range(31):
        part = number / 30
        y = start[1] + (end[1] - start[1]) * part + sag * 4 * part * (1 - part)
        points.append((start[0] + (end[0] - start[0]) * part, y))
    pen.line(points, fill=DARK, width=4)


def voices() -> Image.Image:
    """Many voices round one paper: for consultations."""
    image = sky([(0, PAPER), (1, mix(PAPER, PEACH, 0.55))])
    ground(image, ridge(loaded(7), 940, 24, 150), mix(PAPER, COPPER, 0.22))
    spots = (
        (330, 420, 330, COPPER, 1), (760, 270, 300, mix(PEACH, COPPER, 0.25), 1), (800, 620, 260, TEAL, 1),
        (1260, 440, 400, mix(TEAL, NIGHT, 0.4), -1), (1720, 250, 280, MIST, -1), (1700, 610, 320, RUST, -1),
        (2120, 420, 260, mix(PEACH, COPPER, 0.4), -1),
    )  # fmt: skip
    for x, y, size, colour, side in spots:
        bubble(ImageDraw.Draw(image), (x, y), size, colour, side)
    return image


def bubble(pen: ImageDraw.ImageDraw, at: Point, size: float, colour: Colour, side: int) -> None:
    """A speech bubble with three lines of text in it."""
    x, y = at
    half, tall = size / 2, size * 0.33
    pen.rounded_rectangle((x - half, y - tall, x + half, y + tall), radius=size * 0.16, fill=colour)
    tail = x - side * half * 0.45
    pen.polygon([(tail - 30, y + tall - 8), (tail + 30, y + tall - 8), (tail - side * 44, y + tall + 62)], fill=colour)
    for row, length in ((-0.36, 0.72), (0.0, 0.80), (0.36, 0.46)):
        left, middle = x - half * 0.72, y + tall * row
        right = left + half * 2 * 0.72 * length * 1.1
        pen.rounded_rectangle((left, middle - 8, right, middle + 8), radius=8, fill=mix(colour, PAPER, 0.62))


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "hills": hills,
    "smelter": smelter,
    "reels": reels,
    "curve": curve,
    "mine": mine,
    "lines": lines,
    "voices": voices,
}


def main(folder: Path) -> None:
    """Draw each picture into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in PICTURES.items():
        image = drawn().resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        image = image.quantize(160, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        image.save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    here = Path(__file__).resolve().parents[2]
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else here / "config" / "sample" / "pictures")
