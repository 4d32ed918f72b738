"""Text that is probably not an HMAC key is refused everywhere, with one clear error that does not show it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from highhelp.errors import SettingsError
from highhelp.settings import Source, load_callback_keys, load_signer
from highhelp_signing import HmacSigner, KeyFormatError, KeyRing, generate_home

Way = Callable[[str, Path], object]
GOOD = "k3y-" + "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate_home(tmp_path_factory.mktemp("wrong") / "home", base_url="http://127.0.0.1:9").directory


WRONG: dict[str, tuple[Callable[[Path], str], str]] = {
    "nothing": (lambda _: "", "empty|is not set"),
    "white space": (lambda _: " \t\n ", "empty|is not set"),
    "one letter": (lambda _: "a", "shorter than 16 characters"),
    "a short word": (lambda _: "password", "shorter than 16 characters"),
    "fifteen characters": (lambda _: "x" * 15, "shorter than 16 characters"),
    "two words": (lambda _: f"{GOOD} {GOOD}", "white space inside"),
    "two lines": (lambda _: f"{GOOD}\n{GOOD}", "white space inside"),
    "the public key": (lambda home: (home / "callback_public_key.pem").read_text("utf-8"), "this is a PEM"),
    "the private key": (lambda home: (home / "private_key.pem").read_text("utf-8"), "this is a PEM"),
    "a file's name": (lambda _: "/run/secrets/hmac_callback_key.txt", "this is a file name"),
    "a PEM's name": (lambda _: "C:\\keys\\callback_public_key.PEM", "this is a file name"),
    "a file that exists": (lambda home: str(_without_suffix(home)), "this is a file name"),
}


def _without_suffix(home: Path) -> Path:
    file = home / "a_file_without_a_suffix"
    file.write_text("x", "utf-8")
    return file


def in_file(text: str, folder: Path) -> Path:
    file = folder / "given"
    file.write_text(text, "utf-8")
    return file


def of_settings(name: str, value: str) -> object:
    source = Source.load({name: value})
    return load_callback_keys(source) if "CALLBACK" in name else load_signer(source)


WAYS: dict[str, Way] = {
    "the signer": lambda text, _: HmacSigner(text),
    "the signer's file": lambda text, folder: HmacSigner.from_file(in_file(text, folder)),
    "the key ring": lambda text, _: KeyRing.from_hmac(GOOD, text),
    "the key ring's file": lambda text, folder: KeyRing.from_hmac_file(in_file(text, folder)),
    "HIGHHELP_HMAC_KEY": lambda text, _: of_settings("HIGHHELP_HMAC_KEY", text),
    "HIGHHELP_HMAC_KEY_FILE": lambda text, folder: of_settings("HIGHHELP_HMAC_KEY_FILE", str(in_file(text, folder))),
    "HIGHHELP_CALLBACK_HMAC_KEY": lambda text, _: of_settings("HIGHHELP_CALLBACK_HMAC_KEY", text),
    "HIGHHELP_CALLBACK_HMAC_KEY_FILE": lambda text, folder: of_settings(
        "HIGHHELP_CALLBACK_HMAC_KEY_FILE", str(in_file(text, folder))
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_key_is_refused_with_one_clear_error(home: Path, tmp_path: Path, way: str, wrong: str) -> None:
    made, problem = WRONG[wrong]
    text = made(home)
    with pytest.raises((KeyFormatError, SettingsError)) as caught:
        WAYS[way](text, tmp_path)
    error: Any = caught.value
    assert re.search(problem, str(error)), str(error)
    assert "\n" not in str(error)
    assert len(text) < 9 or text.strip() not in f"{error!r} {error} {error.__context__!r}"
    if way.startswith("HIGHHELP"):
        assert way in str(error)
        # the error for a file name in place of the key says where it belongs
        assert way.endswith("_FILE") or not text.strip() or f"{way}_FILE" in str(error)


@pytest.mark.parametrize("way", WAYS)
def test_a_good_key_is_taken(tmp_path: Path, way: str) -> None:
    for text in (GOOD, f" {GOOD}\n", "x" * 16, "abc/def+ghi=jkl_mno-pqr"):
        assert WAYS[way](text, tmp_path)


@pytest.mark.parametrize("way", ["HIGHHELP_HMAC_KEY_FILE", "HIGHHELP_CALLBACK_HMAC_KEY_FILE"])
def test_a_key_in_place_of_its_file_is_not_shown(way: str) -> None:
    with pytest.raises(SettingsError) as caught:
        of_settings(way, GOOD)
    assert GOOD not in str(caught.value)
    assert "there is no such file" in str(caught.value)


def test_the_least_length_can_be_set(tmp_path: Path) -> None:
    file = in_file("short", tmp_path)
    assert HmacSigner("short", min_key_length=5).sign(b"x") == HmacSigner.from_file(file, min_key_length=5).sign(b"x")
    both = KeyRing.from_hmac("short", min_key_length=5) + KeyRing.from_hmac_file(file, min_key_length=5)
    assert len(both) == 1
    with pytest.raises(KeyFormatError, match="shorter than 64 characters"):
        HmacSigner("x" * 63, min_key_length=64)


def test_a_short_key_says_so() -> None:
    (short,), (good,) = KeyRing.from_hmac("x" * 31), KeyRing.from_hmac("x" * 32)
    assert (getattr(short, "is_short", None), getattr(good, "is_short", None)) == (True, False)
    assert (HmacSigner("x" * 31).is_short, HmacSigner("x" * 32).is_short) == (True, False)
