"""How numbers are shown."""

from services.kernel.codes import mask_citizen_id, mask_uscc, normalise_number


def masked_number(party_type: str, number: str) -> str:
    return mask_citizen_id(number) if party_type == "PERSON" else mask_uscc(number)


def masked_certificate_number(number: str) -> str:
    """First and last character kept, 16 stars between: the length says nothing either."""
    return mask_citizen_id(normalise_number(number))
