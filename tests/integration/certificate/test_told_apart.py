"""Every kind of false or lapsed certificate, as a real file, told apart online and offline in the same words."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from httpx import Response
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from services.certificate.commands import log_heads
from services.certificate.domain.transparency import Act
from services.certificate.files.contents import SealBody
from services.certificate.files.seal_keys import FileSealKeys
from services.certificate.files.sealing import make_file
from services.certificate.verification.offline import Known, Outcome, Result, check, read_heads
from services.chassis.clock import now, today
from services.kernel.certificate_identifier import build_certificate_identifier
from tests.support import certificate_files as samples
from tests.support import hostile_files
from tests.support.certificate import FOOD_LICENCE, MARKER, NOON, POLICE, Library, an_item
from tests.support.foreign_signatures import an_rsa_signer, signed_anew
from tests.support.pages import qr_codes

VERIFY = "/api/v1/certificates/verify"
LOG = "/api/v1/certificates/log"
FAR = build_certificate_identifier(FOOD_LICENCE, "11330105002500287C", "JY33010520000001")
POLICE_SEAL = SealBody(name=POLICE.name, uscc=POLICE.uscc)  # a body that has a seal under the same root
LAPSED = {
    "superseded": (Act.SUPERSEDE, "SUPERSEDED", "已有新版"),
    "rescinded": (Act.RESCIND, "RESCINDED", "已撤回"),
    "annulled": (Act.ANNUL, "ANNULLED", "已撤销"),
    "deregistered": (Act.DEREGISTER, "DEREGISTERED", "已注销"),
    "revoked": (Act.REVOKE, "REVOKED", "已吊销"),
    "lost": (Act.REPORT_LOSS, "LOST", "已挂失"),
}


@dataclass(frozen=True)
class World:
    """Files of each kind by name, the code on the other certificate, and what an outside holder has saved."""

    files: Mapping[str, bytes]
    other_code: str
    known: Known
    proofs: Mapping[str, Any]

    def offline(self, name: str, code: str = "") -> Result:
        known = Known(self.known.keys, self.known.heads, self.known.today, self.proofs.get(name), code)
        return check(self.files[name], known)


@pytest.fixture(scope="module")
async def world(library: Library, tmp_path_factory: pytest.TempPathFactory) -> World:
    rows = {name: await library.issued() for name in ("genuine", "other", *LAPSED)}
    short = library.a_case(item=an_item(certificate_validity="按决定"))
    told = short.submitted(), short.received(), short.accepted()
    await library.hear(*told, short.decided(valid_until=NOON.date(), valid_from=NOON.date()))
    (expired,) = await library.rows("SELECT * FROM certificate WHERE case_id = :id", id=short.id)
    rows["expired"] = dict(expired._mapping)
    async with library.file_maker() as maker:
        while await maker.make_due():
            pass
    files = {name: await file_of(library, row) for name, row in rows.items()}
    for name, (act, status, _) in LAPSED.items():
        await library.act(rows[name], act, status)
    await log_heads.sign_head(library.database, library.kit, now=now())
    elsewhere = FileSealKeys(tmp_path_factory.mktemp("elsewhere"))
    names = rows["genuine"]["identifier"], rows["other"]["identifier"]
    own = FileSealKeys(library.kit.settings.signing_dir)
    false = await asyncio.to_thread(false_files, files["genuine"], *names, elsewhere, own)  # signing runs its own loop
    proofs = {
        name: (await library.get(f"{LOG}/inclusion", identifier=rows[name]["identifier"])).json() for name in LAPSED
    }
    keys = (await library.get("/.well-known/certificate-jwks.json")).json()
    heads = read_heads((await library.get(f"{LOG}/heads")).text, keys)
    return World(files | false, qr_codes(files["other"])[0], Known(keys, heads, today()), proofs)


async def file_of(library: Library, row: Mapping[str, Any]) -> bytes:
    return (await library.get(f"/api/v1/certificates/{row['identifier']}/file", library.citizen())).content


def false_files(
    genuine: bytes, identifier: str, other: str, elsewhere: FileSealKeys, own: FileSealKeys
) -> dict[str, bytes]:
    unsealed = genuine[: genuine.index(b"%%EOF") + 6]  # the file as it was before its seal
    changed = bytearray(genuine)
    changed[len(unsealed) // 2] ^= 1
    update = BytesIO()
    writer = IncrementalPdfFileWriter(BytesIO(genuine))
    writer.update_root()
    writer.write(update)
    rsa = an_rsa_signer()
    return {
        "altered": bytes(changed),
        "altered by a later revision": update.getvalue(),
        "its seal taken off": unsealed,
        "truncated": genuine[: len(genuine) // 2],
        "truncated by a byte": genuine[:-8],
        "forged": make_file(samples.a_certificate(reference=identifier), elsewhere),
        "sealed by another body": make_file(
            replace(samples.a_certificate(reference=identifier), seal=POLICE_SEAL), own
        ),
        "forged and packed": signed_anew(packed(identifier), rsa),
        "forged with an RSA key": signed_anew(without_proofs(unsealed), rsa),
        "re-signed": signed_anew(unsealed, rsa),
        "re-signed over our seal": signed_anew(genuine, rsa),
        "swapped": unsealed.replace(identifier.encode(), other.encode(), 1),
        "of another region": make_file(samples.a_certificate(reference=FAR), elsewhere),
        "of nobody": a_plain_pdf(),
    }


def without_proofs(content: bytes) -> bytes:
    """It names the certificate, and carries nothing that only the genuine file has."""
    return content.replace(b"record-sha256:", b"record-sha257:").replace(b"log-proof:", b"log-pr00f:")


def packed(identifier: str) -> bytes:
    """Its name stands in an object stream, as other software writes it."""
    return hostile_files.a_pdf(hostile_files.an_object_stream(f"<</Keywords(certificate:{identifier})>>".encode()))


def a_plain_pdf() -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"


async def upload(library: Library, content: bytes, code: str = "", **headers: str) -> Response:
    part = {"file": ("x.pdf", content, "application/pdf")}
    return await library.http.post(VERIFY, files=part, data={"code": code}, headers=headers)


EVERY = [
    pytest.param("genuine", "VALID", None, "真实有效", Outcome.GENUINE, id="genuine"),
    *(
        pytest.param(name, "NO_LONGER_VALID", status, label, Outcome.NO_LONGER_VALID, id=name)
        for name, (_, status, label) in LAPSED.items()
    ),
    pytest.param("expired", "NO_LONGER_VALID", "EXPIRED", "已过期", Outcome.NO_LONGER_VALID, id="expired"),
    pytest.param("altered", "ALTERED", "FILE_ALTERED", "内容被改动", Outcome.FALSE, id="altered"),
    pytest.param(
        "altered by a later revision", "ALTERED", "FILE_ALTERED", "内容被改动", Outcome.FALSE, id="incremental update"
    ),
    pytest.param("its seal taken off", "ALTERED", "FILE_ALTERED", "内容被改动", Outcome.FALSE, id="seal taken off"),
    pytest.param("truncated", "ALTERED", "TRUNCATED", "文件不完整", Outcome.FALSE, id="truncated"),
    pytest.param("truncated by a byte", "ALTERED", "TRUNCATED", "文件不完整", Outcome.FALSE, id="cut by eight bytes"),
    pytest.param("forged", "UNKNOWN", "FORGED", "伪造", Outcome.FALSE, id="forged"),
    pytest.param("forged with an RSA key", "UNKNOWN", "FORGED", "伪造", Outcome.FALSE, id="forged, other software"),
    pytest.param("sealed by another body", "UNKNOWN", "FORGED", "伪造", Outcome.FALSE, id="seal of another body"),
    pytest.param("forged and packed", "UNKNOWN", "FORGED", "伪造", Outcome.FALSE, id="forged, name packed"),
    pytest.param("re-signed", "ALTERED", "RE_SIGNED", "被重新签章", Outcome.FALSE, id="re-signed"),
    pytest.param("re-signed over our seal", "ALTERED", "RE_SIGNED", "被重新签章", Outcome.FALSE, id="signature added"),
    pytest.param("swapped", "ALTERED", "QR_SWAPPED", "二维码被调换", Outcome.FALSE, id="identifier of another"),
    pytest.param("of another region", "UNKNOWN", "OTHER_REGION", "外地证照", Outcome.UNDECIDED, id="wrong region"),
    pytest.param("of nobody", "UNKNOWN", "NOT_OURS", "非本平台文件", Outcome.FALSE, id="not ours"),
]


@pytest.mark.parametrize(("name", "verdict", "reason", "label", "outcome"), EVERY)
async def test_each_kind_is_told_apart_by_the_library_on_the_page_and_offline(
    library: Library, world: World, name: str, verdict: str, reason: str | None, label: str, outcome: Outcome
) -> None:
    online = await upload(library, world.files[name])
    page = await upload(library, world.files[name], Accept="text/html")
    offline = world.offline(name)

    told = online.json()
    assert online.status_code == page.status_code == 200
    assert (told["verdict"], told["reason"], told["label"]) == (verdict, reason, label)
    assert told["advice"]
    assert f">{label}</p>" in page.text
    assert told["advice"] in page.text
    assert (offline.outcome, offline.reason, offline.words.label) == (outcome, reason, label), offline.lines
    assert MARKER not in online.text + page.text + "".join(offline.lines)


async def test_the_code_of_another_certificate_on_a_genuine_file_is_told(library: Library, world: World) -> None:
    online = (await upload(library, world.files["genuine"], world.other_code)).json()
    own = (await upload(library, world.files["genuine"], qr_codes(world.files["genuine"])[0])).json()
    offline = world.offline("genuine", world.other_code)

    assert (online["verdict"], online["reason"]) == ("ALTERED", "QR_SWAPPED")
    assert (offline.outcome, offline.reason) == (Outcome.FALSE, "QR_SWAPPED")
    assert own["verdict"] == "VALID"
    assert world.offline("genuine", qr_codes(world.files["genuine"])[0]).outcome is Outcome.GENUINE


async def test_an_identifier_of_another_region_is_told_with_its_region(library: Library) -> None:
    told = (await library.get(VERIFY, identifier=FAR)).json()
    scanned = (await library.get(f"/c/{FAR}?AAAA")).json()

    assert (told["verdict"], told["reason"], told["region"]) == ("UNKNOWN", "OTHER_REGION", "330105")
    assert scanned["reason"] == "OTHER_REGION"


def test_a_term_is_told_offline_by_the_day_that_is_asked_for(world: World) -> None:
    keys, heads = world.known.keys, world.known.heads
    days = {"on its last day": NOON.date(), "a day later": NOON.date() + timedelta(days=1), "before": date(2020, 1, 1)}

    told = {name: check(world.files["expired"], Known(keys, heads, day)).reason for name, day in days.items()}

    assert told == {"on its last day": None, "a day later": "EXPIRED", "before": "NOT_YET_VALID"}


@pytest.mark.parametrize(
    ("form", "status"),
    [
        pytest.param({"other": "x"}, 415, id="another field"),
        pytest.param({"identifier": "x" * 9000}, 413, id="more than a form"),
        pytest.param({"identifier": "\0"}, 200, id="NUL"),
    ],
)
async def test_a_form_that_is_none_of_ours_is_turned_away(library: Library, form: dict[str, str], status: int):
    answer = await library.http.post(VERIFY, data=form)

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        pytest.param(b"hello", 415, "certificate.upload-rejected", id="no PDF"),
        pytest.param(b"%PDF-" + bytes(20 * 1024 * 1024), 413, "certificate.upload-too-large", id="too large"),
    ],
)
async def test_what_is_no_pdf_or_too_large_is_turned_away(library: Library, content: bytes, status: int, code: str):
    answer = await upload(library, content)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_hundred_mebibytes_of_zeros_are_refused_while_they_stream(library: Library):
    sent = 0

    async def zeros() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        for _ in range(100):
            sent += 2**20
            yield bytes(2**20)

    refused = await library.http.post(
        VERIFY, content=zeros(), headers={"content-type": "multipart/form-data; boundary=b"}
    )

    assert (refused.status_code, refused.json()["code"]) == (413, "certificate.upload-too-large")
    assert sent <= 21 * 2**20


async def test_a_body_that_is_no_form_is_turned_away(library: Library):
    answer = await library.http.post(VERIFY, content=b"%PDF-1.7", headers={"Content-Type": "application/pdf"})

    assert answer.status_code == 415
