"""Header fields: right to the byte, read back as what was meant, and nothing smuggled."""

import re
from base64 import b64decode
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import LetterError
from digest.letter import headers
from digest.letter.headers import Heading, Mailbox

TOKEN = "tO-k_en0" * 8
NAMES = st.text(max_size=260)


def unfolded(text: str) -> str:
    return text.replace("\r\n", "")


@given(NAMES)
def test_any_name_is_read_back(name: str) -> None:
    """Quotes, accents, CJK, emoji, right-to-left, control characters: one mailbox, the name as cleaned."""
    phrase, spec = parseaddr(unfolded(headers.mailbox_value("To", Mailbox(name, "ada@example.org"))))

    expected = headers.clean(name)[: headers.MAX_NAME].rstrip()
    assert (expected, "ada@example.org") == (str(make_header(decode_header(phrase))), spec)


@given(NAMES)
def test_any_name_keeps_the_lines(name: str) -> None:
    """No bare CR or LF, no line over 78 but where one word is longer, every line but the first indented."""
    raw = f"To: {headers.mailbox_value('To', Mailbox(name, 'ada@example.org'))}"

    lines = raw.split("\r\n")
    assert raw.isascii()
    assert [] == [line for line in lines if "\r" in line or "\n" in line or "\0" in line]
    assert [] == [line for line in lines[1:] if not line.startswith(" ")]
    assert [] == [line for line in lines if len(line) > 78 and "?=" in line]
    assert max(map(len, lines)) < 500


@given(st.text(max_size=600))
def test_any_subject_is_read_back(subject: str) -> None:
    """One line, folded and encoded as needed, and every space where it was."""
    raw = headers.text_field("Subject", subject)
    value = unfolded(raw)[len("Subject: ") :]

    assert headers.clean(subject) == str(make_header(decode_header(value))).strip()
    assert [] == [line for line in raw.split("\r\n") if len(line) > 78]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Mailbox("", "a@example.org"), "a@example.org"),
        (Mailbox("Ada Lovelace", "a@example.org"), "Ada Lovelace <a@example.org>"),
        (Mailbox("O'Brien, J.", "a@example.org"), '"O\'Brien, J." <a@example.org>'),
        (Mailbox('A "B" \\ C', "a@example.org"), '"A \\"B\\" \\\\ C" <a@example.org>'),
        (Mailbox("Zoë", "a@example.org"), "=?utf-8?b?Wm/Dqw==?= <a@example.org>"),
        (Mailbox("=?utf-8?q?x?=", "a@example.org"), "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <a@example.org>"),
        (Mailbox("A\r\nBcc: x@example.org", "a@example.org"), '"A Bcc: x@example.org" <a@example.org>'),
        (Mailbox("Bücher", "a@bücher.example"), "=?utf-8?b?QsO8Y2hlcg==?= <a@xn--bcher-kva.example>"),
        (Mailbox("", "dädä@example.org"), "dädä@example.org"),
    ],
)
def test_mailboxes_to_the_byte(box: Mailbox, expected: str) -> None:
    """Plain names stay plain, others are quoted or encoded; domains are ASCII (RFC 5322, 2047, 5891)."""
    assert expected == headers.mailbox_value("To", box)


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "ada",
        "@example.org",
        "a b@example.org",
        "a,b@example.org",
        "a@example.org>",
        "a@example.org\r\nBcc: b@example.org",
        "a\0@example.org",
        "a(b)@example.org",
        '"a b"@example.org',
        "a@exa mple.org",
        ".a@example.org",
        "a@\u2028example.org",
        "x" * 260 + "@example.org",
    ],
)
def test_addresses_that_could_break_a_header_are_refused(spec: str) -> None:
    """A name may be anything; an address may not."""
    with pytest.raises(LetterError):
        headers.address(spec)


def test_list_unsubscribe_is_never_encoded_and_folded_only_between_its_addresses() -> None:
    """Long tokens stay on one line as they are."""
    https = f"https://news.example.org/unsubscribe/{TOKEN}"
    mailto = f"mailto:unsubscribe+{TOKEN}@example.org?subject=unsubscribe"

    assert f"<{https}>,\r\n <{mailto}>" == headers.list_unsubscribe_value(https, mailto)
    assert f"<{https}>" == headers.list_unsubscribe_value(https)


@pytest.mark.parametrize("link", ["https://x/\r\nX: y", "https://x/ y", "javascript:x", "https://x/>", "https://é/"])
def test_links_that_could_break_a_header_are_refused(link: str) -> None:
    """Only what may stand between angle brackets."""
    with pytest.raises(LetterError):
        headers.list_unsubscribe_value(link)


def test_head_of_a_mailing_to_the_byte(heading: Heading) -> None:
    """All that its letters share."""
    assert (
        "From: Metals Mark <news@example.org>\r\n"
        "Reply-To: office@example.org\r\n"
        "Subject: Newsflash June\r\n"
        "List-Id: Newsflash <newsflash.news.example.org>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        "List-Archive: <https://news.example.org/editions/newsflash/>\r\n"
        "Precedence: bulk\r\n"
        "Auto-Submitted: auto-generated\r\n"
    ) == headers.mailing_head(heading, "Newsflash June")


def test_date_message_id_and_mailbox() -> None:
    """A numeric zone; our own domain; the setting's two ways to write a mailbox."""
    assert ("Fri, 26 Jun 2026 08:00:00 +0000", "<0aff@example.org>") == (
        headers.date_value(datetime(2026, 6, 26, 8, tzinfo=UTC)),
        headers.message_id(b"\x0a\xff", "example.org"),
    )
    assert (Mailbox("Metals, Mark", "n@example.org"), Mailbox("", "n@example.org")) == (
        headers.mailbox('"Metals, Mark" <n@example.org>'),
        headers.mailbox("n@example.org"),
    )
    assert Mailbox("Bücher", "n@xn--bcher-kva.example") == headers.mailbox(
        "Bücher <n@bücher.example>",
    )
    with pytest.raises(LetterError):
        headers.mailbox("nobody")
    with pytest.raises(LetterError):
        headers.message_id(b"x", "a b")


@pytest.mark.parametrize("letter", ["é", "語", "🙂"])
def test_no_letter_is_torn_between_two_words(letter: str) -> None:
    """Each encoded word is whole text by itself (RFC 2047, 5): a torn letter is shown as two that are none."""
    words = re.findall(r"=\?utf-8\?b\?([^?]+)\?=", headers.text_field("Subject", f"a{letter * 80}"))
    assert f"a{letter * 80}" == "".join(b64decode(each).decode("utf-8") for each in words)
