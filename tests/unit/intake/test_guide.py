"""The service guide: ten disclosures for every item of the real catalogue."""

from pathlib import Path

import pytest

from services.chassis.yaml_files import read_yaml
from services.intake.domain.catalogue_reading import read_catalogue
from services.intake.domain.guide import guide_of, limit_text
from services.kernel.time_limit import StartRule, TimeLimit, Unit

ITEMS = read_catalogue(read_yaml(Path(__file__).parents[3] / "demo" / "catalogue.yaml")).items


@pytest.mark.parametrize("item", ITEMS, ids=[item.item_id for item in ITEMS])
def test_all_ten_disclosures_say_something(item):
    guide = guide_of(item)

    silent = [name for name, value in vars(guide).items() if not value]

    assert silent == []
    assert len(vars(guide)) == 10


@pytest.mark.parametrize("item", ITEMS, ids=[item.item_id for item in ITEMS])
def test_steps_run_from_application_to_service(item):
    steps = guide_of(item).procedure

    assert steps[0].name == "申请"
    assert steps[-1].name == "办结与送达"
    assert [step.step_no for step in steps] == list(range(1, len(steps) + 1))


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (TimeLimit(0, Unit.WORKDAY, StartRule.ACCEPTED), "当场办结"),
        (TimeLimit(7, Unit.WORKDAY, StartRule.ACCEPTED), "自受理之日起 7 个工作日"),
        (TimeLimit(20, Unit.WORKDAY, StartRule.RECEIVED), "自收到申请之日起 20 个工作日"),
        (TimeLimit(15, Unit.CALENDAR_DAY, StartRule.ACCEPTED), "自受理之日起 15 日（自然日）"),
        (TimeLimit(3, Unit.MONTH, StartRule.ACCEPTED), "自受理之日起 3 个月"),
    ],
)
def test_a_limit_reads_as_people_say_it(limit, text):
    assert limit_text(limit) == text
