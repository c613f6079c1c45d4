"""Certificate templates: what they declare is checked by printing it."""

from pathlib import Path
from typing import Any

import pytest

from services.certificate.commands.load_templates import Templates
from services.certificate.domain.type_reading import read_directory
from services.certificate.files import templates
from services.certificate.files.template_check import SampleField, check
from services.chassis.yaml_files import read_yaml

DEMO = Path(__file__).parents[3] / "demo"
FIELDS = (
    SampleField("form", "主体业态", ("餐饮", "零售"), required=True),
    SampleField("seats", "座位数", ("12", "345"), required=False),
)
OWN = """//! name: 食品经营许可证
//! version: 1
//! field: title
//! field: number
//! field: holder_name
//! field: issuer_name
//! field: issued_on
//! field: valid_from
//! field: valid_until
//! field: form
#import "base.typ": *
#document-setup(data.title)[
  #data.title #data.number #data.holder_name #data.issuer_name #data.issued_on #data.valid_from #data.valid_until
  #data.form #data.mark
  #qr(3cm) #seal-mark
]
"""


def faults_of(text: str) -> list[templates.Fault]:
    template, faults = templates.read(text.encode())
    return faults if template is None else check(template, FIELDS)


def test_our_own_template_prints_every_field_of_any_type():
    assert check(templates.standard(), FIELDS) == []


def test_a_template_that_prints_what_it_declares_is_sound():
    assert faults_of(OWN) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("#data.form ", "", (10, "form", "not-printed"), id="declared and not printed"),
        pytest.param("  #data.title", "  ", (3, "title", "not-printed"), id="only in the properties of the file"),
        pytest.param("#data.form", "#data.seats", (14, "seats", "undeclared"), id="printed and not declared"),
        pytest.param("//! field: form\n", "", (1, "form", "not-declared"), id="a required field is missing"),
        pytest.param("//! field: number\n", "", (1, "number", "not-declared"), id="what every certificate has"),
        pytest.param("field: form", "field: shape", (10, "shape", "unknown-field"), id="no field of the type"),
        pytest.param(" #seal-mark", "", (1, "", "seal"), id="no place for the seal"),
        pytest.param("#qr(3cm)", "", (1, "qr", "not-printed"), id="no QR code"),
        pytest.param(" #data.mark", "", (1, "mark", "not-printed"), id="a copy would look like the original"),
        pytest.param("#qr(3cm)", '#read("/etc/hostname")', (15, "", "does-not-compile"), id="a file elsewhere"),
        pytest.param("#qr(3cm)", '#read("../main.typ")', (15, "", "does-not-compile"), id="a file above"),
        pytest.param('"base.typ"', '"@preview/cetz:0.2.0"', (11, "", "package"), id="a package"),
        pytest.param("#qr(3cm)", "#let x = (", (15, "", "does-not-compile"), id="no typst"),
        pytest.param("//! version: 1\n", "", (1, "", "missing"), id="no version"),
        pytest.param("field: form", "field: title", (10, "title", "duplicate"), id="a field twice"),
        pytest.param("//! field: form", "//! colour: red", (10, "", "malformed"), id="an unknown declaration"),
    ],
)
def test_a_fault_names_line_and_field(old: str, new: str, expected: tuple[int, str, str]):
    assert old in OWN

    told = [(fault.line, fault.field, fault.code) for fault in faults_of(OWN.replace(old, new, 1))]

    assert expected in told


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * (templates.MOST_BYTES + 1)], ids=["not UTF-8", "too large"])
def test_what_is_no_text_is_a_fault(content: Any):
    assert templates.read(content)[0] is None


def test_the_hash_covers_the_part_of_ours_it_builds_on():
    template, _ = templates.read(OWN.encode())
    assert template is not None
    changed = tuple((name, text + "\n" if name == templates.BASE else text) for name, text in template.parts)

    assert templates.digest(changed) != template.sha256


def test_the_templates_of_the_catalogue_at_hand_are_sound_and_pinned():
    entries, _ = read_directory(read_yaml(DEMO / "catalogue.yaml"))
    loading = Templates(DEMO)

    pinned = [loading.of(entry).type.template for entry in entries]

    assert loading.faults == []
    assert {one.name for one in pinned if one} == {"通用证照", "食品经营许可证"}
    assert None not in pinned
