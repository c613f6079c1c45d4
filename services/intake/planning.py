"""What is still to bring for an item or a bundle, as the planner finds it, with the legal basis of each material."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.auth import Principal
from services.intake import repository
from services.intake.bundles.conditions import holds
from services.intake.bundles.definitions import Running
from services.intake.commands.submit import subject_key
from services.intake.domain.bundle import Member
from services.intake.domain.bundle_errors import Unanswered
from services.intake.domain.bundle_plan import Part, plan
from services.intake.domain.catalogue import Material, Need, ServiceItem
from services.intake.domain.errors import NotForOthers
from services.intake.domain.material_planner import MaterialPlan, Source, Wanted, plan_materials
from services.intake.domain.materials import HeldCertificate, Holders, best_by_type, why
from services.intake.domain.records import PartyType
from services.intake.domain.whose import Whose
from services.intake.office import Office
from services.intake.planning_schemas import (
    BasisOut,
    BundleMaterialsPlanIn,
    HolderIn,
    MaterialsPlanOut,
    MayBeAsked,
    NotToBring,
    ToBring,
)
from services.intake.scope import own_keys
from services.kernel.codes import mask_citizen_id, mask_uscc, normalise_number


@dataclass(frozen=True)
class Listed:
    """The list that is planned: each material by its number, and where each member asks for it."""

    materials: Mapping[int, Material]
    items: Mapping[str, ServiceItem]  # by member; a plan for one item has one member
    places: Mapping[tuple[str, int], int]  # (member, its own number) -> number of the list
    conditions: frozenset[int]  # numbers of conditional materials whose condition holds

    def demands(self, member_id: str) -> tuple[frozenset[int], ...]:
        """Each required material, each conditional one whose condition holds, one of the one-of group."""
        item = self.items.get(member_id)
        if item is None:
            return ()
        numbered = [(self.places[member_id, m.material_no], m.need) for m in item.materials]
        asked = [no for no, need in numbered if need is Need.REQUIRED or self._holds(no, need)]
        group = frozenset(no for no, need in numbered if need is Need.ONE_OF)
        return (*(frozenset({no}) for no in asked), *((group,) if group else ()))

    def _holds(self, no: int, need: Need) -> bool:
        return need is Need.CONDITIONAL and no in self.conditions

    def planned(self, members: Sequence[Wanted], held: Mapping[str, HeldCertificate]) -> MaterialPlan:
        """A plan knows nobody who applies together, and a result is the applicant's: neither is one of each."""
        types = {no: material.own_type for no, material in self.materials.items() if material.own_type}
        return plan_materials(members, types, held)

    def for_whom(self, no: int, held: "Held") -> list[str]:
        """Of several people those of whom none is known to be held; of another person who is not meant."""
        material = self.materials[no]
        if material.whose is Whose.OTHER:
            return [f"材料所指的人（不是{held.applicant}本人）"]
        if material.whose is not Whose.EACH:
            return []
        return [*([] if material.certificate_type_code in held.own else [held.applicant]), "共同申请的其他各方"]

    def needed_by(self, no: int) -> list[BasisOut]:
        """Every item that asks for it, with its legal basis."""
        found = []
        for (member_id, own_no), number in self.places.items():
            item = self.items.get(member_id)
            material = item.material(own_no) if item and number == no else None
            if item and material:
                basis = [basis.text for basis in item.basis]
                found.append(
                    BasisOut(item_code=item.item_code, item_name=item.name, basis=basis, why=why(item, material))
                )
        return found

    def conditional(self, plan: MaterialPlan) -> list[MayBeAsked]:
        asked = {
            self.places[member_id, m.material_no]
            for member_id, item in self.items.items()
            for m in item.materials
            if m.need is Need.CONDITIONAL
        }
        return [
            MayBeAsked(material_no=no, name=self.materials[no].name, condition=self.materials[no].condition)
            for no in sorted(asked - plan.supplies.keys())
        ]


@dataclass(frozen=True)
class Held:
    """By type the one an application would take; `own` are the applicant's types."""

    best: Mapping[str, HeldCertificate]
    own: frozenset[str]
    applicant: str = "申请人"  # his number masked, where he named himself


def holders(office: Office, applicant: HolderIn | None, principal: Principal) -> Holders:
    """The same as an application counts that the caller files himself (`submit.whose`).

    Raises NotForOthers: a plan tells what is held, so one plans for himself and those he acts for; InvalidCode.
    """
    key = subject_key(office, applicant.party_type, applicant.number) if applicant else principal.subject_key
    if key not in own_keys(principal):
        raise NotForOthers()
    return Holders(key, principal.subject_key if key in principal.acts_for else None)


async def held_of(connection: AsyncConnection, whose: Holders, applicant: HolderIn | None, today: date) -> Held:
    found = await repository.held_by(connection, whose.everybody)
    own = frozenset(c.type_code for c in found if c.holder_key == whose.applicant and c.usable_on(today))
    mask = mask_citizen_id if applicant and applicant.party_type is PartyType.PERSON else mask_uscc
    named = f"申请人 {mask(normalise_number(applicant.number))}" if applicant else "申请人"
    return Held(best_by_type(found, whose, today), own, named)


def item_plan(item: ServiceItem, held: Held, conditions: Collection[int], promised: date) -> MaterialsPlanOut:
    """`promised`: the day a decision is promised for, were it accepted today."""
    member = item.item_id
    materials = {m.material_no: m for m in item.materials}
    places = {(member, m.material_no): m.material_no for m in item.materials}
    listed = Listed(materials, {member: item}, places, frozenset(conditions))
    members = [Wanted(member, listed.demands(member))]
    return _out(listed, members, held, promised)


def bundle_plan(running: Running, body: BundleMaterialsPlanIn, held: Held, promised: date) -> MaterialsPlanOut:
    """Raises Invalid: something was chosen that the bundle does not offer."""
    taking = _taking_part(running, body, held.own)
    listed = Listed(
        {shared.shared_no: shared.material for shared in running.shared},
        {m.member_id: running.items[m.member_id].item for m in taking if m.member_id in running.items},
        {(member_id, no): shared.shared_no for shared in running.shared for member_id, no in shared.places},
        frozenset(body.conditions),
    )
    results = {member_id: code for code, member_id in running.result_types().items()}
    members = [
        Wanted(m.member_id, listed.demands(m.member_id), _before(m, taking), results.get(m.member_id)) for m in taking
    ]
    return _out(listed, members, held, promised)


def _taking_part(running: Running, body: BundleMaterialsPlanIn, held_types: Collection[str]) -> list[Member]:
    questions = {question.name: question for question in running.definition.questions}

    def met(condition: str) -> bool | None:
        try:
            return holds(condition, body.form, questions)
        except Unanswered:
            return None

    planned = plan(running.definition, chosen=body.members, held_types=held_types, holds=met)
    return [p.member for p in planned if p.part in {Part.TAKES_PART, Part.UNDECIDED}]


def _before(member: Member, taking: Sequence[Member]) -> frozenset[str]:
    """Whom it comes after: those it names, and everybody of the stages before."""
    return frozenset({*member.after, *(m.member_id for m in taking if m.stage_no < member.stage_no)})


def _out(listed: Listed, members: Sequence[Wanted], held: Held, promised: date) -> MaterialsPlanOut:
    found = listed.planned(members, held.best)
    avoided = [no for no in sorted(found.supplies) if no not in found.bring]
    return MaterialsPlanOut(
        bring=[_to_bring(listed, members, found, no, held) for no in sorted(found.bring)],
        avoided=[_avoided(listed.materials[no], found, held.best, promised) for no in avoided],
        conditional=listed.conditional(found),
        order=list(found.order),
    )


def _to_bring(listed: Listed, members: Sequence[Wanted], found: MaterialPlan, no: int, held: Held) -> ToBring:
    """`instead` only where one choice changes nothing else: the material answers one demand alone."""
    answered = [demand for member in members for demand in member.demands if no in demand]
    instead = sorted(answered[0] - {no}) if len(set(answered)) == 1 else []
    material = listed.materials[no]
    return ToBring(
        material_no=no,
        name=material.name,
        instead=[listed.materials[other].name for other in instead],
        for_whom=listed.for_whom(no, held),
        options=[option.value for option in material.options],
        needed_by=listed.needed_by(no),
    )


def _avoided(
    material: Material, found: MaterialPlan, held: Mapping[str, HeldCertificate], promised: date
) -> NotToBring:
    supply = found.supplies[material.material_no]
    certificate = held.get(material.certificate_type_code or "") if supply.source is Source.LIBRARY else None
    until = certificate.valid_until if certificate else None
    return NotToBring(
        material_no=material.material_no,
        name=material.name,
        source=supply.source,
        certificate_identifier=certificate.identifier if certificate else None,
        valid_until=until,
        ends_before=promised if until is not None and until < promised else None,
        from_member=supply.member_id,
    )
