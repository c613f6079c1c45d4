"""Who may reach what, written by hand from the roles and scopes of the design: the table the test walks.

Three parts: who stands in which relation to which case, what each role gets at each address, what the lists show.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest


class Relation(StrEnum):
    """How a caller stands to a case."""

    OWN = "own"
    OWN_DEPARTMENT = "own department"
    OWN_DIVISION = "own division"
    OWN_CHANNEL = "own channel"
    ANOTHERS = "another's"


@dataclass(frozen=True)
class Prepared:
    """A case to be made: who applies for what, who files it, who receives and examines it."""

    name: str
    item_id: str
    applicant: str  # citizenN or agentN (his enterprise applies)
    filed_by: str
    received_by: str
    handler: str


CASES = (
    Prepared("online", "P01", "citizen1", "citizen1", "clerk1", "handler.gaj"),
    Prepared("enterprise", "E07", "agent1", "clerk1", "clerk1", "handler.cgj"),
    Prepared("village", "P10", "citizen3", "township", "township.431202101", "handler.xz"),
    Prepared("street", "P11", "citizen4", "township.431202001", "township.431202001", "handler.rsj"),
    Prepared("province", "P15", "citizen2", "provincial", "clerk1", "handler.lyj"),
    Prepared("mobile", "P16", "citizen4", "mobile", "clerk1", "handler.bdc"),
)
ALL_CASES = frozenset(case.name for case in CASES)
# The case whose certificate the certificate routes are asked for; its applicant holds the certificate.
GRANTED = Prepared("granted", "P01", "citizen1", "clerk1", "clerk1", "handler.gaj")


def _(*cases: str) -> frozenset[str]:
    return frozenset(cases)


# Caller: (role, relation to the cases he may reach, those cases). To every other case he stands as to another's.
CALLERS: dict[str, tuple[str, Relation, frozenset[str]]] = {
    "citizen1": ("CITIZEN", Relation.OWN, _("online", "granted")),
    "citizen2": ("CITIZEN", Relation.OWN, _("province")),
    "citizen3": ("CITIZEN", Relation.OWN, _("village")),
    "citizen4": ("CITIZEN", Relation.OWN, _("street", "mobile")),
    "agent1": ("ENTERPRISE_AGENT", Relation.OWN, _("enterprise")),
    "agent2": ("ENTERPRISE_AGENT", Relation.OWN, _()),
    "clerk1": ("COUNTER_CLERK", Relation.OWN_DIVISION, ALL_CASES | {"granted"}),
    "handover1": ("HANDOVER_CLERK", Relation.OWN_DIVISION, ALL_CASES | {"granted"}),
    "supervisor1": ("SUPERVISOR", Relation.OWN_DIVISION, ALL_CASES | {"granted"}),
    "head1": ("GOVERNMENT_HEAD", Relation.OWN_DIVISION, ALL_CASES | {"granted"}),
    "catalogue1": ("CATALOGUE_ADMIN", Relation.OWN_DIVISION, _()),
    "township.431202101": ("TOWNSHIP_CLERK", Relation.OWN_DIVISION, _("village")),
    "township.431202001": ("TOWNSHIP_CLERK", Relation.OWN_DIVISION, _("street")),
    "township.431202002": ("TOWNSHIP_CLERK", Relation.OWN_DIVISION, _()),
    "handler.gaj": ("HANDLER", Relation.OWN_DEPARTMENT, _("online", "granted")),
    "handler.cgj": ("HANDLER", Relation.OWN_DEPARTMENT, _("enterprise")),
    "handler.xz": ("HANDLER", Relation.OWN_DEPARTMENT, _("village")),
    "chief.gaj": ("CHIEF_REPRESENTATIVE", Relation.OWN_DEPARTMENT, _("online", "granted")),
    "chief.rsj": ("CHIEF_REPRESENTATIVE", Relation.OWN_DEPARTMENT, _("street")),
    "chief.scjg": ("CHIEF_REPRESENTATIVE", Relation.OWN_DEPARTMENT, _()),
    "provincial": ("PROVINCIAL_PLATFORM", Relation.OWN_CHANNEL, _("province")),
    "mobile": ("MOBILE_BACKEND", Relation.OWN, _("mobile")),
    "township": ("TOWNSHIP_CENTRE", Relation.OWN_DIVISION, _("village")),
    "bank": ("RELYING_PARTY", Relation.ANOTHERS, _()),
    # The same offices of the next district: nothing of this one is theirs.
    "next.clerk": ("COUNTER_CLERK", Relation.OWN_DIVISION, _()),
    "next.handover": ("HANDOVER_CLERK", Relation.OWN_DIVISION, _()),
    "next.supervisor": ("SUPERVISOR", Relation.OWN_DIVISION, _()),
    "next.head": ("GOVERNMENT_HEAD", Relation.OWN_DIVISION, _()),
    "next.township": ("TOWNSHIP_CENTRE", Relation.OWN_DIVISION, _()),
}
NEXT_DIVISION = "431221000000"
# Every case has a bundle application beside it, of the same applicant, filed by the same caller. Officers see those in
# which their department has a member; everybody else stands to it as to the case.
BUNDLE_OFFICERS = {"K01": _("handler.cgj", "chief.scjg"), "K03": _("handler.gaj", "chief.gaj", "chief.rsj")}
UNKNOWN = ("nobody", "expired")  # no token; a true token whose time is over

ROLES = {
    "CI": "CITIZEN",
    "EA": "ENTERPRISE_AGENT",
    "CC": "COUNTER_CLERK",
    "TC": "TOWNSHIP_CLERK",
    "HA": "HANDLER",
    "CR": "CHIEF_REPRESENTATIVE",
    "HO": "HANDOVER_CLERK",
    "SU": "SUPERVISOR",
    "CA": "CATALOGUE_ADMIN",
    "PP": "PROVINCIAL_PLATFORM",
    "MB": "MOBILE_BACKEND",
    "TS": "TOWNSHIP_CENTRE",
    "GH": "GOVERNMENT_HEAD",
    "RP": "RELYING_PARTY",
}

# What a role gets:  in relation / another's
#   o   the first column / 404                 -   403 / 403: not for this role
#   x   the first column / 403                 p   the first column / 422: another's certificate needs a purpose
#   j   403 / 404: his for joint handling only, of which there is no case
# The first column is what he gets who may. An act is asked for with a version long gone, so that it changes nothing:
# 412 says that the caller was let in; 409 and 422 too: the state of the case or its item forbids it. So do 403 of a
# check on site, of which he is no inspector, and 404 of a party, consultation, decision or order. 401 without token.
# A row that ends before the last column gives the rest nothing.
_ROWS = """
                                                                 may CI EA CC TC HA CR HO SU CA PP MB TS GH RP
GET  /api/v1/applications                                        200  o  o  o  o  o  o  o  o  -  o  o  o  -
POST /api/v1/applications                                        201  x  x  o  o  -  -  -  -  -  o  o  o  -
POST /api/v1/applications/search                                 200  o  o  o  o  o  o  o  o  -  o  o  o  -
GET  /api/v1/applications/{application_id}                       200  o  o  o  o  o  o  o  o  -  o  o  o  -
POST /api/v1/applications/{application_id}/materials             409  o  o  o  o  -  -  -  -  -  o  o  o  -
GET  /api/v1/applications/{application_id}/materials/{material_no}/file
                                                                 200  o  o  o  o  o  o  o  o  -  o  o  o  -
POST /api/v1/applications/{application_id}/receipt               409  -  -  o  o  -  -  -  -  -  -  -  o  -
POST /api/v1/applications/{application_id}/acceptance            409  -  -  o  o  -  -  -  -  -  -  -  -  -
POST /api/v1/applications/{application_id}/refusal               409  -  -  o  o  -  -  -  -  -  -  -  -  -
POST /api/v1/applications/{application_id}/supplement-notice     409  -  -  o  o  -  -  -  -  -  -  -  -  -
POST /api/v1/applications/{application_id}/supplements           409  o  o  o  o  -  -  -  -  -  o  o  o  -
POST /api/v1/applications/{application_id}/withdrawal            412  o  o  o  o  -  -  -  -  -  o  o  o  -
POST /api/v1/applications/{application_id}/corrections           409  -  -  o  o  -  -  -  -  -  -  -  -  -
POST /api/v1/applications/{application_id}/return                409  -  -  o  o  -  -  -  -  -  -  -  -  -
POST /api/v1/applications/{application_id}/claim                 412  -  -  o  o  -  -  -  -  -  -  -  -  -
POST /api/v1/applications/{application_id}/originals             409  -  -  o  o  -  -  -  -  -  -  -  -  -
POST /api/v1/applications/{application_id}/deferred-materials    412  o  o  o  o  -  -  -  -  -  o  o  o  -
POST /api/v1/applications/{application_id}/commitment-checks     412  -  -  -  -  o  o  -  -  -  -  -  -  -
GET  /api/v1/calendars                                           200  -  -  -  -  -  -  -  o  o  -  -  -  -
POST /api/v1/calendars/{year}                                    422  -  -  -  -  -  -  -  -  o  -  -  -  -
POST /api/v1/calendars/{year}/step-days                          422  -  -  -  -  -  -  -  -  o  -  -  -  -
GET  /api/v1/barred-applicants                                   200  -  -  -  -  -  -  -  o  o  -  -  -  -
POST /api/v1/barred-applicants                                   422  -  -  -  -  -  -  -  o  o  -  -  -  -
POST /api/v1/items/{item_code}/quota                             422  -  -  -  -  -  -  -  -  o  -  -  -  -
GET  /api/v1/items/{item_code}/acceptance-order                  200  -  -  -  -  o  o  -  o  o  -  -  -  -
GET  /api/v1/items/{item_code}/running                           200  -  -  -  -  -  -  -  -  o  -  -  -  -
POST /api/v1/items/{item_code}/moves                             422  -  -  -  -  -  -  -  -  o  -  -  -  -
POST /api/v1/items/{item_code}/materials-plan                    200  x  x  -  -  -  -  -  -  -  -  -  -  -
POST /api/v1/bundles/{bundle_id}/materials-plan                  200  x  x  -  -  -  -  -  -  -  -  -  -  -
GET  /api/v1/bundle-applications                                 200  o  o  o  o  o  o  o  o  -  o  o  o  o
POST /api/v1/bundle-applications                                 201  x  x  o  o  -  -  -  -  -  o  o  o  -
GET  /api/v1/bundle-applications/{bundle_no}                     200  o  o  o  o  o  o  o  o  -  o  o  o  o
POST /api/v1/bundle-applications/{bundle_no}/materials           422  o  o  o  o  -  -  -  -  -  o  o  o  -
POST /api/v1/bundle-applications/{bundle_no}/receipt             412  -  -  o  o  -  -  -  -  -  -  -  o  -
POST /api/v1/bundle-applications/{bundle_no}/acceptance          409  -  -  o  o  -  -  -  -  -  -  -  -  -
POST /api/v1/bundle-applications/{bundle_no}/supplement-notice   409  -  -  o  o  -  -  -  -  -  -  -  -  -
POST /api/v1/bundle-applications/{bundle_no}/supplements         409  o  o  o  o  -  -  -  -  -  o  o  o  -
POST /api/v1/bundle-applications/{bundle_no}/members/{member_id}/result
                                                                 409  -  -  o  o  o  o  -  -  -  -  -  -  -
POST /api/v1/bundle-applications/{bundle_no}/extension           409  -  -  -  -  -  -  -  -  -  -  -  -  o
POST /api/v1/bundle-applications/{bundle_no}/stages              409  o  o  o  o  -  -  -  -  -  o  o  o  -
POST /api/v1/bundle-applications/{bundle_no}/hand-over           409  -  -  -  -  -  -  o  -  -  -  -  -  -
POST /api/v1/bundle-applications/{bundle_no}/withdrawal          412  o  o  o  o  -  -  -  -  -  o  o  o  -
GET  /api/v1/cases/{case_no}                                     200  o  o  o  o  o  o  o  o  -  o  o  o  -
GET  /api/v1/cases/{case_no}/application                         200  o  o  o  o  o  o  o  o  -  o  o  o  -
GET  /api/v1/cases/{case_no}/examination                         200  -  -  -  -  o  o  -  o  -  -  -  -  o
POST /api/v1/cases/{case_no}/opinions                            412  -  -  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/decision                            412  -  -  -  -  -  o  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/suspensions                         422  -  -  -  -  -  o  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/resumption                          409  -  -  -  -  o  o  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/extension                           409  -  -  -  -  -  o  -  -  -  -  -  -  j
POST /api/v1/cases/{case_no}/inspectors                          412  -  -  -  -  o  o  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/site-checks                         403  -  -  -  -  o  o  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/hearing/notice                      412  -  -  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/hearing/request                     409  -  -  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/hearing/waiver                      409  -  -  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/hearing/announcement                412  -  -  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/hearing/record                      409  -  -  -  -  o  o  -  -  -  -  -  -  -
GET  /api/v1/cases/{case_no}/hearing                             200  o  o  -  -  -  -  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/hearing/application                 409  o  o  -  -  -  -  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/statements                          412  o  o  -  -  -  -  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/interested-parties                  412  -  -  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/interested-parties/{number}/statements
                                                                 404  -  -  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/first-level                         409  -  -  -  -  o  o  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/passing-up                          409  -  -  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/termination                         412  -  -  -  -  -  o  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/transfer                            412  -  -  -  -  -  o  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/consultations                       412  -  -  -  -  o  o  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/consultations/{number}/answer       404  -  -  -  -  o  o  -  -  -  -  -  -  -
GET  /api/v1/consultations                                       200  -  -  -  -  o  o  -  -  -  -  -  -  -
POST /api/v1/cases/{case_no}/hand-over                           409  -  -  -  -  -  -  o  -  -  -  -  -  -
GET  /api/v1/reuse/uploads-avoided                               200  -  -  -  -  -  -  -  o  o  -  -  -  -
GET  /api/v1/recalls                                             200  -  -  -  -  o  o  -  o  -  -  -  -  o
POST /api/v1/recalls/{recall_id}/conclusion                      404  -  -  -  -  -  o  -  -  -  -  -  -  -
GET  /api/v1/cases/{case_no}/papers                              200  o  o  o  o  o  o  o  o  -  o  -  o  -
GET  /api/v1/papers/{paper_id}/file                              200  o  o  o  o  o  o  o  o  -  o  -  o  -
POST /api/v1/cases/{case_no}/rating                              409  o  o  -  -  -  -  -  -  -  -  -  -  -
GET  /api/v1/tasks                                               200  -  -  -  -  o  o  -  o  -  -  -  -  o
POST /api/v1/certificates/search                                 200  x  x  p  p  p  p  p  -  -  p  -  p  -  p
GET  /api/v1/certificates/{identifier}                           200  o  o  p  p  p  p  p  -  -  p  -  p  -  p
GET  /api/v1/certificates/{identifier}/file                      200  o  o  p  p  p  p  p  -  -  p  -  p  -  p
POST /api/v1/certificates/{identifier}/rescission                422  -  -  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/certificates/{identifier}/annulment                 422  -  -  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/certificates/{identifier}/deregistration            422  -  -  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/certificates/{identifier}/amendment                 422  -  -  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/certificates/{identifier}/revocation                422  -  -  -  -  -  o  -  -  -  -  -  -  -
GET  /api/v1/standing-decisions                                  200  o  o  -  -  o  o  -  -  -  -  -  -  -
GET  /api/v1/standing-decisions/{decision_id}                    404  o  o  -  -  o  o  -  -  -  -  -  -  -
POST /api/v1/standing-decisions/{decision_id}/statements         404  o  o  -  -  o  -  -  -  -  -  -  -  -
POST /api/v1/standing-decisions/{decision_id}/decision           404  -  -  -  -  -  o  -  -  -  -  -  -  -
GET  /api/v1/withheld-certificates                               200  -  -  -  -  o  o  -  -  -  -  -  -  -
POST /api/v1/withheld-certificates/{withheld_id}/fields          404  -  -  -  -  o  o  -  -  -  -  -  -  -
POST /api/v1/certificates/{identifier}/loss                      412  o  o  o  o  -  -  o  -  -  -  -  -  -
POST /api/v1/certificates/{identifier}/loss/withdrawal           412  o  o  o  o  -  -  o  -  -  -  -  -  -
POST /api/v1/certificates/{identifier}/reissue                   412  -  -  -  -  -  -  o  -  -  -  -  -  -
POST /api/v1/certificates/{identifier}/prints                    201  -  -  -  -  -  -  o  -  -  -  -  -  -
POST /api/v1/certificates/{identifier}/copies                    422  o  o  -  -  -  -  -  -  -  -  -  -  -
GET  /api/v1/certificates/{identifier}/copies                    200  o  o  o  o  -  -  o  -  -  -  -  -  -
GET  /api/v1/certificates/{identifier}/papers                    200  o  o  o  o  o  o  o  -  -  -  -  -  -
GET  /api/v1/certificates/{identifier}/copies/{copy_id}/file     404  o  o  o  o  -  -  o  -  -  -  -  -  -
GET  /api/v1/certificates/access-log                             200  o  o  -  -  -  -  -  -  -  -  -  -  -
POST /api/v1/certificates/{identifier}/presentations             201  o  o  -  -  -  -  -  -  -  -  -  -  -
POST /api/v1/certificates/{identifier}/presentations/withdrawal  201  o  o  -  -  -  -  -  -  -  -  -  -  -
GET  /api/v1/certificates/authorisations                         200  o  o  -  -  -  -  -  -  -  -  -  -  -
POST /api/v1/certificates/authorisations                         422  o  o  -  -  -  -  -  -  -  -  -  -  -
POST /api/v1/certificates/authorisations/{authorisation_id}/revocation
                                                                 404  o  o  -  -  -  -  -  -  -  -  -  -  -
GET  /api/v1/certificate-callers                                 200  -  -  -  -  -  -  -  o  o  -  -  -  -
POST /api/v1/certificate-callers                                 422  -  -  -  -  -  -  -  -  o  -  -  -  -
GET  /api/v1/certificate-peers                                   200  -  -  -  -  -  -  -  o  o  -  -  -  -
POST /api/v1/certificate-peers                                   422  -  -  -  -  -  -  -  -  o  -  -  -  -
GET  /api/v1/certificates/elsewhere                              200  o  o  -  -  -  -  -  -  -  -  -  -  -
GET  /api/v1/cases/{case_no}/certificates-elsewhere              200  o  o  o  o  o  o  o  -  -  -  -  o  -
POST /api/v1/certificates/elsewhere                              422  o  o  o  o  o  o  o  -  -  -  -  o  -
POST /api/v1/certificate-sharing/search                          422  -  -  o  o  o  o  o  -  -  o  -  o  -  o
POST /api/v1/certificate-sharing/by-holder                       422  -  -  o  o  o  o  o  -  -  o  -  o  -  o
POST /api/v1/certificate-sharing/by-identifier                   422  -  -  o  o  o  o  o  -  -  o  -  o  -  o
POST /api/v1/certificate-sharing/file                            422  -  -  o  o  o  o  o  -  -  o  -  o  -  o
POST /api/v1/certificate-sharing/verify                          422  -  -  o  o  o  o  o  -  -  o  -  o  -  o
GET  /api/v1/certificate-reads                                   200  -  -  -  -  -  -  -  o  o  -  -  -  -
GET  /api/v1/certificate-callers/{caller}                        200  -  -  -  -  -  -  -  o  o  -  -  -  -
POST /api/v1/certificate-callers/{caller}/suspension             422  -  -  -  -  -  -  -  -  o  -  -  -  -
POST /api/v1/certificate-callers/{caller}/resumption             422  -  -  -  -  -  -  -  -  o  -  -  -  -
GET  /api/v1/supervision/cases/{case_no}                         200  o  o  o  o  o  o  o  o  -  o  o  o  -
GET  /api/v1/cases/{case_no}/clocks                              200  o  o  o  o  o  o  o  o  -  o  o  o  -
GET  /api/v1/supervision/lights                                  200  -  -  -  -  o  o  -  o  -  -  -  -  -
GET  /api/v1/supervision/findings                                200  -  -  -  -  o  o  -  o  -  -  -  -  -
GET  /api/v1/supervision/orders                                  200  -  -  -  -  o  o  -  o  -  -  -  -  -
POST /api/v1/supervision/orders                                  422  -  -  -  -  -  -  -  o  -  -  -  -  -
POST /api/v1/supervision/orders/{order_no}/reply                 404  -  -  -  -  -  o  -  -  -  -  -  -  -
GET  /api/v1/supervision/statistics                              200  -  -  -  -  o  o  -  o  -  -  -  -  -
"""
# Everybody, logged in or not.
PUBLIC = frozenset(
    {
        ("GET", "/api/v1/items"),
        ("GET", "/api/v1/items/{item_code}"),
        ("GET", "/api/v1/bundles"),
        ("GET", "/api/v1/bundles/{bundle_id}"),
        ("POST", "/api/v1/bundles/{bundle_id}/plan"),
        ("POST", "/api/v1/cases/progress"),
        *(("GET", f"/api/v1/certificates/log/{part}") for part in ("head", "heads", "heads/{size}", "inclusion")),
        *(("GET", f"/api/v1/certificates/log/{part}") for part in ("consistency", "leaves", "strays")),
        ("GET", "/api/v1/certificates/verify"),
        ("GET", "/api/v1/certificates/types"),
        ("GET", "/api/v1/certificates/types/{code}"),
        ("POST", "/api/v1/certificates/verify"),
        ("POST", "/api/v1/certificates/presented"),
        ("POST", "/api/v1/certificate-peers/queries"),
        ("POST", "/api/v1/certificate-peers/notices"),
    }
)
# The gateway puts the journey together and leaves the rule to each service.
ANY_ROLE = frozenset({("GET", "/api/v1/cases/{case_no}")})
FORBIDDEN = 403
ANOTHERS = {"o": 404, "x": 403, "p": 422, "j": 404}


def bundle_of(case: str) -> str:
    """The bundle applied for beside the case: a restaurant for the enterprise, a birth for people."""
    return "K01" if case == "enterprise" else "K03"


def bundles_of(caller: str) -> frozenset[str]:
    """Cases whose bundle application this caller may reach."""
    _, relation, reached = CALLERS[caller]
    if relation is not Relation.OWN_DEPARTMENT:
        return reached
    return frozenset(case for case in ALL_CASES | {"granted"} if caller in BUNDLE_OFFICERS[bundle_of(case)])


@dataclass(frozen=True)
class Row:
    """One operation: what those get who may, and each role's mark."""

    method: str
    path: str
    may: int
    marks: dict[str, str]

    @property
    def roles(self) -> set[str]:
        """Roles that get more than 403."""
        return {role for role, mark in self.marks.items() if mark != "-"}

    def status(self, role: str, *, related: bool) -> int:
        """What this role gets at a case it is related to, or at another's."""
        mark = self.marks[role]
        if mark == "-" or (mark == "j" and related):
            return FORBIDDEN
        return self.may if related else ANOTHERS[mark]


def _read() -> dict[tuple[str, str], Row]:
    header, *lines = re.sub(r"(/\w+)\n {40}", r"\1", _ROWS.strip()).splitlines()
    roles = [ROLES[short] for short in header.split()[1:]]
    rows = {}
    for line in lines:
        method, path, may, *marks = line.split()
        named = dict(zip_longest(roles, marks, fillvalue="-"))
        rows[method, path] = Row(method, path, int(may), named)
    return rows


ROWS = _read()
