"""What an applicant hands in with the form: who may apply for what, and which claims to materials hold. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.intake.domain.application import PartyType
from services.intake.domain.catalogue import Material, MaterialOption, ServiceItem
from services.intake.domain.errors import Invalid
from services.intake.domain.materials import HeldCertificate, Library, Provided, Source, by_certificate
from services.intake.domain.whose import Whose
from services.kernel.errors import FieldError


@dataclass(frozen=True)
class Claim:
    """A material that needs no upload: covered by a certificate, or its original lies on the counter."""

    material_no: int
    source: Source
    certificate_identifier: str | None = None
    copies: int = 1
    promised_on: date | None = None


@dataclass(frozen=True)
class Promises:
    """What an applicant may promise instead of handing in.

    Args:
        barred_until: he may make no informed commitment up to this day (serious dishonesty not yet repaired).
        latest: the last day for which a deferred material may be promised.
    """

    latest: date
    barred_until: date | None = None


def check_applicant(item: ServiceItem, party_type: PartyType, *, has_agent: bool, at: str = "#/applicant") -> None:
    """The item serves this kind of party, and may be applied for through an agent. Raises Invalid.

    Source: GB/T 39046 A.4 (service objects); Administrative Licensing Law art. 29 para. 2 (presence required).
    """
    errors = []
    serves = item.serves_persons if party_type is PartyType.PERSON else item.serves_organisations
    if not serves:
        kind = "自然人" if party_type is PartyType.PERSON else "法人或其他组织"
        errors.append(FieldError(f"{at}/party_type", "applicant.service-object", f"本事项不面向{kind}"))
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
    promises: Promises | None = None,
    library: Library | None = None,
    today: date,
    now: datetime,
) -> tuple[Provided, ...]:
    """The materials these claims stand for. Raises Invalid with every fault.

    Args:
        held: certificates that may be named here, by identifier; one of somebody else is answered like an unknown one.
        paper_allowed: only where somebody can look at an original.
        promises: None where promises are not taken any more.
    """
    errors, provided, seen = list[FieldError](), list[Provided](), set[int]()
    for index, claim in enumerate(claims):
        material = item.material(claim.material_no)
        where = f"#/materials/{index}"
        if material is None or claim.material_no in seen:
            errors.append(FieldError(f"{where}/material_no", "material.unlisted", _UNLISTED[material is None]))
            continue
        seen.add(claim.material_no)
        certificate = held.get(claim.certificate_identifier or "")
        if claim.source is Source.CERTIFICATE:
            at = f"{where}/certificate_identifier"
            faults = [*certificate_faults(material, certificate, today, at)]
            faults += [] if faults else person_faults(material, certificate, library, at, seen_here=paper_allowed)
        elif claim.source in _OPTIONS:
            faults = [*promise_faults(material, claim, promises, today, where)]
        else:
            faults = [] if paper_allowed else _paper_online(where)
        errors += faults
        provided += [] if faults else [_provided(material, claim, certificate, library, now)]
    if errors:
        raise Invalid(errors=errors)
    return tuple(provided)


def _paper_online(where: str) -> list[FieldError]:
    return [FieldError(f"{where}/source", "material.paper-online", "纸质原件只能在窗口提交")]


_UNLISTED = {True: "公布的材料目录中没有此项", False: "同一材料只填一次"}
_OPTIONS = {Source.COMMITMENT: MaterialOption.INFORMED_COMMITMENT, Source.DEFERRED: MaterialOption.DEFERRED}
_OPTION_NAMES = {Source.COMMITMENT: "告知承诺", Source.DEFERRED: "容缺后补"}


def _provided(
    material: Material, claim: Claim, certificate: HeldCertificate | None, library: Library | None, now: datetime
) -> Provided:
    if claim.source is Source.CERTIFICATE and certificate is not None:
        if material.whose is Whose.EACH and library is not None:
            return by_certificate(material, *library.answers(material), now=now)
        return by_certificate(material, certificate, now=now)
    promised_on = claim.promised_on if claim.source is Source.DEFERRED else None
    return Provided(claim.material_no, material.name, claim.source, now, claim.copies, promised_on=promised_on)


def promise_faults(
    material: Material, claim: Claim, promises: Promises | None, today: date, where: str
) -> Iterator[FieldError]:
    """Why a promise cannot stand for a material: only where the item's published list allows it, for this applicant.

    Source: 国办发〔2020〕42号 (informed commitment, those barred from it); 国发〔2022〕5号 (deferred materials).
    """
    name = _OPTION_NAMES[claim.source]
    if _OPTIONS[claim.source] not in material.options:
        yield FieldError(f"{where}/source", "material.option", f"该材料不适用{name}")
    elif promises is None:
        yield FieldError(f"{where}/source", "material.promise-late", f"现阶段不能再适用{name}")
    elif claim.source is Source.COMMITMENT:
        if promises.barred_until is not None and promises.barred_until >= today:
            message = f"申请人在 {promises.barred_until:%Y-%m-%d} 以前不适用告知承诺"
            yield FieldError(f"{where}/source", "commitment.barred", message)
    elif claim.promised_on is None or not today < claim.promised_on <= promises.latest:
        message = f"应填写今日之后、{promises.latest:%Y-%m-%d} 以前的补交日期"
        yield FieldError(f"{where}/promised_on", "deferred.date", message)


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
    elif not certificate.trusted_on(today):
        message = f"该证照由{certificate.region_name}颁发，须重新向其证照库核验后才能采用"
        yield FieldError(pointer, "certificate.ask-again", message)
    elif not certificate.usable_on(today):
        yield FieldError(pointer, "certificate.expired", "该证照不在有效期内")


def person_faults(
    material: Material,
    certificate: HeldCertificate | None,
    library: Library | None,
    pointer: str,
    *,
    seen_here: bool,
) -> list[FieldError]:
    """Why a certificate that counts is not of those whom the material means.

    Of each: whoever names one of them names them all. Of somebody else: only a clerk who has him there can tell.
    """
    if material.whose is Whose.APPLICANT:
        return []
    if material.whose is Whose.EACH:
        message = "该材料须各方均有：各方共同到窗口申请，且各方名下均有该证照，否则请提交材料"
        return (
            [] if library and library.answers(material) else [FieldError(pointer, "certificate.not-of-each", message)]
        )
    of_other = library is not None and certificate is not None and library.of_somebody_else(certificate)
    message = "该材料不是申请人、经办人本人的证照可以代替的，请提交材料，或由窗口核实后采用其本人的证照"
    return [] if seen_here and of_other else [FieldError(pointer, "certificate.of-other", message)]
