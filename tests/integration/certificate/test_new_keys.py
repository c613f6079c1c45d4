"""New keys of records and a new seal: what was issued before and after them verifies."""

import json

from services.certificate.file_maker import FileMaker
from services.certificate.files.contents import SealBody
from services.certificate.files.jose import decode
from services.certificate.files.records import rotate
from services.certificate.files.seal_keys import retire
from tests.integration.certificate.test_files_and_verification import VERIFY, Sealed, make_all, maker, sealed, upload
from tests.support.certificate import Library

__all__ = ["maker", "sealed"]


async def test_after_new_keys_and_a_new_seal_what_was_issued_before_and_after_verifies(
    library: Library, maker: FileMaker, sealed: Sealed
) -> None:
    old, old_file, _ = sealed
    folder, jwks = library.kit.settings.signing_dir, "/.well-known/certificate-jwks.json"
    before = (await library.get(jwks)).json()["keys"]
    head = (await library.get("/api/v1/certificates/log/head")).json()
    seal = SealBody(name=old["issuer_name"], uscc=old["issuer_uscc"])

    rotate(folder)
    retired = retire(folder, seal)
    new = await library.issued()
    await make_all(maker)

    after = await library.get(f"/api/v1/certificates/{new['identifier']}/file", library.citizen())
    grown = (await library.get("/api/v1/certificates/log/head")).json()
    sizes = {"first": head["size"], "second": grown["size"]}
    proof = await library.get("/api/v1/certificates/log/consistency", **sizes)
    published = (await library.get(jwks)).json()["keys"]
    told = [await library.get(VERIFY, identifier=row["identifier"]) for row in (old, new)]
    told += [await upload(library, file.content) for file in (old_file, after)]
    assert retired
    assert [key for key in published if key in before] == before
    assert len(published) == len(before) + 2
    assert [one.json()["verdict"] for one in told] == ["VALID"] * 4
    assert {_kid(head["jws"])} < {_kid(head["jws"]), _kid(grown["jws"])}
    assert (proof.status_code, grown["size"] > head["size"]) == (200, True)


def _kid(compact: str) -> str:
    return str(json.loads(decode(compact.split(".")[0]))["kid"])
