"""Who exists in the demonstration: bodies, staff, citizens, enterprises, systems. Pure lists, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from services.chassis.yaml_files import read_yaml
from services.identity.domain.client import ASSERTION, BASIC, CLIENT, CODE, REFRESH

DISTRICT = "431202000000"
MODEL_TOWNSHIP = "431202101000"  # 黄金坳镇
CENTRE = "zwzx"  # the service centre, where the unified counter is
MOBILE_REDIRECT = "cn.yichuang.mobile:/oauth/callback"
_DAY = 86_400

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯"
_GIVEN = ("立新", "春梅", "国华", "晓燕", "志刚", "丽萍", "海涛", "玉兰", "文杰", "雪梅", "建军")


@dataclass(frozen=True)
class Organisation:
    uscc: str
    short_id: str
    name: str
    division: str
    kind: str  # DEPARTMENT | TOWNSHIP | GOVERNMENT | INSTITUTION


@dataclass(frozen=True)
class Enterprise:
    uscc: str
    name: str


@dataclass(frozen=True)
class Person:
    """A demo account. `citizen_id` is synthetic: birth years before 1900, so that it can be no living person's."""

    username: str
    name: str
    roles: tuple[str, ...]
    organisation: Organisation | None = None
    citizen_id: str = ""
    acts_for: tuple[str, ...] = ()

    @property
    def division(self) -> str:
        return self.organisation.division if self.organisation else DISTRICT


@dataclass(frozen=True)
class System:
    """A demo client."""

    client_id: str
    name: str
    auth_methods: tuple[str, ...]
    grant_types: tuple[str, ...]
    roles: tuple[str, ...] = ()
    organisation: str | None = None
    division: str = DISTRICT
    channel: str = ""
    redirect_uris: tuple[str, ...] = ()
    logout_uris: tuple[str, ...] = ()
    refresh_idle_seconds: int = 1800
    refresh_seconds: int = 36_000


ENTERPRISES = (
    Enterprise("91431202MA00000152", "鹤城区湘味轩餐饮有限公司"),
    Enterprise("92431202MA0000031L", "鹤城区老街便利店"),
)

_AGENT = ("CITIZEN", "ENTERPRISE_AGENT")
CITIZENS = (
    Person("citizen1", "王建国", ("CITIZEN",), citizen_id="431202180001010012"),
    Person("citizen2", "李秀英", ("CITIZEN",), citizen_id="431202180001010020"),
    Person("citizen3", "陈志强", ("CITIZEN",), citizen_id="431202185006150033"),
    Person("citizen4", "刘明远", ("CITIZEN",), citizen_id="431202188802290057"),
    Person("agent1", "赵雅琴", _AGENT, citizen_id="43120218770707006X", acts_for=(ENTERPRISES[0].uscc,)),
    Person("agent2", "唐晓兰", _AGENT, citizen_id="431202185902280047", acts_for=(ENTERPRISES[1].uscc,)),
)


# The district's government and its head, who approves more time for joint handling (art. 42 para. 2). It is no
# department of the catalogue and handles no items; what he signs names it.
GOVERNMENT = Organisation("11431202006000001Y", "government", "鹤城区人民政府", DISTRICT, "GOVERNMENT")
# A bank that asks the library for certificates: no body of the administration, nobody handles cases there.
BANK = Organisation("91431202MA00BK0013", "bank", "鹤城农村商业银行", DISTRICT, "INSTITUTION")
HEAD = Person("head1", "彭启明", ("GOVERNMENT_HEAD",), GOVERNMENT)


def read_townships() -> list[Organisation]:
    content = read_yaml(Path(__file__).parent / "townships.yaml")
    return [Organisation(kind="TOWNSHIP", **row) for row in content["townships"]]


def read_departments(catalogue: Mapping[str, Any]) -> list[Organisation]:
    """The bodies of a catalogue. Raises KeyError or TypeError when it is not a catalogue."""
    kinds = {"town": "TOWNSHIP"}
    return [
        Organisation(str(d["uscc"]), d["id"], d["name"], str(d["area_code"]), kinds.get(d["kind"], "DEPARTMENT"))
        for d in catalogue["departments"]
    ]


def people(organisations: Sequence[Organisation]) -> list[Person]:
    """All demo accounts over these bodies."""
    by_id = {body.short_id: body for body in organisations}
    townships = [body for body in organisations if body.kind == "TOWNSHIP"]
    no_desk = {GOVERNMENT, BANK}
    deciding = [body for body in organisations if not (body.short_id.startswith("t4") or body in no_desk)]
    made = [*_centre(by_id[CENTRE])] if CENTRE in by_id else []
    made += [_officer("township", body, "TOWNSHIP_CLERK", n, body.division[:9]) for n, body in enumerate(townships)]
    for n, body in enumerate(deciding):
        made.append(_officer("handler", body, "HANDLER", 2 * n + 11, body.short_id))
        made.append(_officer("chief", body, "CHIEF_REPRESENTATIVE", 2 * n + 12, body.short_id))
    return [*made, HEAD, *CITIZENS]


def _centre(centre: Organisation) -> list[Person]:
    return [
        Person("clerk1", "田小芳", ("COUNTER_CLERK",), centre),
        Person("clerk2", "向明辉", ("COUNTER_CLERK",), centre),
        Person("handover1", "舒丽君", ("HANDOVER_CLERK",), centre),
        Person("supervisor1", "龙正平", ("SUPERVISOR",), centre),
        Person("catalogue1", "滕文静", ("CATALOGUE_ADMIN",), centre),
    ]


def _officer(kind: str, body: Organisation, role: str, number: int, suffix: str) -> Person:
    # 28 surnames and 11 given names share no factor: no two of the first 308 are called the same.
    name = _SURNAMES[number % len(_SURNAMES)] + _GIVEN[number % len(_GIVEN)]
    return Person(f"{kind}.{suffix}", name, (role,), body)


def systems(public_url: str, organisations: Sequence[Organisation]) -> list[System]:
    """The browser gateway, the three systems that apply for people, and a bank that relies on certificates."""
    by_id = {body.short_id: body.uscc for body in organisations}
    return [
        _gateway(public_url.rstrip("/")),
        _machine("provincial", "省一体化政务服务平台", "PROVINCIAL_PLATFORM", "PROVINCIAL"),
        System(
            "mobile",
            "掌上办事应用",
            auth_methods=(BASIC, ASSERTION),
            grant_types=(CODE, REFRESH, CLIENT),
            roles=("MOBILE_BACKEND",),
            channel="MOBILE",
            redirect_uris=(MOBILE_REDIRECT,),
            refresh_idle_seconds=7 * _DAY,
            refresh_seconds=30 * _DAY,
        ),
        replace(
            _machine("township", "乡镇便民服务中心系统", "TOWNSHIP_CENTRE", "TOWNSHIP"),
            division=MODEL_TOWNSHIP,
            organisation=by_id.get("xz"),
        ),
        replace(_machine("bank", BANK.name, "RELYING_PARTY", "EXTERNAL"), organisation=by_id.get("bank")),
    ]


def _gateway(origin: str) -> System:
    return System(
        "gateway",
        "一窗网关",
        auth_methods=(BASIC,),
        grant_types=(CODE, REFRESH),
        redirect_uris=(f"{origin}/session/callback",),
        logout_uris=(f"{origin}/",),
    )


def _machine(client_id: str, name: str, role: str, channel: str) -> System:
    return System(client_id, name, (BASIC, ASSERTION), (CLIENT,), roles=(role,), channel=channel)
