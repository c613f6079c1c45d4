"""Public HTTP of the catalogue: list of items and the service guide of each, made to be cached."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from services.chassis.auth import public
from services.chassis.errors import BadCursor
from services.chassis.http import Db
from services.chassis.paging import CursorText, Limit, Page, decode_cursor, encode_cursor
from services.intake.domain.catalogue import Fee, ItemKind, ItemResult, MaterialOption, Need, Scenario, ServiceItem
from services.intake.domain.guide import GuideMaterial, Step, guide_of, limit_text
from services.intake.items import Items, Snapshot, VersionedItem

router = APIRouter(prefix="/api/v1/items", tags=["items"], dependencies=[public])
_CACHE = "public, max-age=60"
ItemCode = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{1,40}$", description="实施编码 (31 位) 或目录短编号")]


class ItemLine(BaseModel):
    item_code: str
    item_id: str
    version: int
    name: str
    type_code: str
    type_name: str
    kind: ItemKind
    service_objects: tuple[str, ...]
    department_uscc: str
    department_name: str
    legal_limit: str
    promised_limit: str
    charged: bool
    result_name: str


class GuideMaterialOut(BaseModel):
    material_no: int
    name: str
    need: Need
    need_text: str
    condition: str | None
    replaced_by: str | None
    certificate_type_code: str | None
    options: tuple[MaterialOption, ...]
    why: str

    @classmethod
    def of(cls, entry: GuideMaterial) -> "GuideMaterialOut":
        material = entry.material
        return cls(
            material_no=material.material_no,
            name=material.name,
            need=material.need,
            need_text=material.need_text,
            condition=material.condition,
            replaced_by=material.certificate_type_name,
            certificate_type_code=material.certificate_type_code,
            options=material.options,
            why=entry.why,
        )


class ServiceGuideOut(BaseModel):
    """The ten disclosures, under these names."""

    name: str
    basis: tuple[str, ...]
    procedure: tuple[Step, ...]
    conditions: tuple[str, ...]
    materials: list[GuideMaterialOut]
    promised_limit: str
    progress_query: str
    fee_item: str
    fee_standard: str
    fee_basis: str


class ItemOut(ItemLine):
    """One item with its guide."""

    basic_code: str
    handling_code: str
    use_level: int
    guide: ServiceGuideOut
    fee: Fee
    result: ItemResult
    scenarios: tuple[Scenario, ...]
    must_appear: bool
    quantity_limited: bool
    notes: str


class ItemFilter(BaseModel):
    """How the list is narrowed; every given condition must hold."""

    department: str | None = None
    type_code: str | None = None
    service_object: str | None = None
    text: str | None = None

    def matches(self, item: ServiceItem) -> bool:
        return (
            (self.department is None or self.department in {item.department.uscc, item.department.department_id})
            and (self.type_code is None or self.type_code == item.type_code)
            and (self.service_object is None or self.service_object in item.service_objects)
            and (self.text is None or self.text in item.name or self.text.upper() == item.item_id)
        )


async def _filter(
    department: Annotated[str | None, Query(max_length=40, description="部门统一社会信用代码或目录短编号")] = None,
    type: Annotated[str | None, Query(pattern=r"^\d{2}$", description="事项类型 (GB/T 39046 A.1)")] = None,
    service_object: Annotated[str | None, Query(pattern=r"^[1-6]$", description="服务对象 (GB/T 39046 A.4)")] = None,
    q: Annotated[str | None, Query(max_length=100, description="名称中的文字")] = None,
) -> ItemFilter:
    return ItemFilter(department=department, type_code=type, service_object=service_object, text=q)


async def _snapshot(request: Request, db: Db) -> Snapshot:
    items: Items = request.app.state.office.items
    return await items.current(db)


CurrentItems = Annotated[Snapshot, Depends(_snapshot)]


@router.get("", response_model=Page[ItemLine], summary="政务服务事项清单")
async def list_items(
    request: Request,
    snapshot: CurrentItems,
    wanted: Annotated[ItemFilter, Depends(_filter)],
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    tag = _tag(f"{snapshot.version}|{wanted.model_dump_json()}|{limit}|{cursor}")
    if _is_known(request, tag):
        return _not_modified(tag)
    key: bytes = request.app.state.cursor_key
    after = _after(key, cursor)
    found = [v for v in snapshot.by_code.values() if v.item.item_id > after and wanted.matches(v.item)]
    more = encode_cursor(key, found[limit - 1].item.item_id) if len(found) > limit else None
    page = Page[ItemLine](items=[ItemLine(**_line(v)) for v in found[:limit]], next=more)
    return _cacheable(page, tag)


@router.get("/{item_code}", response_model=ItemOut, summary="办事指南 (十公开)")
async def get_item(request: Request, item_code: ItemCode, snapshot: CurrentItems) -> Response:
    found = snapshot.get(item_code)
    tag = _tag(f"{found.item.item_code}|{found.version}")
    if _is_known(request, tag):
        return _not_modified(tag)
    return _cacheable(item_out(found), tag)


def _after(key: bytes, cursor: str | None) -> str:
    """Raises BadCursor; also for the cursor of another list."""
    if cursor is None:
        return ""
    values = decode_cursor(key, cursor)
    if len(values) != 1 or not isinstance(values[0], str):
        raise BadCursor
    return values[0]


def _line(found: VersionedItem) -> dict[str, Any]:
    item = found.item
    return {
        "item_code": item.item_code,
        "item_id": item.item_id,
        "version": found.version,
        "name": item.name,
        "type_code": item.type_code,
        "type_name": item.type_name,
        "kind": item.kind,
        "service_objects": item.service_objects,
        "department_uscc": item.department.uscc,
        "department_name": item.department.name,
        "legal_limit": limit_text(item.legal_limit),
        "promised_limit": limit_text(item.promised_limit),
        "charged": item.fee.charged,
        "result_name": item.result.name,
    }


def item_out(found: VersionedItem) -> ItemOut:
    item, guide = found.item, guide_of(found.item)
    return ItemOut(
        **_line(found),
        basic_code=item.basic_code,
        handling_code=item.handling_code,
        use_level=item.use_level,
        guide=ServiceGuideOut(
            name=guide.name,
            basis=guide.basis,
            procedure=guide.procedure,
            conditions=guide.conditions,
            materials=[GuideMaterialOut.of(entry) for entry in guide.materials],
            promised_limit=guide.promised_limit,
            progress_query=guide.progress_query,
            fee_item=guide.fee_item,
            fee_standard=guide.fee_standard,
            fee_basis=guide.fee_basis,
        ),
        fee=item.fee,
        result=item.result,
        scenarios=item.scenarios,
        must_appear=item.must_appear,
        quantity_limited=item.quantity_limited,
        notes=item.notes,
    )


def _tag(content: str) -> str:
    return f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'


def _is_known(request: Request, tag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or tag in {part.strip().removeprefix("W/") for part in known.split(",")}


def _not_modified(tag: str) -> Response:
    return Response(status_code=304, headers={"etag": tag, "cache-control": _CACHE})


def _cacheable(body: BaseModel, tag: str) -> Response:
    headers = {"etag": tag, "cache-control": _CACHE}
    return Response(body.model_dump_json(), headers=headers, media_type="application/json")
