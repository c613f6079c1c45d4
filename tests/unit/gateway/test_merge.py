"""Merging the services' OpenAPI documents."""

from typing import Any

from gateway.docs import describe, example
from gateway.merge import merge

REF = "#/components/schemas/"
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}}
NUMBER = {"type": "object", "properties": {"number": {"type": "integer"}}}
HOLDER = {"type": "object", "properties": {"inner": {"$ref": f"{REF}Out"}}}


def document(paths: dict[str, Any], **schemas: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}}


def reads(schema: str, **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"{REF}{schema}"}}}
    return {"get": {"operationId": "read", "responses": {"200": {"description": "ok", "content": content}}, **more}}


def schema_of(merged: dict[str, Any], path: str) -> str:
    content = merged["paths"][path]["get"]["responses"]["200"]["content"]
    return str(content["application/json"]["schema"]["$ref"]).removeprefix(REF)


def test_only_public_paths_of_the_right_service_are_shown() -> None:
    paths = {path: reads("Out") for path in ("/api/v1/tasks", "/api/v1/items", "/metrics", "/api/v2/tasks")}

    merged = merge({"approval": document(paths, Out=TEXT)})

    assert set(merged["paths"]) == {"/api/v1/tasks", "/api/v1/cases/{case_no}"}


def test_equal_schemas_are_shared_and_different_ones_of_one_name_are_told_apart() -> None:
    merged = merge(
        {
            "intake": document(
                {"/api/v1/items": reads("Out"), "/api/v1/applications": reads("Same")}, Out=TEXT, Same=TEXT
            ),
            "approval": document({"/api/v1/tasks": reads("Out")}, Out=NUMBER, Same=TEXT),
        }
    )

    assert schema_of(merged, "/api/v1/items") == "IntakeOut"
    assert schema_of(merged, "/api/v1/tasks") == "ApprovalOut"
    assert schema_of(merged, "/api/v1/applications") == "Same"
    assert merged["components"]["schemas"]["IntakeOut"] == TEXT
    assert merged["components"]["schemas"]["ApprovalOut"] == NUMBER


def test_a_schema_that_refers_to_two_meanings_of_a_name_is_told_apart_too() -> None:
    merged = merge(
        {
            "intake": document({"/api/v1/items": reads("Holder")}, Out=TEXT, Holder=HOLDER),
            "approval": document({"/api/v1/tasks": reads("Holder")}, Out=NUMBER, Holder=HOLDER),
        }
    )

    inner = merged["components"]["schemas"]["ApprovalHolder"]["properties"]["inner"]["$ref"]
    assert schema_of(merged, "/api/v1/items") == "IntakeHolder"
    assert inner == f"{REF}ApprovalOut"


def test_a_services_own_problem_does_not_replace_the_common_one() -> None:
    merged = merge({"intake": document({"/api/v1/items": reads("Problem")}, Problem=NUMBER)})

    assert schema_of(merged, "/api/v1/items") == "IntakeProblem"
    assert "code" in merged["components"]["schemas"]["Problem"]["properties"]


def test_schemas_no_public_path_reaches_are_left_out() -> None:
    merged = merge({"intake": document({"/api/v1/items": reads("Out")}, Out=TEXT, Secret=NUMBER)})

    assert set(merged["components"]["schemas"]) == {"Problem", "Out"}


def test_every_operation_says_who_may_call_and_what_can_go_wrong() -> None:
    body = {"content": {"application/json": {"schema": {"$ref": f"{REF}Out"}}}}
    post = {"post": {"operationId": "search", "requestBody": body, "responses": {"200": {"description": "ok"}}}}
    paths = {"/api/v1/items": reads("Out"), "/api/v1/applications/search": post}

    merged = merge({"intake": document(paths, Out=TEXT)})["paths"]

    public, act = merged["/api/v1/items"]["get"], merged["/api/v1/applications/search"]["post"]
    assert public["security"] == []
    assert "401" not in public["responses"]
    assert act["security"] == [{"bearer": []}, {"session": []}]
    assert {"400", "401", "403", "413", "422", "429", "503", "504"} <= set(act["responses"])
    assert act["operationId"] == "intake_search"
    assert act["tags"] == ["intake"]


def test_every_reference_leads_somewhere() -> None:
    merged = merge({"intake": document({"/api/v1/items": reads("Holder")}, Out=TEXT, Holder=HOLDER)})

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if "$ref" in value else []
            return own + [ref for child in value.values() for ref in references(child)]
        return [ref for child in value for ref in references(child)] if isinstance(value, list) else []

    for ref in references(merged):
        _, _, kind, name = ref.split("/")
        assert name in merged["components"][kind]


def test_the_input_is_not_changed() -> None:
    given = document({"/api/v1/items": reads("Problem")}, Problem=NUMBER)

    merge({"intake": given})

    assert given == document({"/api/v1/items": reads("Problem")}, Problem=NUMBER)


def test_the_page_describes_every_operation_with_an_example_and_a_command() -> None:
    merged = merge({"intake": document({"/api/v1/items": reads("Holder")}, Out=TEXT, Holder=HOLDER)})

    page = describe(merged)

    operation = next(s for s in page["sections"] if s.tag == "intake").operations[0]
    assert operation.who == "公开, 无需登录"
    assert operation.answer is not None
    assert '"inner"' in operation.answer.example
    assert operation.curl == "curl -X GET '/api/v1/items'"
    assert page["count"] == 2


def test_an_example_of_a_schema_that_holds_itself_ends() -> None:
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": f"{REF}Tree"}}}}

    made = example({"$ref": f"{REF}Tree"}, {"Tree": tree})

    assert list(made) == ["children"]
