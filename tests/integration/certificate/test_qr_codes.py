"""The QR code on the page as it is seen: pixels are read, and the address leads to verification."""

from urllib.parse import urlsplit

import pytest

from tests.support.certificate import MARKER, Library
from tests.support.pages import qr_codes

VERIFY = "https://yichuang.test/api/v1/certificates/verify"
SHORT = "https://yichuang.test/c/"  # leaves room for the proof


@pytest.fixture(scope="module")
async def files(library: Library) -> dict[str, bytes]:
    """A certificate and the papers of its case, by name."""
    row = await library.issued()
    papers = await library.rows("SELECT id, kind FROM paper WHERE case_id = :case", case=row["case_id"])
    async with library.file_maker() as maker:
        while await maker.make_due():
            pass
    addresses = {paper.kind: f"/api/v1/papers/{paper.id}/file" for paper in papers}
    addresses["CERTIFICATE"] = f"/api/v1/certificates/{row['identifier']}/file"
    return {name: (await library.get(address, library.citizen())).content for name, address in addresses.items()}


@pytest.mark.parametrize("name", ["CERTIFICATE", "RECEIPT", "ACCEPTANCE_NOTICE", "GRANT_DECISION"])
async def test_the_code_that_is_seen_on_the_page_leads_to_verification(
    library: Library, files: dict[str, bytes], name: str
) -> None:
    (address,) = qr_codes(files[name])
    by_machine = await library.http.get(address)
    by_person = await library.http.get(address, headers={"accept": "text/html"})

    parts = urlsplit(address)
    path = parts.path.rpartition("/")[0] + "/" if name == "CERTIFICATE" else parts.path
    assert f"{parts.scheme}://{parts.netloc}{path}" == (SHORT if name == "CERTIFICATE" else VERIFY)
    assert MARKER not in address
    assert by_machine.json()["verdict"] == "VALID"
    assert by_person.status_code == 200
    assert by_person.headers["content-type"].startswith("text/html")


async def test_the_code_of_another_certificate_or_with_another_proof_is_told(
    library: Library, files: dict[str, bytes]
) -> None:
    (address,) = qr_codes(files["CERTIFICATE"])
    other = await library.issued()
    path, _, proof = address.partition("?")
    swapped = f"{path.rpartition('/')[0]}/{other['identifier']}?{proof}"
    changed = f"{path}?{proof[:-1]}{'A' if proof[-1] != 'A' else 'Q'}"

    told = {
        name: (await library.http.get(code)).json()
        for name, code in {"swapped": swapped, "changed": changed, "nonsense": f"{path}?x"}.items()
    }

    assert {name: (each["verdict"], each["reason"]) for name, each in told.items()} == {
        "swapped": ("ALTERED", "QR_SWAPPED"),
        "changed": ("ALTERED", "PROOF_FALSE"),
        "nonsense": ("ALTERED", "PROOF_FALSE"),
    }
    assert (await library.http.get(path)).json()["verdict"] == "VALID"
