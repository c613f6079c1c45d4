"""What a leaf of the transparency log says, and which status of a certificate each act leaves behind."""

from dataclasses import dataclass
from enum import StrEnum
from json.encoder import encode_basestring_ascii

from services.certificate.domain.merkle import leaf_hash
from services.kernel.certificate_life import LABELS


class Act(StrEnum):
    """An act on a certificate; each one is exactly one leaf. Numbers in QR codes: only ever add at the end."""

    ISSUE = "ISSUE"
    IMPORT = "IMPORT"
    AMEND = "AMEND"
    RENEW = "RENEW"
    SUPERSEDE = "SUPERSEDE"
    RESCIND = "RESCIND"
    ANNUL = "ANNUL"
    DEREGISTER = "DEREGISTER"
    REVOKE = "REVOKE"
    REPORT_LOSS = "REPORT_LOSS"
    WITHDRAW_LOSS = "WITHDRAW_LOSS"
    EXPIRE = "EXPIRE"
    REPRINT = "REPRINT"
    REISSUE = "REISSUE"
    COPY = "COPY"


ACTS = tuple(Act)
ACT_NAMES = {
    **{Act(act): name for act, name in LABELS.items()},
    Act.ISSUE: "签发",
    Act.IMPORT: "存量导入",
    Act.SUPERSEDE: "被新版替代",
    Act.REPRINT: "打印副本",
    Act.COPY: "加注件",
}
# Acts that bring a version of a certificate into being; their signed record is the certificate's own.
FIRST_ACTS = frozenset({Act.ISSUE, Act.IMPORT, Act.AMEND, Act.RENEW, Act.REISSUE})
# Acts that make a copy of it: they change nothing in the certificate.
COPY_ACTS = frozenset({Act.REPRINT, Act.COPY})
_STATUS_AFTER = {
    **dict.fromkeys((*FIRST_ACTS, Act.WITHDRAW_LOSS), "VALID"),
    Act.SUPERSEDE: "SUPERSEDED",
    Act.RESCIND: "RESCINDED",
    Act.ANNUL: "ANNULLED",
    Act.DEREGISTER: "DEREGISTERED",
    Act.REVOKE: "REVOKED",
    Act.REPORT_LOSS: "LOST",
    Act.EXPIRE: "EXPIRED",
}


def act_behind(status: str) -> Act | None:
    """The later act that a status other than VALID comes from."""
    return next((act for act, left in _STATUS_AFTER.items() if left == status and status != "VALID"), None)


def status_after(act: Act) -> str | None:
    """The status an act leaves; None for one that leaves it as it was."""
    return _STATUS_AFTER.get(act)


def may_stand(act: Act, status: str) -> bool:
    """Whether a certificate may have this status after that act (a copy leaves every status as it was)."""
    return _STATUS_AFTER.get(act, status) == status


def follows(act: str, status: str) -> bool:
    """The same of what a database says: no act of ours is followed by nothing."""
    known = act_of(act)
    return known is not None and may_stand(known, status)


def act_of(text: str) -> Act | None:
    """The act that a database names; None when there is none of that name."""
    return Act(text) if text in ACTS else None


@dataclass(frozen=True)
class Leaf:
    """One act in the log, without anything personal: `record` is the SHA-256 of the signed record of the act.

    The hash is over the record with its signatures, or over a payload with a salt: they differ each time, so that
    nobody can find out a record's contents by trying.
    """

    act: Act
    identifier: str
    record: bytes

    def data(self) -> bytes:
        """Canonical JSON (RFC 8785): what outside holders hash again."""
        identifier = encode_basestring_ascii(self.identifier)
        return f'{{"act":"{self.act.value}","identifier":{identifier},"record":"{self.record.hex()}"}}'.encode()

    def hash(self) -> bytes:
        return leaf_hash(self.data())
