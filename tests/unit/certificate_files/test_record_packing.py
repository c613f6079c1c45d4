"""Records are kept in little space and come back as the very same text; what was kept before is still read."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from hashlib import sha256

import pytest

from services.certificate.files import record_packing
from services.certificate.files.jose import decode
from services.certificate.files.record_packing import packed, unpacked
from services.certificate.files.records import RecordSigner, draft, new_salt

_RECORD = {
    "certificate_identifier": "1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY12345678.001.K",
    "certificate_holder_name": "龙小满",
    "certificate_holder_code": "11010519491231002X",
    "issue_date": f"{date(2026, 3, 2):%Y%m%d}",
    "extend_info": {"经营项目": "热食类食品制售；自制饮品制售（不含酒类）", "面积": 38.5},
}


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> RecordSigner:
    return RecordSigner.load(tmp_path_factory.mktemp("signing"))


def test_a_draft_and_a_signed_record_come_back_unchanged_and_take_less_space(signer: RecordSigner) -> None:
    of_import = draft(_RECORD | {"salt": new_salt()})
    for record in (of_import, signer.sign(_RECORD), signer.complete(of_import)):
        kept = packed(record)

        assert packed(record, decode(record.split('"')[3])) == kept
        assert unpacked(kept) == record
        assert len(kept) < 0.75 * len(record)


@pytest.mark.parametrize(
    "record",
    [
        "",
        "eyJh.eyJi.c2ln",
        "{",
        '{"payload":"',
        '{"payload":""',
        '{"payload":"","signatures":[]}',
        '{"payload":"not base64url!","signatures":[]}',
        '{"payload":"QQ==","signatures":[]}',
        '{"payload":"QR","signatures":[]}',
        '{"payload":"QQ"',
        '{"payload":"证照"}',
        json.dumps({"payload": "QQ", "signatures": [], "more": "证照"}, ensure_ascii=False),
    ],
)
def test_any_text_comes_back_unchanged(record: str) -> None:
    assert unpacked(packed(record)) == record


def test_a_compact_record_comes_back_unchanged(signer: RecordSigner) -> None:
    compact = signer.sign_compact(_RECORD, typ="certificate-record+jws")

    assert unpacked(packed(compact)) == compact


def test_a_record_kept_as_text_before_is_read(signer: RecordSigner) -> None:
    signed = signer.sign(_RECORD)

    assert unpacked(signed.encode()) == signed


def test_a_record_packed_with_deflate_before_is_read() -> None:
    kept = bytes.fromhex("0100000059434deca8c9f5e5be994f37f43fdbbd10e16047ac008b37b0e42b00")

    payload = json.loads(unpacked(kept))["payload"]

    said = {"certificate_holder_name": "龙小满", "salt": "AAAAAAAAAAAAAAAAAAAAAA", "status": "有效"}
    assert json.loads(decode(payload)) == said


def test_the_words_left_out_never_change() -> None:
    words = [sha256(one).hexdigest() for one in (record_packing._WORDS.dict_content, record_packing._DEFLATE_WORDS)]

    told = "records that are kept could no longer be read"
    assert words == [
        "c1d31694cc6590fd806ef5a0bff68985390c82f270109fe364f7d6c71a3dfc63",
        "e5329b4163767aa6648ae33d57363927ae98f5a6fa61921fd31c9b49879081a5",
    ], told


def test_several_threads_pack_at_once(signer: RecordSigner) -> None:
    records = [signer.sign(_RECORD | {"issue_date": str(ordinal)}) for ordinal in range(20)]

    with ThreadPoolExecutor(8) as threads:
        kept = list(threads.map(packed, records * 50))

    assert list(map(unpacked, kept)) == records * 50


@pytest.mark.parametrize(
    "kept",
    [
        *(b"\x01", b"\x01\x00\x00\x00\x04\xff\xff\xff", b"\xff\xfe"),
        *(b"\x02", b"\x02\x00\x00\x00\x04\xff\xff\xff", packed(draft({"salt": "x"}))[:-1]),
        packed(draft({"salt": "x"})) + b"more",
    ],
)
def test_what_is_no_record_is_refused(kept: bytes) -> None:
    with pytest.raises(ValueError, match=r"record|decode"):
        unpacked(kept)
