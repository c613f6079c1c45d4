"""A paper that cannot be made says why where papers are listed."""

from sqlalchemy import text

from tests.support.certificate import Library


async def test_the_list_of_papers_says_why_a_file_cannot_be_made(library: Library):
    case = library.a_case(name="王\U0001f600明")
    await library.hear(case.submitted(), case.received())
    (paper,) = await library.rows("SELECT id FROM paper WHERE case_id = :id", id=case.id)
    async with library.database.transaction() as uow:
        await uow.connection.execute(text("DELETE FROM file_job WHERE target_id <> :id"), {"id": paper.id})

    async with library.file_maker() as maker:
        await maker.make_due()
    listed = await library.get(f"/api/v1/cases/{case.case_no}/papers", library.citizen())

    (shown,) = listed.json()["papers"]
    assert shown["file"]["state"] == "FAILED"
    assert "U+1F600" in shown["file"]["failed_reason"]
