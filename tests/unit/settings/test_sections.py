"""What sections of the settings say of themselves."""

from __future__ import annotations

import pytest

from digest.settings.sections import Sender


@pytest.mark.parametrize(
    ("expected", "relays"),
    [
        (False, ("smtp://mail.example.org",)),
        (True, ("smtps://mail.example.org",)),
        (True, ("smtp://127.0.0.1", "smtp+starttls://mail.example.org")),
    ],
)
def test_one_relay_over_tls_is_enough_to_encrypt(expected: bool, relays: tuple[str, ...]) -> None:
    sender = Sender.model_validate({"slug": "main", "from": "News <news@example.org>", "relays": relays})
    assert expected is sender.encrypts
