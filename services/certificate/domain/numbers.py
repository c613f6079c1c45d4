"""Numbers of certificates and papers: gapless counters by type or body and year, and how they are written."""

import re
from dataclasses import dataclass
from datetime import date

_SERIAL_MARKS = re.compile(r"[\s\-‐–—_/().（）〔〕\[\]]+")
_SERIAL = re.compile(r"[0-9A-Z]{1,24}")  # with a longer one a QR code is over 1 KiB at a million leaves
_TAIL = re.compile(r"(?:分局|办公室|管理部|局|中心|人民政府|办事处|委员会)$")
_REMARK = re.compile(r"[（(](?:示例[：:])?([^）)]*)[）)]")
# 机关简称 by the field of work in the body's name; the first that fits. A body of another name keeps its own core.
_FIELDS = (
    ("市场监督管理", "市监"),
    ("公安", "公"),
    ("民政", "民"),
    ("人力资源和社会保障", "人社"),
    ("卫生健康", "卫健"),
    ("住房和城乡建设", "住建"),
    ("自然资源", "自然资"),
    ("发展和改革", "发改"),
    ("城市管理", "城管"),
    ("消防", "消"),
    ("烟草专卖", "烟"),
    ("交通运输", "交运"),
    ("文化旅游", "文旅"),
    ("教育", "教"),
    ("水利", "水"),
    ("林业", "林"),
    ("税务", "税"),
    ("医疗保障", "医保"),
    ("住房公积金", "公积金"),
    ("残疾人联合会", "残联"),
    ("生态环境", "环"),
    ("农业农村", "农"),
    ("不动产登记", "不动产"),
    ("政务服务", "政务"),
)


@dataclass(frozen=True, order=True)
class CounterKey:
    """One gapless row of numbers: what is counted (`scope`) and the year it starts again."""

    scope: str
    year: int

    @classmethod
    def of_type(cls, type_code: str, on: date) -> "CounterKey":
        return cls(f"certificate:{type_code}", on.year)

    @classmethod
    def of_body(cls, uscc: str, word: str, on: date) -> "CounterKey":
        return cls(f"paper:{uscc}:{word}", on.year)


def certificate_number(division: str, year: int, ordinal: int) -> str:
    """6 digits of the division, 4 of the year, 6 of the ordinal (more when a year needs more)."""
    return f"{division[:6]}{year:04d}{ordinal:06d}"


def paper_number(region: str, body_name: str, word: str, year: int, ordinal: int) -> str:
    """机关简称 + 文种字 + 年 + 顺序号, e.g. 鹤市监准字〔2026〕第1号."""
    return f"{region}{short_name(body_name)}{word}字〔{year}〕第{ordinal}号"


def short_name(body_name: str) -> str:
    """机关简称; a town keeps its own name, so that two towns never write the same number."""
    remark = _REMARK.search(body_name)
    name = remark[1] if remark else body_name
    core = re.sub(r"^[区市县]", "", name)
    short = next((short for field, short in _FIELDS if core.startswith(field)), None)
    return short or _TAIL.sub("", core)


def serial_of(number: str) -> str | None:
    """The certificate's own number as the serial of an identifier; None when it has other characters or is too long."""
    serial = _SERIAL_MARKS.sub("", number).upper()
    return serial if _SERIAL.fullmatch(serial) else None
