"""Submission: three ways in, whose application it may be, reuse of certificates, one key one application."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from contracts.events.certificate import CertificateIssued, CertificateStatus, CertificateSuperseded, CoHolder
from contracts.events.common import PartyType
from services.intake import repository
from tests.integration.intake.desk import (
    BUSINESS_LICENCE,
    FOOD_LICENCE,
    IDCARD,
    LI,
    SHOP,
    TOWN,
    ZHANG,
    Desk,
    a_certificate,
    coverage,
)
from tests.support import tokens


async def test_a_citizen_applies_online_for_himself(desk: Desk) -> None:
    application = await desk.submitted("P10", who=desk.citizen())

    assert application["state"] == "SUBMITTED"
    assert application["channel"] == "ONLINE"
    assert application["division"] == TOWN
    assert application["applicant"]["masked_number"] == "4****************2"
    assert application["case_no"] is None


async def test_an_agent_applies_online_for_his_organisation(desk: Desk) -> None:
    application = await desk.submitted("E02", who=desk.enterprise_agent(), number=SHOP, name="好味餐饮")

    assert application["agent"]["name"] == "李四"
    assert application["applicant"]["masked_number"] == "91************0152"


async def test_a_clerk_and_a_township_centre_apply_for_others(desk: Desk) -> None:
    centre = desk.staff("TOWNSHIP_CENTRE", division=TOWN, channel="TOWNSHIP")

    at_counter = await desk.submitted("P07", who=desk.clerk)
    in_township = await desk.submitted("P07", who=centre)

    assert (at_counter["channel"], at_counter["division"]) == ("COUNTER", "431202000000")
    assert (in_township["channel"], in_township["division"]) == ("TOWNSHIP", TOWN)


async def test_the_provincial_platform_pushes_and_the_counter_receives(desk: Desk) -> None:
    platform = desk.staff("PROVINCIAL_PLATFORM", division="430000000000", channel="PROVINCIAL")
    pushed = await desk.submitted("E02", who=platform, number=SHOP, division="431202000000")

    received = await desk.done(pushed, "receipt", who=desk.clerk)

    assert pushed["channel"] == "PROVINCIAL"
    assert received["state"] == "RECEIVED"


@pytest.mark.parametrize(
    ("who", "number"),
    [("citizen", LI), ("citizen", SHOP), ("enterprise_agent", "92431202MA0000031L")],
    ids=["another person", "an organisation", "another organisation"],
)
async def test_nobody_applies_online_for_others(desk: Desk, who: str, number: str) -> None:
    item = "P10" if number == LI else "E02"

    refused = await desk.submit(item, who=getattr(desk, who)(), number=number)

    assert refused.status_code == 403
    assert refused.json()["code"] == "intake.not-for-others"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("431202180001010013", "citizen-id.check-digit"),
        ("43120219000229001X", "citizen-id.birth-date"),
        ("4312021800", "citizen-id.structure"),
        ("91431202MA00000153", "uscc.check-digit"),
        ("91431202MA0000015O", "uscc.structure"),
    ],
)
async def test_a_wrong_number_names_field_and_rule_and_is_not_repeated(desk: Desk, number: str, code: str) -> None:
    refused = await desk.submit("E02" if number[0] == "9" else "P10", number=number)

    assert refused.status_code == 422
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("#/applicant/number", code)]
    assert number not in refused.text


@pytest.mark.parametrize(
    ("item", "more", "code"),
    [
        ("E02", {"number": ZHANG}, "applicant.service-object"),
        ("P10", {"number": SHOP}, "applicant.service-object"),
        ("P03", {"agent": {"name": "李四", "number": LI}}, "agent.must-appear"),
        ("P10", {"materials": [{"material_no": 9, "source": "PAPER_ORIGINAL"}]}, "material.unlisted"),
        ("P10", {"form": {"a": "x" * 70_000}}, "form.too-large"),
        ("P10", {"form": {"a": "\ud800"}}, "form.encoding"),
        ("P10", {"division": "430000000000"}, "division.out-of-scope"),
    ],
)
async def test_what_does_not_fit_the_item_is_refused(desk: Desk, item: str, more: dict[str, Any], code: str) -> None:
    refused = await desk.submit(item, **more)

    assert refused.status_code == 422, refused.text
    assert code in [error["code"] for error in refused.json()["errors"]]


async def test_paper_can_only_be_shown_where_somebody_looks_at_it(desk: Desk) -> None:
    papers = [{"material_no": 1, "source": "PAPER_ORIGINAL"}]

    refused = await desk.submit("P10", who=desk.citizen(), materials=papers)

    assert refused.json()["errors"][0]["code"] == "material.paper-online"


async def test_a_refused_submission_stores_nothing(desk: Desk) -> None:
    async with desk.database.read() as connection:
        before = await connection.scalar(text("SELECT count(*) FROM application"))

    await desk.submit("E02", number=ZHANG)

    async with desk.database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM application")) == before


class TestReuse:
    async def test_the_server_finds_what_the_library_holds(self, desk: Desk) -> None:
        identifier = await desk.holds(ZHANG, IDCARD, "ZHANG1")

        application = await desk.submitted("P10", who=desk.citizen(), reuse="auto")

        assert coverage(application) == {1: "COVERED", 2: "MISSING"}
        assert application["materials"][0]["certificate_identifier"] == identifier
        (_, _, told), *_ = await desk.events(application["application_id"])
        assert told["reused"] == [identifier]
        assert application["complete"] is False
        assert "户口簿" in application["materials"][1]["why"]

    async def test_an_enterprise_reuses_its_licence_and_its_agents_id_card(self, desk: Desk) -> None:
        await desk.holds(SHOP, BUSINESS_LICENCE, "SHOP1")
        await desk.holds(LI, IDCARD, "LI1")

        tobacco = await desk.submitted("E06", who=desk.enterprise_agent(), number=SHOP, reuse="auto")
        food = await desk.submitted("E02", who=desk.enterprise_agent(), number=SHOP, reuse="auto")

        assert {no for no, how in coverage(tobacco).items() if how == "COVERED"} == {2, 3}
        assert {no for no, how in coverage(food).items() if how == "COVERED"} == {2}  # 6: of the legal representative

    async def test_a_named_certificate_covers_its_material(self, desk: Desk) -> None:
        identifier = await desk.holds(ZHANG, IDCARD, "ZHANG2")
        claim = {"material_no": 1, "source": "CERTIFICATE", "certificate_identifier": identifier}

        application = await desk.submitted("P10", who=desk.citizen(), materials=[claim])

        assert coverage(application)[1] == "COVERED"

    async def test_a_strangers_certificate_is_answered_like_an_unknown_one(self, desk: Desk) -> None:
        of_li = await desk.holds(LI, IDCARD, "LI2")
        unknown = of_li.replace("LI2", "NOBODY")

        answers = [
            await desk.submit(
                "P10",
                who=desk.citizen(),
                materials=[{"material_no": 1, "source": "CERTIFICATE", "certificate_identifier": identifier}],
            )
            for identifier in (of_li, unknown)
        ]

        assert [a.json()["errors"] for a in answers] == [answers[0].json()["errors"]] * 2
        assert answers[0].json()["errors"][0]["code"] == "certificate.not-held"

    async def test_naming_somebody_as_agent_online_opens_nothing(self, desk: Desk) -> None:
        await desk.holds(LI, IDCARD, "LI3")
        nobody = "431202185006150033"

        application = await desk.submitted(
            "P10",
            who=desk.citizen(nobody),
            number=nobody,
            agent={"name": "李四", "number": LI},
            reuse="auto",
        )

        assert coverage(application)[1] == "MISSING"

    @pytest.mark.parametrize("as_what", ["agent", "co_applicants"])
    async def test_another_persons_certificate_is_taken_at_the_window_only_where_the_clerk_names_it(
        self, desk: Desk, as_what: str
    ) -> None:
        """What is asked of the applicant himself it never answers by itself, whoever stands beside him."""
        nobody, of_li = "431202186001010036", await desk.holds(LI, IDCARD, f"BESIDE{len(as_what)}")
        li = {"party_type": "PERSON", "number": LI, "name": "李四"}
        beside = {"co_applicants": [li]} if as_what == "co_applicants" else {"agent": {"name": "李四", "number": LI}}
        claim = {"material_no": 1, "source": "CERTIFICATE", "certificate_identifier": of_li}

        by_itself = await desk.submitted("P10", number=nobody, reuse="auto", **beside)
        named = await desk.submitted("P10", number=nobody, materials=[claim], **beside)
        app = desk.staff("MOBILE_BACKEND", channel="MOBILE")
        elsewhere = [
            await desk.submit("P10", who=who, number=nobody, materials=[claim], **beside)
            for who in (desk.citizen(nobody), app, desk.staff("PROVINCIAL_PLATFORM", channel="PROVINCIAL"))
        ]

        assert coverage(by_itself)[1] == "MISSING"
        assert coverage(named)[1] == "COVERED"
        assert [one.json()["errors"][0]["code"] for one in elsewhere] == ["certificate.not-held"] * 3

    async def test_what_a_stranger_holds_is_not_told_to_an_app_that_names_him(self, desk: Desk) -> None:
        """Whether it is of another type, over, or unknown: the answer is the same."""
        li = {"party_type": "PERSON", "number": LI, "name": "李四"}
        held = [
            await desk.holds(LI, FOOD_LICENCE, "APP1"),
            await desk.holds(LI, IDCARD, "APP2", valid_until=date(2021, 1, 1)),
        ]
        app, nobody = desk.staff("MOBILE_BACKEND", channel="MOBILE"), "431202186001010036"

        answers = []
        for identifier in (*held, held[0].replace("APP1", "NONE")):
            claim = {"material_no": 1, "source": "CERTIFICATE", "certificate_identifier": identifier}
            answers.append(await desk.submit("P10", who=app, number=nobody, materials=[claim], co_applicants=[li]))

        assert [a.json()["errors"] for a in answers] == [answers[0].json()["errors"]] * 3
        assert answers[0].json()["errors"][0]["code"] == "certificate.not-held"

    @pytest.mark.parametrize(
        ("of", "code"),
        [
            ({"valid_until": date(2021, 1, 1)}, "certificate.expired"),
            ({"status": CertificateStatus.ANNULLED}, "certificate.not-valid"),
        ],
    )
    async def test_a_certificate_that_no_longer_counts_is_refused(
        self, desk: Desk, of: dict[str, Any], code: str
    ) -> None:
        identifier = await desk.holds(ZHANG, IDCARD, f"OLD{uuid4().hex[:6].upper()}", **of)
        claim = {"material_no": 1, "source": "CERTIFICATE", "certificate_identifier": identifier}

        refused = await desk.submit("P10", who=desk.citizen(), materials=[claim])

        assert refused.json()["errors"][0]["code"] == code

    async def test_a_certificate_annulled_after_submission_no_longer_covers_at_acceptance(self, desk: Desk) -> None:
        identifier = await desk.holds(ZHANG, IDCARD, "ANNULLED1")
        materials = [
            {"material_no": 1, "source": "CERTIFICATE", "certificate_identifier": identifier},
            {"material_no": 2, "source": "PAPER_ORIGINAL"},
        ]
        received = await desk.done(await desk.submitted("P10", materials=materials), "receipt")
        await desk.holds(ZHANG, IDCARD, "ANNULLED1", status=CertificateStatus.ANNULLED)

        refused = await desk.act(received, "acceptance")

        assert refused.status_code == 409
        assert refused.json()["code"] == "intake.materials-missing"


class TestIdempotency:
    async def test_the_same_submission_twice_is_one_application(self, desk: Desk) -> None:
        key = str(uuid4())

        first = await desk.submit("P07", key=key)
        second = await desk.submit("P07", key=key)

        assert first.json() == second.json()
        assert second.headers["idempotency-replayed"] == "true"
        assert second.status_code == 201

    async def test_the_same_key_for_another_body_is_refused(self, desk: Desk) -> None:
        key = str(uuid4())
        await desk.submit("P07", key=key)

        refused = await desk.submit("P10", key=key)

        assert refused.status_code == 422

    async def test_without_a_key_nothing_is_created(self, desk: Desk) -> None:
        refused = await desk.http.post("/api/v1/applications", json={}, headers=desk.clerk)

        assert refused.status_code == 400


async def test_a_form_is_kept_sealed_and_shown_masked(desk: Desk) -> None:
    application = await desk.submitted("P10", form={"配偶": LI, "住址": "黄金坳镇"})

    shown = (await desk.get(f"/applications/{application['application_id']}", desk.clerk)).json()["form"]

    assert shown == {"配偶": "4****************0", "住址": "黄金坳镇"}


@pytest.mark.parametrize("role", ["HANDLER", "CHIEF_REPRESENTATIVE", "SUPERVISOR", "HANDOVER_CLERK", "CATALOGUE_ADMIN"])
async def test_officers_do_not_apply(desk: Desk, role: str) -> None:
    refused = await desk.submit("P07", who=tokens.headers([role]))

    assert refused.status_code == 403


class TestSeveralApplicants:
    TOGETHER = {"party_type": "PERSON", "number": LI, "name": "李四", "share": "共同共有"}

    async def test_they_go_with_the_acceptance_and_their_numbers_stay_sealed(self, desk: Desk) -> None:
        application = await desk.accepted("P07", co_applicants=[self.TOGETHER])

        *_, (_, subject, event) = await desk.events(application["application_id"])
        async with desk.database.read() as connection:
            stored = await connection.scalar(text("SELECT string_agg(a::text, '') FROM application a"))

        assert subject == "intake.application.accepted.v1"
        (told,) = event["co_applicants"]
        assert (told["name"], told["share"], told["subject_key"]) == ("李四", "共同共有", desk.key(LI))
        assert LI not in str(event)
        assert LI not in str(stored)

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"number": ZHANG}, "#/co_applicants/0/number"),
            ({"number": "43120218000101001X"}, "#/co_applicants/0/number"),
            ({"party_type": "ORGANISATION", "number": SHOP}, "#/co_applicants/0/party_type"),
        ],
        ids=["the applicant himself", "check digit", "not served by the item"],
    )
    async def test_a_fault_of_one_is_told_at_his_place(self, desk: Desk, changes: Any, pointer: str) -> None:
        refused = await desk.submit("P07", co_applicants=[self.TOGETHER | changes])

        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)

    async def test_each_of_them_reads_it_and_the_first_acts(self, desk: Desk) -> None:
        application = await desk.submitted("P07", co_applicants=[self.TOGETHER])
        of, together = f"/applications/{application['application_id']}", desk.citizen(LI)
        number = {"party_type": "PERSON", "number": LI}

        async def seen(who: dict[str, str]) -> list[bool]:
            """In the list, in the search by his number, in detail."""
            listed, found = (
                await desk.get("/applications", who, limit=200),
                await desk.post("/applications/search", who, number),
            )
            in_lists = [application["application_id"] in answer.text for answer in (listed, found)]
            return [*in_lists, (await desk.get(of, who)).status_code == 200]

        act = await desk.act(application, "withdrawal", {"reason": "不再办理"}, who=together)
        own = await desk.act(application, "withdrawal", {"reason": "不再办理"}, who=desk.citizen())

        detail = (await desk.get(of, together)).json()
        assert await seen(together) == [True, True, True]
        assert await seen(desk.citizen("431202185006150033")) == [False, False, False]
        assert "notices" in detail
        assert (act.status_code, act.json()["code"]) == (403, "intake.acts-of-the-first")
        assert own.status_code == 201

    async def test_who_is_also_the_agent_acts(self, desk: Desk) -> None:
        agent = {"number": LI, "name": "李四"}
        application = await desk.submitted("P07", co_applicants=[self.TOGETHER], agent=agent)

        answer = await desk.act(application, "withdrawal", {"reason": "不再办理"}, who=desk.citizen(LI))

        assert answer.status_code == 201

    async def test_each_holder_of_one_certificate_reuses_it(self, desk: Desk) -> None:
        other = CoHolder(holder_key=desk.key(LI), holder_name="李四", holder_type=PartyType.PERSON)
        issued = a_certificate(desk.key(ZHANG), IDCARD, f"C{uuid4().hex[:6].upper()}", co_holders=(other,))
        await desk.hear(issued)
        async with desk.database.read() as connection:
            rows = await repository.held_by(connection, [desk.key(LI)])

        assert issued.identifier in {held.identifier for held in rows if held.valid}

        await desk.hear(a_superseding(issued))
        async with desk.database.read() as connection:
            both = await repository.held_by(connection, [desk.key(LI), desk.key(ZHANG)])
        assert not [held for held in both if held.identifier == issued.identifier and held.valid]


def a_superseding(issued: CertificateIssued) -> CertificateSuperseded:
    return CertificateSuperseded(
        certificate_id=issued.certificate_id,
        identifier=issued.identifier,
        holder_key=issued.holder_key,
        superseded_by="1.2.156",
        superseded_at=issued.issued_at,
    )
