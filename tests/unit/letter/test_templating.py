"""Templates come from disk, own folder first; they speak the reader's language and say where they broke."""

import os
from datetime import date
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from digest import templating
from digest.errors import TemplateError
from digest.templating import bounds
from digest.templating.files import Files

DAY = date(2026, 6, 26)
OUR_LANGUAGES = ("de", "es", "fr")


def own(tmp_path: Path, **files: str) -> Environment:
    """A folder with our own templates; `__` in a name stands for a slash, `_dot_` for a dot."""
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return templating.environment([tmp_path])


def test_every_shipped_template_compiles(environment: Environment) -> None:
    """A broken template is found before anything starts."""
    templating.check(environment)


def test_own_file_goes_before_the_shipped_one_file_by_file(tmp_path: Path) -> None:
    """One file of one's own replaces that file and no other."""
    env = own(tmp_path, email__digest__reason_dot_txt="because")

    assert ("because", "Please confirm: X") == (
        templating.render(env, "email/digest/reason.txt"),
        templating.render(env, "email/confirm/subject.txt", language="en", digest_title="X").strip(),
    )


def test_own_tokens_replace_the_shipped_ones(tmp_path: Path) -> None:
    """The look of a letter is one file."""
    assert {"light": {"ground": "red"}} == templating.tokens(own(tmp_path, tokens_dot_toml="[light]\nground = 'red'\n"))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A folder that config names and nobody made is told at once."""
    with pytest.raises(TemplateError, match="nowhere: no such folder"):
        templating.environment([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("fine\n{% if %}", 2, "Expected an expression"),
        ("fine\n\n{{ nobody }}", 3, "'nobody' is undefined"),
        ("{{ 1 / 0 }}", 1, "division by zero"),
        ("fine\n{% include 'not/there.txt' %}", 2, "no template named not/there.txt"),
        ("{% macro m() %}\n{{ m() }}{% endmacro %}\n{{ m() }}", 2, "recursion"),
    ],
)
def test_a_broken_template_is_told_by_file_and_line(tmp_path: Path, source: str, line: int, words: str) -> None:
    """Whatever a template does wrong, the error names the file and the line."""
    env = own(tmp_path, bad_dot_txt=source)

    with pytest.raises(TemplateError) as caught:
        templating.render(env, "bad.txt", language="en")

    assert (f"{tmp_path}/bad.txt:{line}", True) == (caught.value.about, words in caught.value.message)


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("{% for i in range(99999) %}\n{% for j in range(99999) %}{% endfor %}{% endfor %}", 2, "took more than 0.3 s"),
        ("\n{% for i in range(10 ** 9) %}{% endfor %}", 2, "[Rr]ange too big"),
        ("\n{{ 'x' * 10000000000 }}", 2, "repeated to more than"),
        ("\n{{ 10 ** 100000000 }}", 2, "a power above"),
        (
            "{% set n = namespace(x='x' * 1000000) %}\n{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
            2,
            "took more than 64 MB",
        ),
        ("\n{{ ''.__class__.__mro__ }}", 2, "unsafe"),
    ],
)
def test_own_templates_have_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, line: int, words: str
) -> None:
    """Time and memory end, and there is no way into Python; all told by file and line."""
    monkeypatch.setattr(bounds, "SECONDS", 0.3 if "0.3" in words else 5.0)
    monkeypatch.setattr(bounds, "MEMORY", 64 * 1024 * 1024)
    env = own(tmp_path, mine_dot_txt=source)

    with pytest.raises(TemplateError, match=f"mine.txt:{line}: .*{words}"):
        templating.render(env, "mine.txt")
    assert "fine" == templating.render(own(tmp_path, mine_dot_txt="fine"), "mine.txt")


def test_a_subject_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes from a setting, and may be as wrong as any template."""
    monkeypatch.setattr(bounds, "SECONDS", 0.2)
    with pytest.raises(TemplateError, match="took more than"):
        templating.subject("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}")


def test_a_template_that_is_not_there_is_named(environment: Environment) -> None:
    """No template, no guess."""
    with pytest.raises(TemplateError, match=r"email/none\.txt: no template named"):
        templating.render(environment, "email/none.txt")


@pytest.mark.parametrize(
    "source",
    ["garbage\n", '#, python-format\nmsgid "in %(language)s"\nmsgstr "in %(lingua)s"\n'],
)
def test_words_that_cannot_be_read_are_named(tmp_path: Path, source: str) -> None:
    """A broken catalogue refuses to start, and so does one that would fail in the middle of a letter."""
    with pytest.raises(TemplateError, match=r"words/it\.po"):
        own(tmp_path, words__it_dot_po=source)


def test_a_new_language_is_one_file_and_falls_back_to_english(tmp_path: Path) -> None:
    """What its file lacks is shown in English; dates follow the language all the same."""
    env = own(
        tmp_path,
        words__it_dot_po='msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "Privacy"\nmsgstr "Riservatezza"\n',
        t_dot_txt='{{ _("Privacy") }} {{ _("Unsubscribe") }} {{ day | long_date }}',
    )

    assert "Riservatezza Unsubscribe 26 giugno 2026" == templating.render(env, "t.txt", language="it", day=DAY)
    assert ("en", "de", "es", "fr", "it") == templating.languages(env)


@pytest.mark.parametrize("language", OUR_LANGUAGES)
def test_shipped_languages_are_complete(environment: Environment, language: str) -> None:
    """Every word that a letter or a page says is there, with the same names in it and every plural."""
    path = templating.templates_folder() / "words" / f"{language}.po"
    with path.open("rb") as file:
        catalogue = read_po(file)
    said = set()
    assert environment.loader is not None
    for name in environment.list_templates(filter_func=lambda each: each.startswith(("email/", "web/"))):
        source = environment.loader.get_source(environment, name)[0]
        for _, _, message in extract_from_ast(environment.parse(source)):
            first = message[0] if isinstance(message, tuple) else message
            assert first is not None, f"{name} says what only a variable knows"
            said.add(first)

    assert [] == sorted(word for word in said if word not in catalogue or not catalogue[word].string)
    assert [] == [error for _, errors in catalogue.check() for error in errors]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "June 2026|26 June 2026|26 June|26 Jun|1,234.5|Spanish"),
        ("es", "junio de 2026|26 de junio de 2026|26 de junio|26 jun|1.234,5|español"),
        ("fr", "juin 2026|26 juin 2026|26 juin|26 juin|1\u202f234,5|espagnol"),
        ("de", "Juni 2026|26. Juni 2026|26. Juni|26. Juni|1.234,5|Spanisch"),
        ("en-us", "June 2026|June 26, 2026|June 26|Jun 26|1,234.5|Spanish"),
        ("xx-none", "June 2026|26 June 2026|26 June|26 Jun|1,234.5|Spanish"),
    ],
)
def test_dates_and_numbers_follow_the_language(tmp_path: Path, language: str, expected: str) -> None:
    """Babel writes them; an unknown language reads as English."""
    env = own(
        tmp_path,
        t_dot_txt="{{ d | month_year }}|{{ d | long_date }}|{{ d | day_month }}|{{ d | short_date }}"
        "|{{ 1234.5 | number }}|{{ 'es' | language_name }}",
    )

    assert expected == templating.render(env, "t.txt", language=language, d=DAY)


def test_the_first_of_a_month_is_counted_in_french(tmp_path: Path) -> None:
    """1er juillet, as everybody there writes it; the eleventh, and other languages, stay as they are."""
    env = own(tmp_path, t_dot_txt="{{ d | long_date }}|{{ d | day_month }}|{{ d | short_date }}")
    first, eleventh = date(2026, 7, 1), date(2026, 7, 11)
    assert "1er juillet 2026|1er juillet|1er juil." == templating.render(env, "t.txt", language="fr", d=first)
    assert "11 juillet 2026|11 juillet|11 juil." == templating.render(env, "t.txt", language="fr", d=eleventh)
    assert "1 July 2026|1 July|1 Jul" == templating.render(env, "t.txt", language="en", d=first)


def test_a_language_nobody_knows_is_shown_by_its_tag() -> None:
    """Better a code than a wrong name."""
    assert ("qqq", "ltr", "rtl") == (
        templating.language_name("qqq", "en"),
        templating.direction("qqq"),
        templating.direction("ar"),
    )


def test_a_language_calls_itself_by_its_own_name(tmp_path: Path) -> None:
    """Whoever looks for it may read nothing else on the page; one that nobody knows is its tag."""
    env = own(tmp_path, t_dot_txt="{{ 'es' | own_name }} {{ 'pt-br' | own_name }} {{ 'qqq' | own_name }}")
    assert "Español Português (Brasil) Qqq" == templating.render(env, "t.txt", language="en")


def test_html_is_escaped_and_text_is_not(tmp_path: Path) -> None:
    """What strangers wrote stays words."""
    env = own(tmp_path, a_dot_html="{{ x }}", a_dot_txt="{{ x }}")

    assert ("&lt;b&gt;", "<b>") == (
        templating.render(env, "a.html", x="<b>"),
        templating.render(env, "a.txt", x="<b>"),
    )


def test_subject_is_one_line() -> None:
    """Line ends in a subject are no way to another header."""
    assert "Newsflash June 2026 X" == templating.subject(
        "Newsflash {{ day | month_year }}\r\nX", language="en", day=DAY
    )


@pytest.mark.parametrize("source", ["{{ nobody }}", "{{ ''.__class__.__mro__ }}", "{% if %}", "  {# nothing #} "])
def test_a_subject_that_cannot_be_is_told(source: str) -> None:
    """Undefined names, ways out of the sandbox, broken syntax and nothing at all."""
    with pytest.raises(TemplateError, match=r"^subject:1: "):
        templating.subject(source, language="en")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two three", "one two\nthree"),
        ("see https://example.org/a-long-one now", "see\nhttps://example.org/a-long-one\nnow"),
        ("非常长的标题", "非常长的\n标题"),
        ("a 非常长的标题", "a 非常长\n的标题"),
        ("well-known", "well-known"),
        ("---- so...", "- so…"),
        ("kept\nlines", "kept\nlines"),
        ("", ""),
    ],
)
def test_lines_are_wrapped_but_addresses_never(text: str, expected: str) -> None:
    """Eight columns here; wide letters take two of them."""
    assert expected == templating.wrap(text, 8)


def test_words_may_be_said_in_jinjas_own_way(tmp_path: Path) -> None:
    """A `trans` block and `_` say the same; variables are escaped in HTML, a percent sign is written twice."""
    env = own(
        tmp_path,
        a_dot_html="{% trans title=t %}Unsubscribe from {{ title }}{% endtrans %}",
        d_dot_html="{{ _('Unsubscribe from %(title)s', title=t) }}",
        b_dot_txt="{{ _('Subscribe') }}|{{ _('100 %%') }}|{{ _('Subscribe') }}",
        c_dot_html="{% trans count=n %}one{% pluralize %}{{ count }} of them{% endtrans %}",
    )

    for name in ("a.html", "d.html"):
        assert "Darse de baja de &lt;b&gt;" == templating.render(env, name, language="es", t="<b>")
    assert "Suscribirse|100 %|Suscribirse" == templating.render(env, "b.txt", language="es-MX")
    assert "Subscribe|100 %|Subscribe" == templating.render(env, "b.txt", language="en")
    assert "7 of them" == templating.render(env, "c.html", language="en", n=7)


def test_templates_are_warmed_whatever_is_broken(tmp_path: Path) -> None:
    """One that is broken is told when it is asked for, and keeps no other from being ready."""
    env = own(tmp_path, web__a_dot_html="{% if %}", web__b_dot_html="fine", email__c_dot_html="fine")
    templating.warm(env, "web/")
    assert env.cache is not None
    ready = {key[1] for key in env.cache}
    assert {"web/b.html", "web/public/front.html"} < ready
    assert not {"web/a.html", "email/c.html"} & ready
    with pytest.raises(TemplateError, match=r"a\.html:1"):
        templating.render(env, "web/a.html")


def test_a_changed_file_is_seen_within_a_second(tmp_path: Path) -> None:
    """It is looked at once a second, however many pages are made of it."""
    now = [0.0]
    (file := tmp_path / "a.txt").write_text("before")
    env = Environment(loader=Files([tmp_path], clock=lambda: now[0]))
    assert "before" == env.get_template("a.txt").render()
    file.write_text("after")
    os.utime(file, (1, 1))
    assert "before" == env.get_template("a.txt").render()
    now[0] = 1.0
    assert "after" == env.get_template("a.txt").render()
