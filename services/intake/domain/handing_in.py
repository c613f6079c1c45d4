"""What an applicant hands in with the form: who may apply for what, and which claims to materials hold. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.intake.domain.application import PartyType
from services.intake.domain.catalogue import Material, ServiceItem
from services.intake.domain.errors import Invalid
from services.intake.domain.materials import HeldCertificate, Provided, Source, by_certificate
from services.kernel.errors import FieldError


@dataclass(frozen=True)
class Claim:
    """A material that needs no upload: covered by a certificate, or its original lies on the counter."""

    material_no: int
    source: Source
    certificate_identifier: str | None = None
    copies: int = 1


def check_applicant(item: ServiceItem, party_type: PartyType, *, has_agent: bool) -> None:
    """The item serves this kind of party, and may be applied for through an agent. Raises Invalid.

    Source: GB/T 39046 A.4 (service objects); Administrative Licensing Law art. 29 para. 2 (presence required).
    """
    errors = []
    serves = item.serves_persons if party_type is PartyType.PERSON else item.serves_organisations
    if not serves:
        kind = "自然人" if party_type is PartyType.PERSON else "法人或其他组织"
        errors.append(FieldError("#/applicant/party_type", "applicant.service-object", f"本事项不面向{kind}"))
    if has_agent and item.must_appear:
        errors.append(FieldError("#/agent", "agent.must-appear", "本事项须本人到场办理，不得委托代理"))
    if errors:
        raise Invalid(errors=errors)


def check_claims(
    item: ServiceItem,
    claims: Sequence[Claim],
    held: Mapping[str, HeldCertificate],
    *,
    paper_allowed: bool,
    today: date,
    now: datetime,
) -> tuple[Provided, ...]:
    """The materials these claims stand for. Raises Invalid with every fault.

    Args:
        held: certificates of the applicant and of the agent that acts here, by identifier. A certificate of somebody
            else is answered like one that does not exist.
        paper_allowed: only where somebody can look at an original.
    """
    errors: list[FieldError] = []
    provided: list[Provided] = []
    seen: set[int] = set()
    for index, claim in enumerate(claims):
        material = item.material(claim.material_no)
        where = f"#/materials/{index}"
        if material is None or claim.material_no in seen:
            message = "公布的材料目录中没有此项" if material is None else "同一材料只填一次"
            errors.append(FieldError(f"{where}/material_no", "material.unlisted", message))
            continue
        seen.add(claim.material_no)
        certificate = held.get(claim.certificate_identifier or "")
        if claim.source is Source.CERTIFICATE:
            faults = [*certificate_faults(material, certificate, today, f"{where}/certificate_identifier")]
        else:
            faults = [] if paper_allowed else [FieldError(f"{where}/source", "material.paper-online", _PAPER_ONLINE)]
        errors += faults
        if not faults:
            provided.append(_provided(material, claim, certificate, now))
    if errors:
        raise Invalid(errors=errors)
    return tuple(provided)


_PAPER_ONLINE = "纸质原件只能在窗口提交"


def _provided(material: Material, claim: Claim, certificate: HeldCertificate | None, now: datetime) -> Provided:
    if claim.source is Source.CERTIFICATE and certificate is not None:
        return by_certificate(material, certificate, now=now)
    return Provided(claim.material_no, material.name, Source.PAPER_ORIGINAL, now, copies=claim.copies)


def certificate_faults(
    material: Material, certificate: HeldCertificate | None, today: date, pointer: str
) -> Iterator[FieldError]:
    """Why a certificate cannot stand for a material.

    Source: State Council order 716 arts. 10, 11 (an e-certificate counts as the paper one while it is valid).
    """
    if certificate is None:
        yield FieldError(pointer, "certificate.not-held", "证照库中没有申请人或其代理人名下的该证照")
    elif certificate.type_code != material.certificate_type_code:
        replaced = material.certificate_type_name
        message = f"该材料只能以“{replaced}”替代" if replaced else "该材料不能以电子证照替代"
        yield FieldError(pointer, "certificate.wrong-type", message)
    elif not certificate.valid:
        yield FieldError(pointer, "certificate.not-valid", "该证照已失效")
    elif not certificate.usable_on(today):
        yield FieldError(pointer, "certificate.expired", "该证照不在有效期内")
