"""The lists of the demonstration."""

from pathlib import Path

from services.chassis.yaml_files import read_yaml
from services.identity.bootstrap import demo
from services.kernel.codes import check_citizen_id, check_uscc, organisation_check_character

CATALOGUE = Path(__file__).parents[3] / "demo" / "catalogue.yaml"


def test_townships_are_the_eleven_of_the_district_with_valid_codes() -> None:
    townships = demo.read_townships()

    assert len(townships) == 11
    assert all(check_uscc(body.uscc) is None for body in townships)
    assert all(organisation_check_character(body.uscc[8:16]) == body.uscc[16] for body in townships)
    assert all(body.division[:6] == "431202" and body.division[9:] == "000" for body in townships)


def test_every_body_of_the_catalogue_has_handler_and_chief_with_different_names() -> None:
    bodies = demo.read_departments(read_yaml(CATALOGUE))

    staff = demo.people(bodies)

    handlers = {p.organisation.uscc: p.name for p in staff if "HANDLER" in p.roles and p.organisation}
    chiefs = {p.organisation.uscc: p.name for p in staff if "CHIEF_REPRESENTATIVE" in p.roles and p.organisation}
    assert handlers.keys() == chiefs.keys() == {body.uscc for body in bodies}
    assert len({p.username for p in staff}) == len({p.name for p in staff}) == len(staff)


def test_numbers_are_valid_and_of_nobody_alive() -> None:
    numbers = [person.citizen_id for person in demo.CITIZENS]

    assert len(set(numbers)) == 6
    assert all(check_citizen_id(number) is None and number[6:10] < "1900" for number in numbers)
    assert all(check_uscc(enterprise.uscc) is None for enterprise in demo.ENTERPRISES)


def test_a_slash_at_the_end_of_the_public_address_does_not_change_the_redirect_uri() -> None:
    gateway = demo.systems("https://portal.example/", [])[0]

    assert gateway.redirect_uris == ("https://portal.example/session/callback",)
