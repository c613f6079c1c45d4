"""The proof in a QR code: small enough at a million leaves, read from a page, refused when anything is changed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.certificate.domain import merkle
from services.certificate.domain.qr_proof import Inclusion, NotAProof, address, pack, read_address, unpack
from services.certificate.domain.transparency import ACT_NAMES, Act, Leaf
from services.certificate.files import contents
from services.certificate.files.rendering import render
from tests.support.pages import qr_codes

IDENTIFIER = "1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY24312020000001.001.I"
HOST = "https://ywtb.hecheng.gov.cn"


def a_proof(index: int = 5, size: int = 8, parts: int | None = None) -> Inclusion:
    count = len(merkle.inclusion_path(index, size)) if parts is None else parts
    path = tuple(sha256(bytes([n])).digest() for n in range(count))
    return Inclusion(Leaf(Act.ISSUE, IDENTIFIER, sha256(b"record").digest()), index, size, path)


@pytest.mark.parametrize("act", [Act.ISSUE, Act.REPRINT, Act.COPY])
def test_at_a_million_leaves_it_is_under_a_kilobyte(act: Act) -> None:
    longest = a_proof(0, 2**20)
    longest = replace(longest, leaf=replace(longest.leaf, act=act))

    text = address(HOST, longest)

    assert len(longest.path) == 20
    assert len(text) < 1024
    assert read_address(text) == (IDENTIFIER, longest)


def test_any_leaf_of_a_million_fits_with_a_long_number_and_a_long_address() -> None:
    """The longest proof that there is then: places and sizes of three bytes; a number of 24 characters."""
    long = IDENTIFIER.replace("JY24312020000001", "N" * 24)
    longest = replace(a_proof(2**20 - 1, 2**20, 20), leaf=Leaf(Act.REPRINT, long, sha256(b"record").digest()))

    assert len(address(HOST, longest)) < 1024


def test_it_is_read_from_the_page_at_a_million_leaves() -> None:
    proof = a_proof(0, 2**20)
    printed = contents.Certificate(
        reference=IDENTIFIER,
        title="食品经营许可证",
        number="JY24312020000001",
        holder_name="鹤城餐饮有限公司",
        holder_number_label="统一社会信用代码",
        holder_number="91431202MA00000152",
        issuer_name="区市场监督管理局",
        issued_on=date(2026, 11, 20),
        valid_from=date(2026, 11, 20),
        valid_until=None,
        verification_url=address(HOST, proof),
        log_proof=pack(proof),
    )
    seal = contents.SealBody(name="区市场监督管理局", uscc="11431202006100029C")

    page = render(contents.Job(contents=printed, seal=seal, at=datetime(2026, 11, 20, tzinfo=UTC))).pdf

    assert qr_codes(page) == [address(HOST, proof)]


@given(st.integers(1, 2**40), st.data())
@settings(max_examples=50)
def test_what_is_packed_is_unpacked(size: int, data: st.DataObject) -> None:
    proof = a_proof(data.draw(st.integers(0, size - 1)), size, data.draw(st.integers(0, 40)))
    act = data.draw(st.sampled_from(list(Act)))
    proof = replace(proof, leaf=replace(proof.leaf, act=act))

    assert unpack(IDENTIFIER, pack(proof)) == proof


@given(st.data())
@settings(max_examples=200)
def test_a_changed_proof_leads_to_another_head_or_to_none(data: st.DataObject) -> None:
    """A head is a size and its root: trees of some neighbouring sizes have paths of the same shape."""
    proof = a_proof(5, 1000)
    text = pack(proof)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]))
    changed = text[:place] + other + text[place + 1 :]

    try:
        read = unpack(IDENTIFIER, changed)
        head = (read.size, read.root())
    except NotAProof:
        head = (0, None)

    assert changed == text or head != (proof.size, proof.root())


@pytest.mark.parametrize(
    "text", ["", "https://evil.test/", f"/c/{IDENTIFIER}?!", f"/c/{IDENTIFIER}?AAAA", "/c/../x", "甲"]
)
def test_what_is_no_code_of_ours_is_refused(text: str) -> None:
    with pytest.raises(NotAProof):
        read_address(text)


def test_every_act_in_the_log_has_a_name_for_people() -> None:
    assert set(ACT_NAMES) == set(Act)
