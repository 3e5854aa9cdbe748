"""What people are asked who may want a digest: on our page, or by a form on somebody else's."""

from __future__ import annotations

from digest import templating
from digest.errors import UsageError
from digest.service.house import House
from digest.templating.words import SOURCE_LANGUAGE


def wording(at: House, name: str, language: str, title: str) -> str:
    """What a person agrees to, as it is shown to them: the evidence quotes it."""
    return templating.render(at.templates, f"web/public/{name}.txt", language=language, title=title).strip()


def snippet(at: House, slug: str, language: str = "") -> str:
    """The form as HTML to put on another site: it needs no script and loads nothing.

    `language` is by default the digest's, where we have words in it. It has no trap: the style that hides ours
    is not there. Raises NotFound for a digest, UsageError for a language.
    """
    digest, spoken = at.digest(slug), templating.languages(at.templates)
    if language and language not in spoken:
        raise UsageError(f"there are no words in it; there are: {', '.join(spoken)}", about=language)
    language = language or (digest.language if digest.language in spoken else SOURCE_LANGUAGE)
    text = templating.render(
        at.templates,
        "web/public/elsewhere.html",
        language=language,
        digest=digest,
        wording=wording(at, "asked", language, digest.title),
        site=at.settings.site,
    )
    return text.strip() + "\n"
