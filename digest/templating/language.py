"""Dates, numbers and names as the readers of a language write them, by Babel."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

from babel import Locale, UnknownLocaleError, dates, numbers

Day = date | datetime


def month_year(day: Day, language: str) -> str:
    """June 2025."""
    return str(dates.format_skeleton("yMMMM", day, locale=locale_of(language)))


def long_date(day: Day, language: str) -> str:
    """7 November 2024."""
    return _first(str(dates.format_date(day, "long", locale=locale_of(language))), language)


def day_month(day: Day, language: str) -> str:
    """31 March."""
    return _first(str(dates.format_skeleton("MMMMd", day, locale=locale_of(language))), language)


def short_date(day: Day, language: str) -> str:
    """1 Jul."""
    return _first(str(dates.format_skeleton("MMMd", day, locale=locale_of(language))), language)


def _first(date: str, language: str) -> str:
    """1er juillet: French counts the first of a month, which Babel's patterns cannot say."""
    return f"1er {date[2:]}" if date.startswith("1 ") and locale_of(language).language == "fr" else date


def number(value: float, language: str) -> str:
    """1,234.5."""
    return numbers.format_decimal(value, locale=locale_of(language))


def percent(value: float, language: str) -> str:
    """15%, from 0.15."""
    return numbers.format_percent(value, format=None, locale=locale_of(language))


def language_name(tag: str, language: str) -> str:
    """What readers of `language` call `tag`: Spanish; the tag itself when nobody knows it."""
    known = _locale(tag)
    return (known.get_display_name(locale_of(language)) or tag) if known else tag


def own_name(tag: str) -> str:
    """What its own readers call `tag`: Español. Whoever looks for it may read nothing else of the page."""
    name = language_name(tag, tag)
    return name[:1].upper() + name[1:]


def direction(tag: str) -> str:
    """The way `tag` is written: `ltr` or `rtl`."""
    known = _locale(tag)
    return str(known.text_direction) if known else "ltr"


@cache
def locale_of(language: str) -> Locale:
    """The locale for dates and numbers; plain English is the British one, whose dates no reader misreads."""
    if language.lower() in ("", "en"):
        return Locale("en", "GB")
    return _locale(language) or Locale("en", "GB")


@cache
def _locale(tag: str) -> Locale | None:
    for candidate in (tag, tag.partition("-")[0]):
        try:
            return Locale.parse(candidate, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return None
