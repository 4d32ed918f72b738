"""Card numbers: check digit, mask, brand."""

from __future__ import annotations

__all__ = ["brand", "complete", "luhn", "mask"]


def luhn(pan: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812-1."""
    return _sum(pan) % 10 == 0


def complete(digits: str) -> str:
    """Append the check digit."""
    return f"{digits}{-_sum(digits + '0') % 10}"


def _sum(digits: str) -> int:
    twice = "".join(str(2 * int(digit)) for digit in digits[-2::-2])
    return sum(map(int, digits[::-2])) + sum(map(int, twice))


def mask(pan: str) -> str:
    """Mask a number except its first six and last four digits; a short one except its last four."""
    shown = 6 if len(pan) >= 14 else 0
    return pan[:shown] + "*" * (len(pan) - shown - 4) + pan[-4:]


def brand(pan: str) -> str | None:
    """Return the card brand by the first digits, for the countries that HighHelp serves."""
    prefixes = {"4": "visa", "51": "mastercard", "52": "mastercard", "53": "mastercard", "54": "mastercard"}
    prefixes |= {"55": "mastercard", "22": "mir", "8600": "uzcard", "9860": "humo"}
    return next((name for prefix, name in prefixes.items() if pan.startswith(prefix)), None)
