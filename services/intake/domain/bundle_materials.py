"""Materials of a bundle, given once: one list for all members, and what each member gets of it. Pure."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.intake.domain.bundle import BundleDefinition, Member
from services.intake.domain.catalogue import Material, Need, ServiceItem
from services.intake.domain.materials import Provided, Source, missing
from services.intake.domain.whose import Whose

_STRENGTH = (Need.LATER, Need.OPTIONAL, Need.CONDITIONAL, Need.ONE_OF, Need.REQUIRED)
_WIDTH = (Whose.APPLICANT, Whose.EACH, Whose.OTHER)


@dataclass(frozen=True)
class Shared:
    """One material of the common list: its number there, and where it stands in each member's own list."""

    shared_no: int
    material: Material  # the strictest of them
    places: tuple[tuple[str, int], ...]  # (member id, material number)
    needs: tuple[Need, ...] = ()  # as each of the places asks for it

    def numbers_for(self, member_id: str) -> tuple[int, ...]:
        return tuple(no for member, no in self.places if member == member_id)

    def need_of(self, members: Collection[str]) -> Need:
        """How strictly these members ask for it."""
        needs = [need for (member, _), need in zip(self.places, self.needs, strict=True) if member in members]
        return max(needs, key=_STRENGTH.index)


def common_list(bundle: BundleDefinition, items: Mapping[str, ServiceItem]) -> tuple[Shared, ...]:
    """Every material of every member, the same one only once: by certificate type, else by its name.

    Of a type that the bundle names itself its editor has said that one is enough for all; otherwise that of another
    person is another one.

    Numbers stand for the whole bundle, so that they stay the same whoever takes part.

    Args:
        items: by member id; steps have none.
    """
    found: dict[str, list[tuple[str, Material]]] = {}
    for member in bundle.members:
        for material in items[member.member_id].materials if member.member_id in items else ():
            found.setdefault(_key(bundle, material), []).append((member.member_id, material))
    return tuple(_shared(number, entries) for number, entries in enumerate(found.values(), start=1))


def _shared(number: int, entries: Sequence[tuple[str, Material]]) -> Shared:
    places = tuple((member_id, material.material_no) for member_id, material in entries)
    return Shared(number, _strictest(number, entries), places, tuple(material.need for _, material in entries))


def _key(bundle: BundleDefinition, material: Material) -> str:
    type_code = material.certificate_type_code
    if type_code is not None and (bundle.shared_types is None or type_code in bundle.shared_types):
        return type_code if bundle.shared_types is not None else f"{type_code}/{material.whose}"
    return unicodedata.normalize("NFKC", material.name).replace(" ", "")


def _strictest(number: int, entries: Sequence[tuple[str, Material]]) -> Material:
    needs = [material.need for _, material in entries]
    strictest = max(needs, key=_STRENGTH.index)
    first = next(material for _, material in entries if material.need is strictest)
    options = tuple(o for o in first.options if all(o in m.options for _, m in entries if m.need is strictest))
    whose = max((material.whose for _, material in entries), key=_WIDTH.index)
    return replace(first, material_no=number, options=options, whose=whose)


def as_item(bundle: BundleDefinition, shared: Sequence[Shared], like: ServiceItem) -> ServiceItem:
    """The bundle as if it were one item with the common list: what checks materials of an item then checks these."""
    return replace(like, name=bundle.name, materials=tuple(s.material for s in shared), basis=())


def for_member(
    member: Member, item: ServiceItem, shared: Sequence[Shared], provided: Iterable[Provided]
) -> tuple[Provided, ...]:
    """What was given once, as it stands in this member's own list."""
    by_no = {given.material_no: given for given in provided}
    own = [
        (item.material(no), by_no[s.shared_no])
        for s in shared
        if s.shared_no in by_no
        for no in s.numbers_for(member.member_id)
    ]
    return tuple(
        replace(given, material_no=material.material_no, name=material.name) for material, given in own if material
    )


def wanting_types(
    item: ServiceItem, provided: Iterable[Provided], results: Mapping[str, str], member_id: str
) -> frozenset[str]:
    """Certificate types without which the member cannot be accepted and which another member results in.

    Args:
        results: certificate type code -> member that results in it and may still bring it.
    """
    absent = {material.own_type for material in missing(item, provided)}
    return frozenset(t for t, source in results.items() if t in absent and source != member_id)


def fed_by_step(item: ServiceItem, types: Iterable[str], like: Provided) -> tuple[Provided, ...]:
    """Documents that a step of this bundle issued: the department that made them is their witness, no copy is asked."""
    wanted = set(types)
    return tuple(
        replace(like, material_no=m.material_no, name=m.name, source=Source.PAPER_ORIGINAL)
        for m in item.materials
        if m.own_type in wanted
    )
