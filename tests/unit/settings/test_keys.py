"""Keys: long enough, their owner's alone, and MACs that mean one thing for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from digest.errors import ConfigError
from digest.settings.keys import Keyring, private

RING = Keyring.parse("new:a key for nothing but tests,old:another key for tests")
# Whoever changes this breaks every link in every letter that was ever sent.
MACS: dict[tuple[str, ...], str] = {
    ("unsubscribe", "ab", "c"): "fb19dbad689151f9622a3d40e742ff84",
    ("unsubscribe", "a", "bc"): "cc1b50864d3441e9d70f45ed71672f6f",
    ("manage", "ab", "c"): "ec74c6a7699c968ccc84bb92df53af00",
}


@pytest.mark.parametrize(("text", "good"), [("x" * 15, False), ("x" * 16, True), ("a:" + "x" * 15, False), ("", False)])
def test_a_key_is_sixteen_letters_or_more(text: str, good: bool) -> None:
    """Its id not counted."""
    if good:
        assert "1" == Keyring.parse(text).current
        return
    with pytest.raises(ConfigError, match=r"16 characters|is empty"):
        Keyring.parse(text)


@pytest.mark.parametrize("said", MACS)
def test_a_mac_is_today_what_it_was(said: tuple[str, ...]) -> None:
    """Over its purpose and each of its parts, which never run into each other."""
    assert MACS[said] == RING.mac(*said).hex()
    assert len(set(MACS.values())) == len(MACS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_key_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """They could change it while we sign."""
    file = tmp_path / "key"
    file.write_bytes(b"ours")
    file.chmod(0o600)
    assert b"ours" == private(file)
    os.chown(file, 12_345, -1)
    with pytest.raises(ConfigError, match="belongs to another user"):
        private(file)
