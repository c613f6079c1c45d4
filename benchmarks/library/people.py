"""Synthetic holders: born 1800 to 1888, so no living person's number; every check character is right."""

from datetime import date, timedelta

from services.kernel.codes import citizen_id_check_character

_FIRST = date(1800, 1, 1)
_DAYS = (date(1889, 1, 1) - _FIRST).days
_DIVISIONS = 100  # 431200 to 431299
_SEQUENCES = 1000
MOST = _DAYS * _DIVISIONS * _SEQUENCES
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂华民国建文玉兰春"


def citizen_id(ordinal: int) -> str:
    """The number of the holder of this ordinal; no two are the same. Neighbours differ in their day of birth."""
    rest, days = divmod(ordinal % MOST, _DAYS)
    sequence, division = divmod(rest, _DIVISIONS)
    born = _FIRST + timedelta(days=days)
    first = f"4312{division:02d}{born:%Y%m%d}{sequence:03d}"
    return first + citizen_id_check_character(first)


def name_of(ordinal: int) -> str:
    first, second = divmod(ordinal // len(_SURNAMES), len(_GIVEN))
    return _SURNAMES[ordinal % len(_SURNAMES)] + _GIVEN[first % len(_GIVEN)] + _GIVEN[second]
