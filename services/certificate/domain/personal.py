"""Where a citizen's number hides, and how numbers are shown."""

import re

from services.kernel.codes import check_citizen_id, mask_citizen_id, mask_uscc, normalise_number

_SEPARATORS = re.compile(r"[\s\-‐–—_./]+")
_CANDIDATE = re.compile(r"(?=([0-9]{17}[0-9X]))")


def holds_citizen_number(text: str) -> bool:
    """Whether a certificate's own number is, or contains, a citizen ID number (ID card, household register…)."""
    plain = _SEPARATORS.sub("", normalise_number(text))
    return any(check_citizen_id(candidate) is None for candidate in _CANDIDATE.findall(plain))


def masked_number(party_type: str, number: str) -> str:
    return mask_citizen_id(number) if party_type == "PERSON" else mask_uscc(number)


def masked_certificate_number(number: str) -> str:
    """First and last character kept, 16 stars between: the length says nothing either."""
    return mask_citizen_id(normalise_number(number))
