"""Which required materials are covered, which are missing, and why each is asked for. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from services.intake.domain.catalogue import Material, MaterialOption, Need, ServiceItem
from services.intake.domain.whose import Whose


class Source(StrEnum):
    UPLOAD = "UPLOAD"
    CERTIFICATE = "CERTIFICATE"
    PAPER_ORIGINAL = "PAPER_ORIGINAL"
    COMMITMENT = "COMMITMENT"  # 告知承诺: the applicant's word stands for the material
    DEFERRED = "DEFERRED"  # 容缺: promised for a day


class CheckOutcome(StrEnum):
    KEPT = "KEPT"
    FALSE = "FALSE"


class Coverage(StrEnum):
    COVERED = "COVERED"  # by a certificate of the library
    UPLOADED = "UPLOADED"
    ON_PAPER = "ON_PAPER"  # original seen and taken at the counter
    COMMITTED = "COMMITTED"  # replaced by an informed commitment
    DEFERRED = "DEFERRED"  # promised for a later day
    MISSING = "MISSING"
    OPTIONAL = "OPTIONAL"
    CONDITIONAL = "CONDITIONAL"  # asked only when its condition holds
    NOT_NEEDED = "NOT_NEEDED"  # another one of its group was given
    LATER = "LATER"


@dataclass(frozen=True)
class Check:
    """The later check of an informed commitment."""

    outcome: CheckOutcome
    finding: str
    checked_at: datetime
    checked_by: str  # account


@dataclass(frozen=True)
class Provided:
    """A material as it was handed in. At most one per material number: the newest."""

    material_no: int
    name: str
    source: Source
    provided_at: datetime
    copies: int = 1
    certificate_identifier: str | None = None
    issued_in: str | None = None  # of another region's certificate: who issued it
    file_key: str | None = None
    sha256: str | None = None
    media_type: str | None = None
    size_bytes: int | None = None
    promised_on: date | None = None  # of a deferred material; kept when it has come in
    check_by: date | None = None  # of a commitment
    check: Check | None = None
    earlier_file_keys: tuple[str, ...] = ()  # what stood here when it was received: evidence, never thrown away
    lain_since: datetime | None = None  # when the very same file or certificate first came in, if it came in again
    further_certificates: tuple[str, ...] = ()  # of the others, where each who applies must hold one

    @property
    def certificates(self) -> tuple[str, ...]:
        return (self.certificate_identifier, *self.further_certificates) if self.certificate_identifier else ()


@dataclass(frozen=True)
class HeldCertificate:
    identifier: str
    holder_key: str
    type_code: str
    valid_from: date
    valid_until: date | None
    valid: bool  # the library's status says VALID
    holder_name: str | None = None
    region_name: str | None = None  # of another region's: who issued it
    trusted_until: date | None = None  # and until when that region's last answer counts

    @property
    def is_ours(self) -> bool:
        return self.region_name is None

    def trusted_on(self, day: date) -> bool:
        """Another region may have taken it away meanwhile: an old answer counts no more (order 716 art. 10)."""
        return self.trusted_until is None or day <= self.trusted_until

    def usable_on(self, day: date) -> bool:
        ended = self.valid_until is not None and day > self.valid_until
        return self.valid and self.valid_from <= day and not ended and self.trusted_on(day)


@dataclass(frozen=True)
class Holders:
    """Whose certificates count for an application.

    By themselves those of the applicant, and of an organisation, which appears through people, those of its agent who
    stands here: what is asked of a person no other person's certificate answers. Who else stands here (a person's
    agent, those who apply together with him) has his taken only where somebody names one for a material, or where the
    material asks for that of each.
    """

    applicant: str
    agent: str | None = None
    named: tuple[str, ...] = ()
    together: tuple[str, ...] = ()  # of those named, who apply together with the applicant

    @property
    def by_themselves(self) -> tuple[str, ...]:
        return (self.applicant, self.agent) if self.agent else (self.applicant,)

    @property
    def everybody(self) -> tuple[str, ...]:
        return (*self.by_themselves, *self.named)


@dataclass(frozen=True)
class MaterialAnswer:
    material: Material
    coverage: Coverage
    provided: Provided | None
    why: str


_PROVIDED = {
    Source.CERTIFICATE: Coverage.COVERED,
    Source.UPLOAD: Coverage.UPLOADED,
    Source.PAPER_ORIGINAL: Coverage.ON_PAPER,
    Source.COMMITMENT: Coverage.COMMITTED,
    Source.DEFERRED: Coverage.DEFERRED,
}
IN_HAND = frozenset({Source.UPLOAD, Source.CERTIFICATE, Source.PAPER_ORIGINAL})
_NOT_PROVIDED = {
    Need.REQUIRED: Coverage.MISSING,
    Need.OPTIONAL: Coverage.OPTIONAL,
    Need.CONDITIONAL: Coverage.CONDITIONAL,
    Need.LATER: Coverage.LATER,
}


def coverage_of(item: ServiceItem, provided: Iterable[Provided]) -> tuple[MaterialAnswer, ...]:
    """One answer for each material of the published list, in its order.

    Source: Administrative Licensing Law art. 30 (full list published), art. 31 (nothing outside it);
    State Council order 716 art. 7 (what sharing provides is not asked of the applicant).
    """
    by_no = {p.material_no: p for p in provided}
    group_given = any(m.need is Need.ONE_OF and m.material_no in by_no for m in item.materials)
    return tuple(_answer(item, m, by_no.get(m.material_no), group_given) for m in item.materials)


def missing(item: ServiceItem, provided: Iterable[Provided]) -> tuple[Material, ...]:
    """Materials without which the application cannot be accepted; of an open one-of group, all its members."""
    return tuple(a.material for a in coverage_of(item, provided) if a.coverage is Coverage.MISSING)


def _answer(item: ServiceItem, material: Material, given: Provided | None, group_given: bool) -> MaterialAnswer:
    if given is not None:
        return MaterialAnswer(material, _PROVIDED[given.source], given, why(item, material))
    if material.need is Need.ONE_OF:
        coverage = Coverage.NOT_NEEDED if group_given else Coverage.MISSING
    else:
        coverage = _NOT_PROVIDED[material.need]
    return MaterialAnswer(material, coverage, None, why(item, material))


def why(item: ServiceItem, material: Material) -> str:
    """Why the material is asked for, in a sentence a citizen can read."""
    parts = [_reason(item, material), f"依据：{item.basis[0].text}。" if item.basis else ""]
    if material.certificate_type_name:
        parts.append(_REPLACED[material.whose].format(material.certificate_type_name))
    if MaterialOption.INFORMED_COMMITMENT in material.options:
        parts.append("可以适用告知承诺。")
    if MaterialOption.DEFERRED in material.options:
        parts.append("可以容缺后补。")
    return "".join(parts)


_REPLACED = {
    Whose.APPLICANT: "证照库中有有效的电子证照“{}”时免于提交。",
    Whose.EACH: "须各方均有：各方共同到窗口申请，且证照库中均有有效的电子证照“{}”时免于提交。",
    Whose.OTHER: "须为材料所指的人的“{}”，申请人、经办人本人的不能代替。",
}


def _reason(item: ServiceItem, material: Material) -> str:
    if material.need is Need.ONE_OF:
        group = "、".join(m.name for m in item.materials if m.need is Need.ONE_OF)
        return f"以下材料提交其中一项即可：{group}。"
    if material.need is Need.CONDITIONAL:
        return f"仅在下列情形需要提交：{material.condition}。"
    if material.need is Need.OPTIONAL:
        return "非必要材料，可以不提交。"
    if material.need is Need.LATER:
        return "由办理过程中的特别程序产生，申请时不需提交。"
    return f"办理“{item.name}”的必要材料。"


def auto_reuse(
    item: ServiceItem,
    already: Sequence[Provided],
    held: Iterable[HeldCertificate],
    whose: Holders,
    *,
    today: date,
    now: datetime,
) -> tuple[Provided, ...]:
    """Certificates that the library holds and that replace materials not handed in; of each type the best one.

    A one-of group already answered takes no certificate: nothing more than needed is drawn from the library
    (Personal Information Protection Law art. 6, data minimisation).
    """
    library = Library(tuple(held), whose, today)
    given = {p.material_no for p in already}
    group_open = not any(m.need is Need.ONE_OF and m.material_no in given for m in item.materials)
    reused: list[Provided] = []
    for material in item.materials:
        if material.material_no in given or not _asks(material, group_open):
            continue
        certificates = library.answers(material)
        if not certificates:
            continue
        reused.append(by_certificate(material, *certificates, now=now))
        group_open = group_open and material.need is not Need.ONE_OF
    return tuple(reused)


def _asks(material: Material, group_open: bool) -> bool:
    return material.need is Need.REQUIRED or (material.need is Need.ONE_OF and group_open)


def best_by_type(held: Iterable[HeldCertificate], whose: Holders, today: date) -> Mapping[str, HeldCertificate]:
    """What the library gives by itself, told in a plan and taken by an application alike: of those that count today
    the applicant's own before its agent's, the longest valid, and of equals the last by identifier."""
    usable = [c for c in held if c.holder_key in whose.by_themselves and c.usable_on(today)]
    usable.sort(key=lambda c: (c.holder_key == whose.applicant, c.valid_until or date.max, c.identifier))
    return {certificate.type_code: certificate for certificate in usable}


@dataclass(frozen=True)
class Library:
    """What those hold whose certificates count, on a day."""

    held: Sequence[HeldCertificate]
    whose: Holders
    today: date

    def answers(self, material: Material) -> tuple[HeldCertificate, ...]:
        """The certificates that stand for a material by themselves, told in a plan and taken by an application alike.

        Of each who applies: one of everybody, and of two people at least. Of somebody else: none, for nobody here is
        known to be the one who is meant.
        """
        if material.whose is Whose.OTHER:
            return ()
        keys = (self.whose.applicant, *self.whose.together)
        of_each = material.whose is Whose.EACH
        whose = [Holders(key) for key in keys] if of_each else [self.whose]
        code = material.certificate_type_code or ""
        found = [best_by_type(self.held, one, self.today).get(code) for one in whose]
        there = {certificate.identifier: certificate for certificate in found if certificate is not None}
        return () if None in found or (of_each and len(keys) == 1) else tuple(there.values())

    def of_somebody_else(self, certificate: HeldCertificate) -> bool:
        """Whether anybody but the applicant holds it."""
        same = (one for one in self.held if one.identifier == certificate.identifier)
        return any(one.holder_key != self.whose.applicant for one in same)


def by_certificate(
    material: Material, certificate: HeldCertificate, *further: HeldCertificate, now: datetime
) -> Provided:
    return Provided(
        material_no=material.material_no,
        name=material.name,
        source=Source.CERTIFICATE,
        provided_at=now,
        certificate_identifier=certificate.identifier,
        issued_in=certificate.region_name,
        further_certificates=tuple(one.identifier for one in further),
    )


def still_usable(
    provided: Iterable[Provided], held: Mapping[str, HeldCertificate], *, today: date
) -> tuple[Provided, ...]:
    """What still counts today: a reused certificate that has expired or was annulled covers nothing any more."""
    return tuple(p for p in provided if all(_usable(held.get(one), today) for one in p.certificates))


def _usable(certificate: HeldCertificate | None, today: date) -> bool:
    return certificate is not None and certificate.usable_on(today)


def merge(earlier: Iterable[Provided], newer: Iterable[Provided], *, keep: bool = True) -> tuple[Provided, ...]:
    """The newest of each material number, in order of the numbers.

    With `keep`, a file that is replaced stays known as evidence of what was handed in first (art. 32(4): what was
    lacking then may be asked for only once).
    """
    by_no = {p.material_no: p for p in earlier}
    for given in newer:
        old = by_no.get(given.material_no)
        if old is not None:
            given = replace(given, lain_since=(old.lain_since or old.provided_at) if _same(old, given) else None)
        by_no[given.material_no] = replace(given, earlier_file_keys=_file_keys(old)) if keep and old else given
    return tuple(by_no[no] for no in sorted(by_no))


def _same(old: Provided, given: Provided) -> bool:
    """Whether what comes in is what lay there: the same file, or the same certificate. Of paper nobody can tell."""
    pairs = ((old.sha256, given.sha256), (old.certificates or None, given.certificates))
    return any(earlier is not None and earlier == later for earlier, later in pairs)


def deferred(provided: Iterable[Provided]) -> tuple[Provided, ...]:
    """Materials that are promised and not yet in: no grant before they are."""
    return tuple(p for p in provided if p.source is Source.DEFERRED)


def commitments(provided: Iterable[Provided]) -> tuple[Provided, ...]:
    return tuple(p for p in provided if p.source is Source.COMMITMENT)


def to_check(provided: Iterable[Provided], check_by: date | None) -> tuple[Provided, ...]:
    """From acceptance on every commitment has a last day for its check."""
    return tuple(replace(p, check_by=check_by) if p.source is Source.COMMITMENT else p for p in provided)


def in_hand(provided: Iterable[Provided]) -> tuple[Provided, ...]:
    """What was really handed in: no promise, no commitment."""
    return tuple(p for p in provided if p.source in IN_HAND)


def _file_keys(provided: Provided) -> tuple[str, ...]:
    newest = (provided.file_key,) if provided.file_key else ()
    return (*provided.earlier_file_keys, *newest)
