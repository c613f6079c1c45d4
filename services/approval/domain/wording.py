"""Texts the law asks for: a notice or record without them does not come into being."""

from services.approval.domain.errors import IncompleteRecord
from services.kernel.errors import FieldError


def require_text(*wanted: tuple[str, str, str]) -> None:
    """Each (field, its text, what it should say). Raises IncompleteRecord naming every field without text."""
    found = [FieldError(f"#/{name}", "required", f"应当写明{what}") for name, text, what in wanted if not text.strip()]
    if found:
        raise IncompleteRecord("；".join(fault.detail for fault in found), errors=found)


def require_that(holds: bool, field: str, code: str, detail: str) -> None:
    """Raises IncompleteRecord with the one fault."""
    if not holds:
        raise IncompleteRecord(detail, errors=[FieldError(f"#/{field}", code, detail)])
