"""The public catalogue over HTTP: no token, filters, pages, caching."""

import pytest

from tests.integration.intake.desk import Desk


async def test_anybody_reads_the_list_and_may_keep_it_for_a_while(desk: Desk) -> None:
    answer = await desk.get("/items", limit=200)

    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 38
    assert answer.json()["next"] is None
    assert answer.headers["cache-control"] == "public, max-age=60"


async def test_pages_follow_each_other_without_gap_or_repetition(desk: Desk) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await desk.get("/items", None, limit=7, **({"cursor": cursor} if cursor else {}))).json()
        seen += [line["item_id"] for line in page["items"]]
        cursor = page["next"]

    assert len(seen) == len(set(seen)) == 38
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"department": "scjg"}, {"E01", "E02", "E03", "E15"}),
        ({"department": "11431202006100029C", "type": "01"}, {"E02", "E03", "E15"}),
        ({"q": "食品经营"}, {"E02", "E03"}),
        ({"service_object": "4"}, {"E16"}),
        ({"type": "05"}, {"P05", "P07", "P12"}),
        ({"q": "没有这样的事项"}, set()),
    ],
)
async def test_the_list_is_narrowed_by_every_given_condition(
    desk: Desk, params: dict[str, str], expected: set[str]
) -> None:
    answer = await desk.get("/items", None, **params)

    assert {line["item_id"] for line in answer.json()["items"]} == expected


async def test_the_guide_is_found_by_code_and_by_short_id(desk: Desk) -> None:
    by_id = (await desk.get("/items/E02")).json()
    by_code = (await desk.get(f"/items/{by_id['item_code']}")).json()

    assert by_id == by_code
    assert set(by_id["guide"]) == {
        "name",
        "basis",
        "procedure",
        "conditions",
        "materials",
        "promised_limit",
        "progress_query",
        "fee_item",
        "fee_standard",
        "fee_basis",
    }
    assert by_id["guide"]["materials"][1]["replaced_by"] == "营业执照"


@pytest.mark.parametrize("path", ["/items", "/items/E02"])
async def test_an_unchanged_answer_is_not_sent_again(desk: Desk, path: str) -> None:
    tag = (await desk.get(path)).headers["etag"]

    again = await desk.http.get(f"/api/v1{path}", headers={"if-none-match": f'"other", W/{tag}'})

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == tag


async def test_an_unknown_item_is_a_problem_document(desk: Desk) -> None:
    answer = await desk.get("/items/E99")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "intake.item-not-found"


async def test_a_forged_cursor_is_refused(desk: Desk) -> None:
    answer = await desk.get("/items", cursor="WyJFMDEiXQ")

    assert answer.status_code == 400
