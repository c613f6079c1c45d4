"""Who may read which certificate and case."""

import pytest

from services.certificate.domain.access import Access, CaseScope, Reader, access, may_read_case, subtree, within

DEPARTMENT = "11431202006100029C"
CASE = CaseScope(
    *("key-applicant", "key-agent", "account-1", DEPARTMENT, "431202101000", "TOWNSHIP"),
    co_applicant_keys=frozenset({"key-spouse"}),
)
FAR = CaseScope("key-applicant", None, None, "other", "110101000000", "COUNTER")


def a_reader(*roles: str, org="", division="", key="", acts_for=(), account="someone") -> Reader:
    return Reader(account, frozenset(roles), org, division, key, frozenset(acts_for))


READERS = {
    "applicant": (a_reader("CITIZEN", key="key-applicant"), True),
    "agent named in the case": (a_reader("CITIZEN", key="key-agent"), True),
    "agent of the organisation": (a_reader("ENTERPRISE_AGENT", key="x", acts_for=["key-applicant"]), True),
    "who applied together with the applicant": (a_reader("CITIZEN", key="key-spouse"), True),
    "agent of an organisation that applied with others": (a_reader("ENTERPRISE_AGENT", acts_for=["key-spouse"]), True),
    "an officer with the key of one who applied": (a_reader("HANDLER", key="key-spouse"), False),
    "account that submitted": (a_reader("CITIZEN", key="x", account="account-1"), True),
    "another citizen": (a_reader("CITIZEN", key="x"), False),
    "a citizen without a key": (a_reader("CITIZEN"), False),
    "own department": (a_reader("HANDLER", org=DEPARTMENT), True),
    "another department": (a_reader("HANDLER", org="114312020061000377"), False),
    "clerk of the district": (a_reader("COUNTER_CLERK", division="431202000000"), True),
    "clerk of another district": (a_reader("COUNTER_CLERK", division="431203000000"), False),
    "clerk of the township": (a_reader("TOWNSHIP_CLERK", division="431202101000"), True),
    "clerk of another township": (a_reader("TOWNSHIP_CLERK", division="431202102000"), False),
    "clerk without a division": (a_reader("COUNTER_CLERK"), False),
    "supervisor of the city": (a_reader("SUPERVISOR", division="431200000000"), True),
    "the provincial platform, another channel": (a_reader("PROVINCIAL_PLATFORM", division="430000000000"), False),
    "catalogue administrator": (a_reader("CATALOGUE_ADMIN", division="431202000000", org=DEPARTMENT), False),
}


@pytest.mark.parametrize(("reader", "allowed"), READERS.values(), ids=READERS.keys())
def test_a_case_is_read_by_those_it_concerns(reader, allowed):
    assert may_read_case(reader, CASE) is allowed


def test_the_provincial_platform_reads_its_own_cases():
    own = CaseScope("k", None, None, DEPARTMENT, "431202000000", "PROVINCIAL")

    assert may_read_case(a_reader("PROVINCIAL_PLATFORM"), own)


@pytest.mark.parametrize(
    ("reader", "cases", "expected"),
    [
        pytest.param(a_reader("CITIZEN", key="holder"), (), Access.HOLDER, id="the holder"),
        pytest.param(a_reader("ENTERPRISE_AGENT", acts_for=["holder"]), (), Access.HOLDER, id="its agent"),
        pytest.param(a_reader("CITIZEN", key="other"), (), Access.NONE, id="another citizen"),
        pytest.param(a_reader("CITIZEN", key="key-agent"), (CASE,), Access.CASE, id="the case's agent"),
        pytest.param(a_reader("HANDLER", org=DEPARTMENT), (CASE,), Access.CASE, id="the issuing department"),
        pytest.param(a_reader("HANDLER", org="other"), (CASE,), Access.WITH_PURPOSE, id="another department"),
        pytest.param(a_reader("COUNTER_CLERK", division="431203000000"), (CASE,), Access.WITH_PURPOSE, id="far clerk"),
        pytest.param(a_reader("HANDLER", org=DEPARTMENT), (FAR, CASE), Access.CASE, id="the case he names"),
        pytest.param(a_reader("SUPERVISOR", division="431202000000"), (CASE,), Access.NONE, id="supervisor"),
        pytest.param(a_reader("HANDLER", key="holder"), (), Access.WITH_PURPOSE, id="an officer is no holder"),
    ],
)
def test_a_certificate_is_read_as_holder_for_a_case_or_with_a_purpose(reader, cases, expected):
    assert access(reader, ("someone-else", "holder"), cases) is expected


@pytest.mark.parametrize(
    ("division", "prefix"),
    [
        ("430000000000", "43"),
        ("431200000000", "4312"),
        ("431202000000", "431202"),
        ("431202101000", "431202101"),
        ("431202101001", "431202101001"),
    ],
)
def test_a_subtree_is_the_prefix_without_padding(division, prefix):
    assert subtree(division) == prefix


def test_nobody_without_a_division_is_within_anything():
    assert not within("431202000000", "")
