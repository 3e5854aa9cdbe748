"""A labelled corpus of what comes back: our own, written after what these systems say.

Sources: the forms of RFC 3464, 6533 and 5965, and the words that Postfix, Exim, Sendmail, qmail, Exchange, Microsoft
365, Gmail, Yahoo, iCloud, GMX, Mail.ru, Domino, Courier, OpenSMTPD and James are known to use, read in their own
documentation and source, and in the lists of reasons of the sisimai projects. No message of a real person is in it.
Every refusal is put into every form a refusal comes in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

WHO = "ana.ruiz@mail.example.org"
BACK = "bounces@bounces.example.net"


@dataclass(frozen=True)
class Sample:
    """A message and what it should be taken for."""

    name: str
    raw: bytes
    kind: str
    recipient: str = WHO


REFUSALS: tuple[tuple[str, str, str], ...] = (
    ("hard", "5.1.1", "550 5.1.1 <{who}>: Recipient address rejected: User unknown in local recipient table"),
    ("hard", "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist. Please try double-checking"),
    ("hard", "5.1.1", "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found"),
    ("hard", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {who} not found by SMTP address lookup"),
    ("hard", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. [AS(201806281)]"),
    ("hard", "5.0.0", "554 delivery error: dd This user doesn't have a yahoo.com account ({who}) [-5]"),
    ("hard", "5.1.1", "550 5.1.1 unknown or illegal alias: {who}"),
    ("hard", "5.0.0", "550 Requested action not taken: mailbox unavailable"),
    ("hard", "5.4.4", "Host or domain name not found. Name service error for name=mail.example.org type=A: Host not found"),
    ("hard", "5.1.2", "550 5.1.2 <{who}>... Host unknown (Name server: mail.example.org: host not found)"),
    ("hard", "5.1.6", "551 5.1.6 recipient no longer on server: {who}"),
    ("hard", "5.1.1", "550 No such user here"),
    ("hard", "5.0.0", "550 5.7.1 Unable to deliver to {who}: no mailbox here by that name"),
    ("hard", "5.0.0", "Unrouteable address"),
    ("hard", "5.1.1", "550 5.1.1 sorry, no mailbox here by that name (#5.1.1)"),
    ("hard", "5.1.10", "556 5.1.10 <{who}>: Recipient address rejected: Domain mail.example.org does not accept mail (nullMX)"),
    ("hard", "5.0.0", "550 Invalid recipient {who}"),
    ("hard", "5.2.1", "550 5.2.1 this account no longer exists"),
    ("hard", "5.0.0", "550 Usuario desconocido"),
    ("hard", "5.0.0", "550 Der Empfänger ist unbekannt"),
    ("hard", "5.0.0", "550 5.0.0 Adresse d'au moins un destinataire invalide. Invalid recipient. OFR_416 [416]"),
    ("soft", "5.2.2", "552 5.2.2 The email account that you tried to reach is over quota"),
    ("soft", "5.1.1", "550 5.1.1 user over quota. (#5.1.1)"),
    ("soft", "5.2.2", "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException"),
    ("soft", "5.0.0", "550 Mailbox is full"),
    ("soft", "5.3.4", "552 5.3.4 Message size exceeds fixed limit"),
    ("soft", "4.4.7", "delivery time expired"),
    ("soft", "4.4.1", "connect to mx.mail.example.org[192.0.2.7]:25: Connection timed out"),
    ("soft", "5.4.6", "554 5.4.6 Too many hops"),
    ("soft", "4.3.2", "451 4.3.2 Internal server error, please try again later"),
    ("soft", "4.2.1", "450 4.2.1 The user you are trying to contact is receiving mail too quickly... temporarily deferred"),
    ("soft", "5.2.1", "550 5.2.1 The email account that you tried to reach is disabled"),
    ("soft", "5.0.0", "554 delivery error: dd Sorry your message to {who} cannot be delivered. This account has been disabled or discontinued [#102]"),
    ("block", "5.7.1", "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org"),
    ("block", "5.7.26", "550 5.7.26 Unauthenticated email from example.net is not accepted due to domain's DMARC policy"),
    ("block", "5.7.1", "550 5.7.1 Our system has detected that this message is likely unsolicited mail"),
    ("block", "5.1.1", "550 5.1.1 <{who}> rejected: 192.0.2.1 is listed in a block list"),
    ("block", "5.7.515", "550 5.7.515 Access denied, sending domain does not meet the required authentication level"),
    ("block", "5.7.606", "550 5.7.606 Access denied, banned sending IP [192.0.2.1]"),
    ("block", "5.0.0", "554 Message refused: the content of the message was rejected as spam"),
    ("block", "5.7.1", "550 5.7.1 <{who}>: Relay access denied"),
    ("block", "5.7.1", "554 5.7.1 The message from <news@example.net> was rejected due to policy reasons"),
    ("block", "5.7.25", "550 5.7.25 The IP address sending this message does not have a PTR record setup"),
    ("block", "5.0.0", "550 SPF check failed: sender policy forbids this host"),
    ("block", "5.1.8", "553 5.1.8 <bounces@bounces.example.net>... Domain of sender address does not exist"),
    ("block", "5.7.1", "550 5.7.1 virus detected in message"),
    ("block", "5.0.0", "554 IMTA reputation too low, see https://postmaster.example.org/user-unknown"),
    ("block", "5.6.7", "550 5.6.7 SMTPUTF8 is required, but non-ASCII addresses are not permitted here"),
    ("block", "5.7.133", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required"),
)  # fmt: skip

FORMS = ("postfix", "exchange", "sendmail", "global", "exim", "qmail", "mailer", "html")


def refusals() -> Iterator[Sample]:
    """Every refusal in every form."""
    for number, (kind, status, said) in enumerate(REFUSALS):
        text = said.format(who=WHO)
        for form in FORMS:
            yield Sample(f"{form} {number}: {said[:40]}", _put(form, status, text), kind)


def others() -> Iterator[Sample]:
    """Complaints, and what is no bounce."""
    for kind in ("abuse", "fraud", "virus", "other"):
        for redacted in (False, True):
            yield Sample(f"arf {kind} {redacted}", _feedback(kind, redacted), "complaint")
    yield Sample("jmrp", _outlook_complaint(), "complaint")
    yield Sample("arf opt-out", _feedback("opt-out", False), "optout")
    for kind in ("not-spam", "auth-failure"):
        yield Sample(f"arf {kind}", _feedback(kind, False), "none", "")
    for subject, headers, body in _QUIET:
        yield Sample(
            f"quiet: {subject}", _plain(subject, body, sender="Ana <ana@mail.example.org>", also=headers), "none", ""
        )
    for subject, body in _DELAYED:
        yield Sample(f"delayed: {subject}", _plain(subject, body), "none", "")
    yield Sample("dsn delayed", _report("4.4.1", "connection timed out", action="delayed"), "none", "")
    yield Sample("dsn relayed", _report("2.1.5", "250 ok", action="relayed"), "none", "")
    yield Sample("receipt", _receipt(), "none", "")


_QUIET = (
    ("Out of office: Newsflash", "Auto-Submitted: auto-replied\n", "I am away until Monday. Urgent mail to bo@example.org."),
    ("Automatic reply: Newsflash", "X-Auto-Response-Suppress: All\nAuto-Submitted: auto-generated\n", "No longer here."),
    ("Abwesenheitsnotiz: Newsflash", "Precedence: bulk\n", "Ich bin bis 3. Juli nicht im Büro."),
    ("Re: Newsflash", "X-Autoreply: yes\n", "Thank you for your message, we could not answer it yet."),
    ("Respuesta automática: Newsflash", "Auto-Submitted: auto-replied\n", "Estoy fuera de la oficina."),
    ("Réponse automatique : Newsflash", "Auto-Submitted: auto-replied\n", "Je suis absente; mon adresse n'existe plus."),
    ("I have left the company", "Auto-Submitted: auto-replied\n", "This address is no longer valid, please write to bo@example.org"),
    ("Re: Newsflash", "", "Dear editors, the second story was about us. Thank you! Ana"),
    ("Your request has been received [#1234]", "Auto-Submitted: auto-generated\n", "A ticket was opened."),
)  # fmt: skip
_DELAYED = (
    ("Warning: could not send message for past 4 hours", f"{WHO}: Connection timed out\nWill keep trying until message is 5 days old"),
    ("Mail delivery delayed", f"Your message to {WHO} has not yet been delivered. No action is required, delivery will be retried."),
    ("Delivery Status Notification (Delay)", f"Delivery to {WHO} has been delayed. Your message will be retried for 2 more days."),
    ("Delayed Mail (still being retried)", f"THIS IS A WARNING ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\n<{WHO}>: host not found"),
)  # fmt: skip


def _put(form: str, status: str, said: str) -> bytes:
    match form:
        case "postfix":
            text = f"I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n<{WHO}>: {said}"
            return _report(status, f"smtp; {said}", text=text)
        case "exchange":
            return _report(
                status, f"smtp;{said}", text=f"Delivery has failed to these recipients:\n\n{WHO}", original=True
            )
        case "sendmail":
            text = f"   ----- The following addresses had permanent fatal errors -----\n<{WHO}>\n    (reason: {said})"
            return (
                _report(status, "", text=text)
                if status.endswith("0.0")
                else _report(status, f"SMTP; {said}", text=text)
            )
        case "global":
            return _report(status, f"smtp; {said}", world=True)
        case "exim":
            body = f"A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  {WHO}\n    {said}\n\n------ This is a copy of the message, including all the headers. ------\n\n{_LETTER}"
            return _plain(
                "Mail delivery failed: returning message to sender", body, also=f"X-Failed-Recipients: {WHO}\n"
            )
        case "qmail":
            body = f"Hi. This is the qmail-send program at mx.example.org.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<{WHO}>:\n192.0.2.7 does not like recipient.\nRemote host said: {said}\nGiving up on 192.0.2.7.\n\n--- Below this line is a copy of the message.\n\n{_LETTER}"
            return _plain(
                "failure notice", body if "hop" not in said else body.replace("does not like recipient", "failed")
            )
        case "mailer":
            return _plain(
                "Undeliverable: Newsflash",
                f"Your message did not reach some or all of the intended recipients.\n\n{WHO}\n{said}\n\nOriginal message follows.\n\n{_LETTER}",
            )
        case _:
            page = f"<html><head><style>p {{}}</style></head><body><p>Your message to <b>{WHO}</b> couldn't be delivered.</p><p>{said.replace('<', '&lt;').replace('>', '&gt;')}</p></body></html>"
            return _plain("Undeliverable: Newsflash", page, kind="text/html")


_LETTER = f"Return-Path: <{BACK}>\nFrom: News <news@example.net>\nTo: {WHO}\nSubject: Newsflash: 100 user unknown spam quota\nMessage-ID: <1@example.net>\n\nGood news.\n"


def _plain(
    subject: str, body: str, *, sender: str = "MAILER-DAEMON@mx.example.org", also: str = "", kind: str = "text/plain"
) -> bytes:
    head = f"Return-Path: <>\nFrom: {sender}\nTo: {BACK}\nSubject: {subject}\nMIME-Version: 1.0\n{also}"
    return f"{head}Content-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}\n".encode()


def _report(
    status: str, said: str, *, text: str = "", action: str = "failed", original: bool = False, world: bool = False
) -> bytes:
    kind = "global-delivery-status" if world else "delivery-status"
    fields = f"Final-Recipient: {'utf-8' if world else 'rfc822'}; {WHO}\n"
    fields = (f"Original-Recipient: rfc822;{WHO}\n" if original else "") + fields
    fields += f"Action: {action}\nStatus: {status}\n" + (f"Diagnostic-Code: {said}\n" if said else "")
    return _mixed(
        "Delivery Status Notification",
        "report; report-type=delivery-status",
        ("text/plain; charset=utf-8", text or "This is an automatically generated Delivery Status Notification."),
        (f"message/{kind}", f"Reporting-MTA: dns; mx.example.org\n\n{fields}"),
        ("message/rfc822", _LETTER),
    )


def _feedback(kind: str, redacted: bool) -> bytes:
    letter = _LETTER if redacted else _LETTER.replace(f"To: {WHO}", "To: redacted@example.org")
    fields = f"Feedback-Type: {kind}\nUser-Agent: SomeLoop/1.0\nVersion: 1\n"
    fields += "" if redacted else f"Original-Rcpt-To: <{WHO}>\n"
    return _mixed(
        "FW: Newsflash",
        "report; report-type=feedback-report",
        ("text/plain", "This is an email abuse report for an email message received from IP 192.0.2.1"),
        ("message/feedback-report", fields),
        ("message/rfc822", letter),
    )


def _outlook_complaint() -> bytes:
    letter = f"X-HmXmrOriginalRecipient: {WHO}\n{_LETTER}".replace(f"To: {WHO}", "To: undisclosed")
    return _mixed("complaint about message from 192.0.2.1", "mixed", ("message/rfc822", letter))


def _receipt() -> bytes:
    fields = f"Reporting-UA: mail.example.org\nFinal-Recipient: rfc822;{WHO}\nDisposition: manual-action/MDN-sent-manually; displayed"
    return _mixed(
        "Read: Newsflash",
        "report; report-type=disposition-notification",
        ("text/plain", "Your message was read."),
        ("message/disposition-notification", fields),
    )


def _mixed(subject: str, kind: str, *parts: tuple[str, str]) -> bytes:
    head = f"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.org\nTo: {BACK}\nSubject: {subject}\nMIME-Version: 1.0\nAuto-Submitted: auto-replied\n"
    text = f'{head}Content-Type: multipart/{kind}; boundary="=_b"\n\nThis is a MIME-encapsulated message.\n'
    text += "".join(f"\n--=_b\nContent-Type: {type_}\n\n{body}\n" for type_, body in parts)
    return f"{text}\n--=_b--\n".encode()
