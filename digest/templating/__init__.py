"""Templates: where they stand, how they are rendered, and how a broken one is told."""

from digest.templating.environment import (
    check,
    environment,
    languages,
    render,
    subject,
    templates_folder,
    tokens,
    warm,
)
from digest.templating.language import (
    day_month,
    direction,
    language_name,
    locale_of,
    long_date,
    month_year,
    number,
    percent,
    short_date,
)
from digest.templating.lines import wrap

__all__ = [
    "check",
    "day_month",
    "direction",
    "environment",
    "language_name",
    "languages",
    "locale_of",
    "long_date",
    "month_year",
    "number",
    "percent",
    "render",
    "short_date",
    "subject",
    "templates_folder",
    "tokens",
    "warm",
    "wrap",
]
