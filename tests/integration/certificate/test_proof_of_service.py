"""The proof of service names what was handed over as the recipient knows it."""

from services.certificate.files import contents
from tests.support.certificate import Library


async def test_the_recipient_signs_for_decision_and_certificate_by_name_and_number(library: Library):
    case = library.a_case()
    row = await library.issued(case)
    (decision,) = await library.rows(
        "SELECT number FROM paper WHERE case_id = :id AND kind = 'GRANT_DECISION'", id=case.id
    )
    handed = case.handed_over().model_copy(update={"documents": (decision.number, row["identifier"])})

    await library.hear(handed)

    (proof,) = await library.rows(
        "SELECT contents_sealed FROM paper WHERE case_id = :id AND kind = 'PROOF_OF_SERVICE'", id=case.id
    )
    printed = contents.load_job(library.kit.open_contents(proof.contents_sealed)).contents
    assert isinstance(printed, contents.ProofOfService)
    assert printed.documents == (
        f"《准予行政许可决定书》（{decision.number}）",
        f"《食品经营许可证》（编号：{row['number_shown']}）",
    )
