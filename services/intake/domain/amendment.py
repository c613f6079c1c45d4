"""Amendment on application: the holder asks the body that issued his certificate to change what stands on it. Pure.

Source: Administrative Licensing Law art. 49. An amendment is one more way of handling the item that issues the
certificate; the catalogue may name the materials it takes (`amendment`), else they are those of the item.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.intake.domain.catalogue import Basis, ServiceItem
from services.intake.domain.errors import Invalid
from services.intake.domain.materials import HeldCertificate
from services.intake.domain.records import Amendment, Change
from services.intake.domain.renewal import window_of
from services.kernel.certificate_life import GROUNDS, Ground
from services.kernel.errors import FieldError

_LICENCE = "01"  # GB/T 39046 A.1: 行政许可
# What the law orders for the first grant alone: the windows in which applicants think it over and come again, the
# stages of a project, the time in which a certificate is renewed. Who examines first (`levels`) stays.
_OF_THE_GRANT = frozenset({"windows", "stages", "renewal", "renewal_window"})
_NEW = "（新办）"


def scenario_of(item: ServiceItem) -> str | None:
    """The way of handling that amends; None where the item issues no certificate, or is for renewals alone."""
    window = window_of(item)
    if item.result.certificate_type_code is None or (window is not None and window.only_renews):
        return None
    return f"{item.item_id}-AMEND"


def amended(item: ServiceItem) -> ServiceItem:
    """The item as it amends: its own materials, no windows, no validity of its own (the certificate keeps its)."""
    wanted = item.particulars.get("amendment", {}).get("materials")
    materials = item.materials if wanted is None else tuple(m for m in item.materials if m.material_no in wanted)
    article = (Basis(GROUNDS[Ground.HOLDER_ASKED].article, "sourced"),) if item.type_code == _LICENCE else ()
    return replace(
        item,
        name=f"{item.name.removesuffix(_NEW)}（变更）",
        basis=(*article, *item.basis),
        materials=materials,
        result=replace(item.result, certificate_validity=None),
        scenarios=(),
        particulars={name: part for name, part in item.particulars.items() if name not in _OF_THE_GRANT},
        quantity_limited=False,  # the number was granted with the certificate
    )


def amendment(
    item: ServiceItem,
    held: Sequence[HeldCertificate],
    identifier: str,
    changes: Sequence[Change],
    *,
    today: date,
) -> Amendment:
    """Raises Invalid: the certificate is none of his, not valid, of another item, or a line is changed twice."""
    found = next((c for c in held if c.identifier == identifier and c.usable_on(today)), None)
    if found is None:
        raise _invalid("amendment.not-held", "证照库中没有申请人名下有效的该证照，不能变更")
    if found.type_code != item.result.certificate_type_code:
        raise _invalid("amendment.other-item", "该证照不是本事项颁发的证照，请选择颁发该证照的事项")
    if len({change.what for change in changes}) != len(changes):
        raise _invalid("amendment.twice", "同一事项只能变更一次", "#/amends/changes")
    return Amendment(identifier, tuple(changes))


def _invalid(code: str, detail: str, pointer: str = "#/amends/certificate_identifier") -> Invalid:
    return Invalid(errors=[FieldError(pointer, code, detail)])
