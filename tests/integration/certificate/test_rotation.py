"""New keys and a new seal, while the library runs: what was issued before and after verifies."""

import json
from typing import Any

from httpx import Response

from services.certificate.file_maker import FileMaker
from services.certificate.files.contents import SealBody
from services.certificate.files.jose import decode
from services.certificate.files.records import rotate
from services.certificate.files.seal_keys import retire
from tests.support.certificate import Library

KEYS, HEAD = "/.well-known/certificate-jwks.json", "/api/v1/certificates/log/head"
VERIFY = "/api/v1/certificates/verify"


async def issued(library: Library, maker: FileMaker) -> tuple[dict[str, Any], Response]:
    """A certificate and its file."""
    row = await library.issued()
    while await maker.make_due():
        pass
    return row, await library.get(f"/api/v1/certificates/{row['identifier']}/file", library.citizen())


async def verdicts(library: Library, *shown: tuple[dict[str, Any], Response]) -> list[str]:
    """By identifier and by file."""
    answers = [await library.get(VERIFY, identifier=row["identifier"]) for row, _ in shown]
    for _, pdf in shown:
        file = ("x.pdf", pdf.content, "application/pdf")
        answers.append(await library.http.post(VERIFY, files={"file": file}))
    return [answer.json()["verdict"] for answer in answers]


def kid(compact: str) -> str:
    return str(json.loads(decode(compact.split(".")[0]))["kid"])


async def test_after_new_keys_and_a_new_seal_what_was_issued_before_and_after_verifies(library: Library) -> None:
    async with library.file_maker() as maker:
        old = await issued(library, maker)
        folder, before = library.kit.settings.signing_dir, (await library.get(KEYS)).json()["keys"]
        head = (await library.get(HEAD)).json()

        rotate(folder)
        retired = retire(folder, SealBody(name=old[0]["issuer_name"], uscc=old[0]["issuer_uscc"]))
        new = await issued(library, maker)

    grown, published = (await library.get(HEAD)).json(), (await library.get(KEYS)).json()["keys"]
    sizes = {"first": head["size"], "second": grown["size"]}
    proof = await library.get("/api/v1/certificates/log/consistency", **sizes)
    assert retired
    assert [key for key in published if key in before] == before
    assert len(published) == len(before) + 2
    assert await verdicts(library, old, new) == ["VALID"] * 4
    assert kid(head["jws"]) != kid(grown["jws"])
    assert (proof.status_code, grown["size"] > head["size"]) == (200, True)
