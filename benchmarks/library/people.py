"""Synthetic certificates: holders born 1800 to 1888, so no living person's number; every check character is right."""

from datetime import date, timedelta

import orjson

from services.kernel.codes import citizen_id_check_character

_FIRST = date(1800, 1, 1)
_DAYS = (date(1889, 1, 1) - _FIRST).days
_DIVISIONS = 100  # 431200 to 431299
_SEQUENCES = 1000
MOST = _DAYS * _DIVISIONS * _SEQUENCES
EACH = 2  # certificates of one holder: an ID card and a licence
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂华民国建文玉兰春"


def citizen_id(ordinal: int) -> str:
    """The number of the holder of this ordinal; no two are the same. Neighbours differ in their day of birth."""
    rest, days = divmod(ordinal % MOST, _DAYS)
    sequence, division = divmod(rest, _DIVISIONS)
    first = f"4312{division:02d}{_FIRST + timedelta(days=days):%Y%m%d}{sequence:03d}"
    return first + citizen_id_check_character(first)


def name_of(ordinal: int) -> str:
    first, second = divmod(ordinal // len(_SURNAMES), len(_GIVEN))
    return _SURNAMES[ordinal % len(_SURNAMES)] + _GIVEN[first % len(_GIVEN)] + _GIVEN[second % len(_GIVEN)]


def import_line(ordinal: int) -> bytes:
    """The line of an import file for the certificate of this ordinal; neighbours belong to one holder."""
    holder, second = divmod(ordinal, EACH)
    number, name = citizen_id(holder), name_of(holder)
    certificate = _licence(ordinal) if second else _id_card(number)
    person = {"party_type": "PERSON", "number": number, "name": name}
    return orjson.dumps(certificate | {"holder": person}, option=orjson.OPT_APPEND_NEWLINE)


def _id_card(number: str) -> dict[str, object]:
    return {
        "type_code": "114312020061000377001",
        "certificate_number": number,
        "issuer": {"uscc": "114312020061000377", "name": "区公安分局", "division": "431202000000"},
        "issued_on": "2020-05-01",
        "valid_until": "2040-04-30",
        "extend": {"民族": "汉", "住址": "鹤城区迎丰中路128号1栋101室"},
    }


def _licence(ordinal: int) -> dict[str, object]:
    return {
        "type_code": "11431202006100029C002",
        "certificate_number": f"JY{431202:06d}{ordinal:012d}",
        "issuer": {"uscc": "11431202006100029C", "name": "区市场监督管理局", "division": "431202000000"},
        "issued_on": "2024-03-04",
        "valid_until": "2029-03-03",
        "extend": {"主体业态": "餐饮服务经营者（小型餐馆）", "经营项目": "热食类食品制售；自制饮品制售（不含酒类）"},
    }
