"""The life of a certificate after its issue: acts, their grounds by article, and in which state each is allowed.

Source: Administrative Licensing Law arts. 8, 49, 50 (rescind, amend, renew), 69 (annul), 70 (deregister); the
revocation (吊销) is a penalty that is decided elsewhere and only recorded here.
"""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """State of one version of a certificate."""

    VALID = "VALID"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"
    RESCINDED = "RESCINDED"
    ANNULLED = "ANNULLED"
    DEREGISTERED = "DEREGISTERED"
    REVOKED = "REVOKED"
    LOST = "LOST"


class LifeAct(StrEnum):
    """What can become of a version; AMEND, RENEW and REISSUE bring the next one and supersede it."""

    AMEND = "AMEND"
    RENEW = "RENEW"
    REISSUE = "REISSUE"
    RESCIND = "RESCIND"
    ANNUL = "ANNUL"
    DEREGISTER = "DEREGISTER"
    REVOKE = "REVOKE"
    REPORT_LOSS = "REPORT_LOSS"
    WITHDRAW_LOSS = "WITHDRAW_LOSS"
    EXPIRE = "EXPIRE"


LABELS = {
    LifeAct.AMEND: "变更",
    LifeAct.RENEW: "延续",
    LifeAct.REISSUE: "补发",
    LifeAct.RESCIND: "撤回",
    LifeAct.ANNUL: "撤销",
    LifeAct.DEREGISTER: "注销",
    LifeAct.REVOKE: "吊销",
    LifeAct.REPORT_LOSS: "挂失",
    LifeAct.WITHDRAW_LOSS: "解除挂失",
    LifeAct.EXPIRE: "届满",
}
STATUS_LABELS = {
    Status.VALID: "有效",
    Status.SUPERSEDED: "已被新版替代",
    Status.EXPIRED: "已届满",
    Status.RESCINDED: "已撤回",
    Status.ANNULLED: "已撤销",
    Status.DEREGISTERED: "已注销",
    Status.REVOKED: "已吊销",
    Status.LOST: "已挂失",
}
# Acts by a standing decision of the department; the others follow from an application, the holder or the calendar.
DECIDED = frozenset({LifeAct.AMEND, LifeAct.RESCIND, LifeAct.ANNUL, LifeAct.DEREGISTER, LifeAct.REVOKE})
NEXT_VERSION = frozenset({LifeAct.AMEND, LifeAct.RENEW, LifeAct.REISSUE})
AFTER = {
    **dict.fromkeys(NEXT_VERSION, Status.SUPERSEDED),
    LifeAct.RESCIND: Status.RESCINDED,
    LifeAct.ANNUL: Status.ANNULLED,
    LifeAct.DEREGISTER: Status.DEREGISTERED,
    LifeAct.REVOKE: Status.REVOKED,
    LifeAct.REPORT_LOSS: Status.LOST,
    LifeAct.WITHDRAW_LOSS: Status.VALID,
    LifeAct.EXPIRE: Status.EXPIRED,
}
_IN_FORCE = frozenset({Status.VALID, Status.LOST})  # a lost paper takes nothing from the licence itself
_TAKEN_AWAY = frozenset({Status.RESCINDED, Status.ANNULLED, Status.REVOKED})
_ALLOWED = {
    # LOST, here and for a renewal: the new version takes the place of the lost paper, as a reissue would
    LifeAct.AMEND: _IN_FORCE,
    # EXPIRED: a renewal decided, or brought by silence, on the last day may be heard of after it (art. 50)
    LifeAct.RENEW: _IN_FORCE | {Status.EXPIRED},
    LifeAct.REISSUE: frozenset({Status.LOST}),
    LifeAct.RESCIND: _IN_FORCE,
    LifeAct.ANNUL: _IN_FORCE | {Status.EXPIRED},  # what was never lawful is annulled also afterwards
    LifeAct.DEREGISTER: _IN_FORCE | _TAKEN_AWAY | {Status.EXPIRED},  # its grounds say which of them
    LifeAct.REVOKE: _IN_FORCE,
    LifeAct.REPORT_LOSS: frozenset({Status.VALID}),
    LifeAct.WITHDRAW_LOSS: frozenset({Status.LOST}),
    LifeAct.EXPIRE: _IN_FORCE,
}


class Ground(StrEnum):
    """Why, as the law counts it."""

    HOLDER_ASKED = "HOLDER_ASKED"
    LAW_CHANGED = "LAW_CHANGED"
    SITUATION_CHANGED = "SITUATION_CHANGED"
    ABUSE_OF_POWER = "ABUSE_OF_POWER"
    ULTRA_VIRES = "ULTRA_VIRES"
    PROCEDURE_VIOLATED = "PROCEDURE_VIOLATED"
    UNQUALIFIED_APPLICANT = "UNQUALIFIED_APPLICANT"
    OTHER_ANNULMENT = "OTHER_ANNULMENT"
    FRAUD = "FRAUD"
    FOUND_FALSE = "FOUND_FALSE"
    EXPIRED_NOT_RENEWED = "EXPIRED_NOT_RENEWED"
    DEATH_OR_INCAPACITY = "DEATH_OR_INCAPACITY"
    TERMINATED = "TERMINATED"
    TAKEN_AWAY = "TAKEN_AWAY"
    FORCE_MAJEURE = "FORCE_MAJEURE"
    OTHER_DEREGISTRATION = "OTHER_DEREGISTRATION"
    PENALTY = "PENALTY"


@dataclass(frozen=True)
class GroundRule:
    """Article and wording of a ground, the acts it carries, and what the law attaches to it.

    `hearing`: it takes something from the holder against his will, so he is heard first (arts. 7, 8, 69).
    `compensation`: the body has to say what it pays for (arts. 8 para. 2, 69 para. 4); None: nothing is to be said.
    `states`: only in these; None: wherever the act is allowed.
    """

    article: str
    wording: str
    acts: frozenset[LifeAct]
    hearing: bool = False
    compensation: bool | None = None
    states: frozenset[Status] | None = None
    holder: str | None = None  # PERSON or ORGANISATION


_LAW = "《中华人民共和国行政许可法》"
_8, _49, _69, _70 = (f"{_LAW}第{article}条" for article in ("八", "四十九", "六十九", "七十"))
_TO_RESCIND = frozenset({LifeAct.RESCIND, LifeAct.AMEND})
_TO_ANNUL = frozenset({LifeAct.ANNUL})
_TO_DEREGISTER = frozenset({LifeAct.DEREGISTER})
_STILL_THERE = _IN_FORCE | {Status.EXPIRED}


def _annul(item: str, wording: str) -> GroundRule:
    return GroundRule(f"{_69}第一款第（{item}）项", wording, _TO_ANNUL, hearing=True, compensation=True)


def _deregister(item: str, wording: str, states: frozenset[Status], *, holder: str | None = None) -> GroundRule:
    return GroundRule(f"{_70}第（{item}）项", wording, _TO_DEREGISTER, states=states, holder=holder)


GROUNDS = {
    Ground.HOLDER_ASKED: GroundRule(_49, "被许可人要求变更行政许可事项", frozenset({LifeAct.AMEND})),
    Ground.LAW_CHANGED: GroundRule(
        f"{_8}第二款", "行政许可所依据的法律、法规、规章修改或者废止", _TO_RESCIND, hearing=True, compensation=True
    ),
    Ground.SITUATION_CHANGED: GroundRule(
        f"{_8}第二款", "准予行政许可所依据的客观情况发生重大变化", _TO_RESCIND, hearing=True, compensation=True
    ),
    Ground.ABUSE_OF_POWER: _annul("一", "行政机关工作人员滥用职权、玩忽职守作出准予行政许可决定"),
    Ground.ULTRA_VIRES: _annul("二", "超越法定职权作出准予行政许可决定"),
    Ground.PROCEDURE_VIOLATED: _annul("三", "违反法定程序作出准予行政许可决定"),
    Ground.UNQUALIFIED_APPLICANT: _annul("四", "对不具备申请资格或者不符合法定条件的申请人准予行政许可"),
    Ground.OTHER_ANNULMENT: _annul("五", "依法可以撤销行政许可的其他情形"),
    # para. 4: what was gained by fraud is not protected, so nothing is paid
    Ground.FRAUD: GroundRule(
        f"{_69}第二款", "被许可人以欺骗、贿赂等不正当手段取得行政许可", _TO_ANNUL, hearing=True, compensation=False
    ),
    # a record that stands for no certificate of the body, forged or entered by mistake: it counts for nothing
    Ground.FOUND_FALSE: GroundRule(
        "《国务院关于在线政务服务的若干规定》第十条",
        "经核实，该证照系伪造、变造，或者并非由本机关依法颁发",
        _TO_ANNUL,
        hearing=True,
        compensation=False,
    ),
    Ground.EXPIRED_NOT_RENEWED: _deregister("一", "行政许可有效期届满未延续", frozenset({Status.EXPIRED})),
    Ground.DEATH_OR_INCAPACITY: _deregister(
        "二", "赋予公民特定资格的行政许可，该公民死亡或者丧失行为能力", _STILL_THERE, holder="PERSON"
    ),
    Ground.TERMINATED: _deregister("三", "法人或者其他组织依法终止", _STILL_THERE, holder="ORGANISATION"),
    Ground.TAKEN_AWAY: _deregister("四", "行政许可依法被撤销、撤回，或者行政许可证件依法被吊销", _TAKEN_AWAY),
    Ground.FORCE_MAJEURE: GroundRule(
        f"{_70}第（五）项", "因不可抗力导致行政许可事项无法实施", _TO_DEREGISTER, hearing=True, states=_IN_FORCE
    ),
    Ground.OTHER_DEREGISTRATION: GroundRule(
        f"{_70}第（六）项",
        "法律、法规规定的应当注销行政许可的其他情形",
        _TO_DEREGISTER,
        hearing=True,
        states=_STILL_THERE,
    ),
    Ground.PENALTY: GroundRule(
        "《中华人民共和国行政处罚法》第九条第（三）项", "行政处罚决定吊销许可证件", frozenset({LifeAct.REVOKE})
    ),
}


def allowed(act: LifeAct, status: Status, ground: Ground | None = None) -> bool:
    """Whether a version in this state may suffer this act (for a decided act, on this ground)."""
    if ground is None:
        return status in _ALLOWED.get(act, frozenset())
    rule = GROUNDS[ground]
    if act not in rule.acts:
        return False
    return status in (rule.states if rule.states is not None else _ALLOWED[act])


def may_become(before: Status, after: Status) -> bool:
    """Whether acts lead from one state to the other: nothing brings back what was taken away."""
    reached, new = {before}, {before}
    while new:
        new = {AFTER[act] for act, states in _ALLOWED.items() if states & new} - reached
        reached |= new
    return after in reached
