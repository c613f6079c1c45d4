"""A second supplement notice: only for what could not be seen the first time, as far as what is stored can tell. Pure.

Decided from the materials alone, never from the reason given:

- what lay before the window unchanged at the first notice (the same file or certificate, not handed in since) could be
  seen then and is refused, unless the notice names a material that came in since and shows the fault (`shown_by`);
- what came in or was named since the first notice, what was not there (a condition may show later), a certificate that
  no longer counts, and an item version that asks for something else could not.

Source: Administrative Licensing Law art. 32(4) (once, all items), art. 32(5) (everything supplied: must accept).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from services.intake.domain.errors import FaultCouldBeSeen
from services.intake.domain.materials import Provided
from services.intake.domain.records import MaterialFault
from services.kernel.errors import FieldError

NOTICES = 2  # the one-time notice, and one more for what could not be seen then
_TO_DO = "请按现有材料决定：必要材料齐全的应当受理，该问题在审查中处理"


def lay_there(
    faults: Sequence[MaterialFault],
    first: Sequence[MaterialFault],
    *,
    told_at: datetime,
    materials: Iterable[Provided],
    counting: Iterable[Provided],
) -> tuple[int, ...]:
    """Numbers of the faulted materials that lay there, as they are now, when the first notice was given.

    Args:
        first: the faults of that notice; they were told, so what came in for them is new.
        counting: the materials that count today; a certificate that has lost its validity is not what it was.
    """
    named = {fault.material_no for fault in first}
    valid = {given.material_no for given in counting}
    since = {given.material_no: given.lain_since or given.provided_at for given in materials}
    numbers = (fault.material_no for fault in faults)
    return tuple(sorted({no for no in numbers if no in since and no in valid - named and since[no] <= told_at}))


def require_unseen(
    faults: Sequence[MaterialFault], seen: Iterable[int], *, told_at: datetime, materials: Iterable[Provided]
) -> None:
    """Raises FaultCouldBeSeen: names each fault that could have been told the first time."""
    newer = {given.material_no for given in materials if (given.lain_since or given.provided_at) > told_at}
    errors = list(_errors(faults, frozenset(seen), newer))
    if errors:
        raise FaultCouldBeSeen(errors[0].detail, errors=errors)


def _errors(faults: Sequence[MaterialFault], seen: frozenset[int], newer: set[int]) -> Iterator[FieldError]:
    for index, fault in enumerate(faults):
        if fault.shown_by is not None and fault.shown_by not in newer:
            message = "应当是首次告知后才提交的材料"
            yield FieldError(f"#/faults/{index}/shown_by", "supplement.shown-by", message)
        elif fault.material_no in seen and fault.shown_by is None:
            message = (
                f"“{fault.name}”在首次告知时已经提交且此后未变更，其问题当时即可发现，不得再次要求补正。{_TO_DO}；"
                "问题确由首次告知后提交的材料才显出的，请在 shown_by 中指明该材料"
            )
            yield FieldError(f"#/faults/{index}/material_no", "supplement.could-be-seen", message)
