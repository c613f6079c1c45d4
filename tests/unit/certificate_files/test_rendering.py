"""Rendered files: what the law demands is on them, text stays text, the font is ours and embedded."""

import re
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from services.certificate.domain.copies import purpose_stamp
from services.certificate.files.contents import (
    AnyPaper,
    Contents,
    FaultLine,
    HolderLine,
    Line,
    MaterialLine,
    dump_job,
    load_job,
)
from services.certificate.files.errors import IncompleteContents, UnprintableCharacter
from services.certificate.files.rendering import render, render_seal
from tests.support import certificate_files as samples
from tests.support import certificate_papers as extra

PAPERS = samples.papers()


def text_of(contents: Contents) -> str:
    """The text without blanks: justified Chinese has some where lines break."""
    return squeezed(render(samples.a_job(contents)).pdf)


def squeezed(pdf: bytes) -> str:
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages))


def test_a_grant_without_an_end_says_so_in_plain_words() -> None:
    assert "自2026年3月4日起长期有效。" in text_of(replace(samples.grant(), valid_until=None))


def test_a_second_notice_prints_what_shows_a_fault_and_only_there() -> None:
    text = text_of(replace(samples.supplement_notice(), again_because="首次无法发现"))

    assert text.count("由首次告知后提交的") == 1
    assert "与申请书不一致（由首次告知后提交的“申请书”显出）" in text


@pytest.mark.parametrize("excluded", ["", "鉴定"])
def test_the_acceptance_of_another_matter_than_a_licence_does_not_speak_of_licensing(excluded: str) -> None:
    basis = "《社会保险法》第五十八条、《优化营商环境条例》第三十六条"

    text = text_of(replace(samples.acceptance(), licence=False, excluded=excluded, basis=basis))

    assert "行政许可" not in text
    assert "听证" not in text
    assert f"根据{basis}的规定" in text
    assert ("鉴定所需时间不计算在内" in text) is bool(excluded)


def test_a_certificate_shows_its_number_holder_issuer_dates_rows_and_identifier() -> None:
    text = text_of(samples.a_certificate().contents)

    for shown in ("食品经营许可证", "JY24312020000001", "鹤城区老街口味小吃店", "张三丰", samples.IDENTIFIER):
        assert shown in text
    assert "2026年3月4日至2031年3月3日" in text


@pytest.mark.parametrize(("people", "pages"), [(2, 1), (5, 1), (50, 4)])
def test_all_holders_stand_on_a_certificate_and_the_seal_never_stands_alone(people: int, pages: int) -> None:
    holders = tuple(
        HolderLine(name=f"共有人{n:02d}", number_label="公民身份号码", number=f"{n:018d}") for n in range(people)
    )

    made = render(samples.a_certificate(holders=holders, log_proof="A" * 300))

    texts = [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(BytesIO(made.pdf)).pages]
    assert len(texts) == pages
    assert [n for n in range(people) if f"共有人{n:02d}公民身份号码{n:018d}" not in "".join(texts)] == []
    assert "有效期" in texts[made.seal_page]
    assert all(("（续）" in text, f"共{pages}页" in text) == (pages > 1, pages > 1) for text in texts[1:])


@pytest.mark.parametrize("length", range(4, 200, 28))
def test_the_seal_never_stands_apart_from_the_stamp_of_a_copy(length: int) -> None:
    stamp = purpose_stamp(1, "办" * length, date(2026, 4, 1), None, today=date(2026, 3, 4))

    made = render(samples.a_certificate(mark=stamp.mark, log_proof="A" * 900))

    texts = [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(BytesIO(made.pdf)).pages]
    assert re.sub(r"\s", "", stamp.mark) in texts[made.seal_page]
    assert all("加注件" in text for text in texts), "no page passes for one of the original"


def test_a_long_label_stays_on_the_page() -> None:
    made = render(samples.a_certificate(lines=(Line(label="A" * 23, value="x"),)))

    words = "".join(page.extract_text() for page in PdfReader(BytesIO(made.pdf)).pages).split()
    assert max(len(word) for word in words if set(word) == {"A"}) <= 8


def test_a_certificate_without_an_end_is_valid_for_long() -> None:
    job = samples.a_certificate(valid_until=None)

    assert "2026年3月4日起长期有效" in squeezed(render(job).pdf)


@pytest.mark.parametrize(
    ("paper", "title"),
    [
        pytest.param(replace(samples.grant(), licence=False), "准予决定书", id="granted"),
        pytest.param(replace(samples.refusal(), licence=False), "不予办理决定书", id="refused"),
    ],
)
def test_a_decision_on_an_item_that_is_no_licence_does_not_speak_of_a_licence(paper: AnyPaper, title: str) -> None:
    text = text_of(paper)

    assert title in text
    assert "予行政许可" not in text


def test_typst_markup_in_a_value_is_printed_and_not_carried_out() -> None:
    hostile = '#panic("x") *粗* $x$ `code` <label> @ref \\ // = 标题 #read("/etc/passwd") "引"'

    text = text_of(replace(samples.receipt(), applicant_name=hostile))

    assert re.sub(r"\s", "", hostile) in text


def test_the_file_is_pdf_a_2b_with_title_author_and_date() -> None:
    reader = PdfReader(BytesIO(render(samples.a_certificate()).pdf))

    xmp = reader.xmp_metadata
    assert xmp is not None
    assert (xmp.pdfaid_part, xmp.pdfaid_conformance) == ("2", "B")
    info = reader.metadata
    assert info is not None
    assert info.title == "食品经营许可证 JY24312020000001"
    assert info.author == samples.SEAL.name
    assert info.creation_date is not None


def test_only_our_font_is_used_and_it_is_embedded() -> None:
    fonts: set[str] = set()

    for contents in (samples.a_certificate().contents, *PAPERS.values()):
        job = replace(samples.a_certificate(), contents=contents)
        for page in PdfReader(BytesIO(render(job).pdf)).pages:
            fonts |= {_embedded(font.get_object()) for font in page["/Resources"]["/Font"].values()}  # type: ignore[index]

    assert {name.split("+")[1].removesuffix("-Identity-H") for name in fonts} == {"NotoSerifCJKsc-Regular"}


def _embedded(font: Any) -> str:
    descendant = font["/DescendantFonts"][0].get_object()
    assert "/FontFile3" in descendant["/FontDescriptor"]
    return str(font["/BaseFont"])


def test_long_tables_and_texts_go_on_over_pages_and_the_seal_stands_on_the_last() -> None:
    materials = tuple(MaterialLine(name=f"材料{n}：" + "很长的名称" * 6, form="原件") for n in range(90))

    rendered = render(samples.a_job(replace(samples.receipt(), materials=materials)))

    reader = PdfReader(BytesIO(rendered.pdf))
    assert len(reader.pages) >= 4
    assert rendered.seal_page == len(reader.pages) - 1
    assert "材料名称" in reader.pages[2].extract_text()  # the header row is repeated
    assert f"共{len(reader.pages)}页" in squeezed(rendered.pdf)


@pytest.mark.parametrize("length", range(0, 900, 60))
def test_the_sign_off_never_stands_alone_on_a_page(length: int) -> None:
    paper = replace(samples.refusal(), facts="经核查情况如下。" * (length // 8 + 1))

    reader = PdfReader(BytesIO(render(samples.a_job(paper)).pdf))

    assert "申请行政复议" in re.sub(r"\s", "", reader.pages[-1].extract_text())


def test_an_unbroken_run_of_latin_letters_stays_on_the_page() -> None:
    paper = replace(samples.supplement_notice(), faults=(FaultLine(name="A" * 300, fault="b" * 300, remedy="1" * 300),))

    pdf = render(samples.a_job(paper)).pdf

    words = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split()
    pieces = [word for word in words if len(word) > 1 and set(word) in ({"A"}, {"b"})]
    assert max(len(piece) for piece in pieces) <= 24
    assert sum(len(piece) for piece in pieces) == 600


@pytest.mark.parametrize("name", ["吴𠮷", "㐱㭎", "禤䶮", "·买买提", "René"], ids=str)
def test_rare_characters_of_names_are_printed(name: str) -> None:
    assert name in text_of(replace(samples.receipt(), applicant_name=name))


@pytest.mark.parametrize(
    ("missing", "code_point"),
    [("\U00030010", "U+30010"), ("\ue000", "U+E000"), ("😀", "U+1F600"), ("\u200b", "U+200B"), ("\x00", "U+0000")],
    ids=["extension G", "private use", "emoji", "zero width", "control"],
)
def test_a_character_that_the_font_lacks_is_an_error_that_names_it_and_its_field(missing: str, code_point: str) -> None:
    job = samples.a_certificate(lines=(Line(label="经营者", value=f"张{missing}"),))

    with pytest.raises(UnprintableCharacter) as caught:
        render(job)

    assert caught.value.errors[0].pointer == "/lines/0/value"
    assert code_point in caught.value.errors[0].detail
    assert code_point in caught.value.detail


@pytest.mark.parametrize("missing", ["\U00030010", "\U00031350", "\U0002b73a"], ids=["G", "H", "C"])
def test_a_paper_spells_an_ideograph_that_the_font_lacks_and_says_so(missing: str) -> None:
    spelled = f"〔U+{ord(missing):04X}〕"

    text = text_of(replace(samples.receipt(), applicant_name=f"张{missing}明"))

    assert f"张{spelled}明" in text
    assert f"与该字符同义：{spelled}。" in text


def test_a_receipt_may_list_no_material_when_all_are_still_missing() -> None:
    assert "还没有收到任何材料" in text_of(replace(samples.receipt(), materials=()))


def test_a_paper_without_rare_characters_says_nothing_of_them() -> None:
    assert "字库未收录" not in text_of(samples.receipt())


def test_a_paper_spells_letters_of_another_script_and_names_the_first_of_them() -> None:
    tibetan = "\u0f56\u0f7c\u0f51\u0f0b\u0f61\u0f72\u0f42\u0f0d\u0f40\u0f41\u0f42\u0f44"

    text = text_of(replace(samples.receipt(), applicant_name=f"张{tibetan}"))

    assert "".join(f"〔U+{ord(letter):04X}〕" for letter in tibetan) in text
    assert f"与该字符同义：{'、'.join(f'〔U+{ord(letter):04X}〕' for letter in tibetan[:8])}等11个。" in text


def test_what_is_no_letter_still_stops_a_paper() -> None:
    with pytest.raises(UnprintableCharacter, match="1F600"):
        render(samples.a_job(replace(samples.receipt(), applicant_name="张😀")))


def test_all_missing_characters_are_told_at_once() -> None:
    with pytest.raises(UnprintableCharacter) as caught:
        render(samples.a_certificate(holder_name="😀", number="A😁"))

    assert {fault.pointer for fault in caught.value.errors} == {"/holder_name", "/number"}


@pytest.mark.parametrize(
    "name", ["局", "示例市鹤城区市场监督管理局", "示例市鹤城区" + "很长名称的" * 8 + "委员会"], ids=len
)
def test_a_seal_is_drawn_for_names_of_any_length(name: str) -> None:
    reader = PdfReader(BytesIO(render_seal(replace(samples.SEAL, name=name))))

    assert len(reader.pages) == 1
    assert sorted(squeezed(render_seal(replace(samples.SEAL, name=name)))) == sorted(name + samples.SEAL.purpose)


@pytest.mark.parametrize("kind", ["CERTIFICATE", *PAPERS])
def test_a_job_survives_being_stored(kind: str) -> None:
    job = samples.a_certificate() if kind == "CERTIFICATE" else samples.a_job(PAPERS[kind])

    assert load_job(dump_job(job)) == job
    assert type(load_job(dump_job(job)).contents) is type(job.contents)


@pytest.mark.parametrize(
    ("paper", "blank"),
    [
        pytest.param(samples.refusal(), {"reasons": " \n"}, id="a refusal without reasons: art. 38(2)"),
        pytest.param(samples.refusal(), {"basis": ""}, id="a refusal without legal basis"),
        pytest.param(samples.refusal_of_acceptance(), {"reason": ""}, id="an unexplained refusal of acceptance"),
        pytest.param(samples.not_required(), {"reason": ""}, id="an unexplained notice that nothing is needed"),
        pytest.param(samples.REMEDIES, {"court": ""}, id="remedies without the court"),
        pytest.param(samples.REMEDIES, {"reconsideration_body": " "}, id="remedies without the reconsidering body"),
    ],
)
def test_a_paper_without_what_the_law_demands_cannot_be_built(paper: Any, blank: dict[str, str]) -> None:
    with pytest.raises(IncompleteContents, match=next(iter(blank))):
        replace(paper, **blank)


def test_lines_typed_in_a_form_become_paragraphs() -> None:
    text = text_of(replace(samples.refusal(), reasons="一、甲。\r\n\r\n二、乙\t丙。"))

    assert "一、甲。二、乙丙。" in text


def test_a_job_does_not_show_the_person_when_it_is_printed() -> None:
    assert "小吃店" not in repr(samples.a_certificate())


@pytest.mark.parametrize("kind", ["COMMITMENT", "HEARING_RECORD", "SITE_CHECK_RECORD"])
def test_the_sign_off_never_comes_alone_onto_a_page_of_its_own(kind: str) -> None:
    paper = {**extra.procedure_papers(), **extra.after_papers()}[kind]
    words = {"COMMITMENT": "签署方式", "HEARING_RECORD": "签名", "SITE_CHECK_RECORD": "签名"}

    pages = PdfReader(BytesIO(render(samples.a_job(paper)).pdf)).pages

    assert words[kind] in re.sub(r"\s", "", pages[-1].extract_text())
