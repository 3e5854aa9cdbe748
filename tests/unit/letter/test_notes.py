"""The one-off letters: in the reader's language, whole, and with nothing in them that a stranger wrote."""

import re
from collections.abc import Callable
from functools import partial

import pytest
from jinja2 import Environment

from digest.letter import notes
from digest.letter.notes import Note, Subject
from digest.letter.views import SiteView

LINK = "https://news.example.org/confirm/" + "aB3_" * 16


@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "ar"])
@pytest.mark.parametrize("kind", [notes.confirm, *(partial(notes.manage, subject=each) for each in Subject)])
def test_link_is_in_both_parts_on_a_line_of_its_own(
    environment: Environment, site: SiteView, kind: Callable[..., Note], language: str
) -> None:
    """One button, one address."""
    note = kind(environment, language=language, site=site, digest_title="Newsflash", link=LINK)

    assert LINK in note.text.splitlines()
    assert 1 == note.html.count(f'href="{LINK}"')
    assert f'<html lang="{language}"' in note.html
    assert "Newsflash" in note.subject
    [first] = re.findall(r'<div [^>]*class="preheader"[^>]*>([^<]+)<span aria-hidden="true">', note.html)
    assert first.split()[0] in note.text


def test_alert_escapes_what_strangers_wrote(environment: Environment, site: SiteView) -> None:
    """A reply of a relay may be anything."""
    note = notes.alert(
        environment, language="en", site=site, title="Relay\r\nrefuses <us>", lines=("550 <b>no</b>",), link=""
    )

    assert "Attention: Relay refuses <us>" == note.subject
    assert "550 &lt;b&gt;no&lt;/b&gt;" in note.html
    assert "550 <b>no</b>" in note.text


def test_confirm_in_words(environment: Environment, site: SiteView) -> None:
    """The whole text of it."""
    note = notes.confirm(environment, language="es", site=site, digest_title="Newsflash", link=LINK)

    assert (
        "Newsflash\n\n"
        "Alguien, esperamos que usted, ha pedido recibir Newsflash en esta\n"
        "dirección.\n\n"
        f"Confirmar mi suscripción:\n{LINK}\n\n"
        "Si no ha sido usted, no haga nada: sin su confirmación no le llegará\n"
        "nada más.\n\n"
        "Metals Mark\n"
        "1 Example Street, London EC1A 1AA\n"
    ) == note.text
