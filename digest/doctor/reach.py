"""What a letter leads to and what comes back: one-click, links, and the round trip of a bounce."""

from __future__ import annotations

import asyncio
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from digest.doctor.finding import Finding, fine, mind, unchecked, wrong
from digest.doctor.paper import Links
from digest.doctor.specimen import Specimen
from digest.errors import FetchError
from digest.fetch import Fetcher
from digest.letter import headers
from digest.service import bouncing
from digest.service.collecting import fetcher
from digest.service.house import House
from digest.settings import Sender
from digest.subscribers import tokens, verp
from digest.subscribers.bounces import Class

MOST_LINKS = 100
PATIENCE = 10.0
_GONE = (404, 410)
_REPORT = """From: MAILER-DAEMON@example.org
To: {envelope}
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Nobody is there.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; nobody@example.org
Action: failed
Status: 5.1.1
--b--
"""


async def one_click(found: Specimen) -> Finding:
    """Press the button as a mail program does (RFC 8058), for somebody who does not exist: it acts on nobody."""
    what, parts = "one-click", urlsplit(found.unsubscribe)
    try:
        status = await asyncio.to_thread(_press, found.unsubscribe)
    except (OSError, HTTPException) as error:
        said = str(error) or type(error).__name__
        return wrong(
            what, f"{parts.netloc} does not answer: {said}", "let `digest serve` or `digest web` answer at site.url"
        )
    if status != 200:
        return wrong(
            what, f"{parts.netloc} answers {status}, and 200 is due", "it must reach us, without a redirect or login"
        )
    if parts.scheme != "https":
        return mind(what, "answers; mail programs press only https", "set site.url to an https address")
    return fine(what, f"{parts.netloc} answers at once")


def _press(link: str) -> int:
    parts = urlsplit(link)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    line = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        line.request("POST", parts.path, body="List-Unsubscribe=One-Click", headers=form)
        return line.getresponse().status
    finally:
        line.close()


async def links_of(house: House, found: Specimen) -> list[Finding]:
    """Ask for every page that the letter leads to, politely; personal links are left alone."""
    own = house.settings.site.url
    personal = (f"{own}/unsubscribe/", f"{own}/manage/")
    everything = dict.fromkeys(link for link, _ in Links(found.shown.html).found if link.startswith("http"))
    asked = [link for link in everything if not link.startswith(personal)][:MOST_LINKS]
    async with fetcher(house) as client:
        said = dict(zip(asked, await asyncio.gather(*[_asked(client, link, own) for link in asked]), strict=True))
    dead = [link for link, status in said.items() if status in _GONE]
    unsure = [link for link, status in said.items() if status not in (*_GONE, 200)]
    if asked and not any(said.values()):
        return [unchecked("links", "none could be reached: is there a way out?")]
    findings = [wrong("links", f"leads nowhere: {link}", "mend or retract that announcement") for link in dead]
    findings += [mind("links", f"could not be read ({said[link] or 'no answer'}): {link}") for link in unsure]
    return findings or [fine("links", f"{len(asked)} lead somewhere")]


async def _asked(client: Fetcher, link: str, own: str) -> int:
    """The status of what a link leads to, 0 where nobody answers."""
    try:
        async with asyncio.timeout(3 * PATIENCE):
            return (await client.get(link, own=own if link.startswith(f"{own}/") else "")).status
    except FetchError as error:
        return error.status or 0
    except TimeoutError:
        return 0


def bounce(house: House, sender: Sender) -> Finding:
    """Send a report about nobody through what reads bounces; nothing is stored."""
    what = f"bounces of {sender.slug}"
    if not sender.bounces:
        return mind(what, "nothing says where they go, so dead addresses stay", f"set senders.{sender.slug}.bounces")
    address, handle = headers.mailbox(sender.bounces).address, tokens.new_handle()
    envelope = verp.envelope(house.keys, address, handle, 1)
    if envelope == address:
        return wrong(what, f"{address} is too long to carry a token", "a shorter name before its @")
    judged = bouncing.judged(_REPORT.format(envelope=envelope).encode())
    back = verp.found(house.keys, envelope.lower())
    if [each.kind for each in judged] != [Class.HARD] or back != verp.Returned(handle, 1):
        return wrong(what, "a bounce would not be understood", "report it to us")
    way = (
        "" if house.settings.bounces.imap else "; see that its mail is piped to `digest bounce`, or set [bounces] imap"
    )
    return fine(what, f"a letter's own bounce is known again{way}")
