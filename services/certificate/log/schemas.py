"""Answers of the transparency log's API. Hashes are hexadecimal; nothing here is personal."""

from datetime import datetime

from pydantic import BaseModel, Field

from services.certificate.domain.transparency import Act
from services.certificate.log.queries import Head


class HeadOut(BaseModel):
    """A signed head. `jws` (compact, ES256, typ `log-head+jws`) holds size, root and time under signature."""

    size: int
    root: str
    signed_at: datetime
    jws: str

    @classmethod
    def of(cls, head: Head) -> "HeadOut":
        return cls(size=head.size, root=head.root.hex(), signed_at=head.signed_at, jws=head.jws)


class HeadList(BaseModel):
    items: list[HeadOut]


class LeafOut(BaseModel):
    """One act; its leaf data is the canonical JSON of `act`, `identifier` and `record`."""

    index: int
    act: Act
    identifier: str
    record: str = Field(description="该行为签名记录（JWS 通用形式）的 SHA-256")


class InclusionOut(BaseModel):
    """RFC 9162 inclusion proof of `leaf` in the tree of `size` leaves. `qr`: the same as a QR code carries it."""

    leaf: LeafOut
    leaf_hash: str
    size: int
    root: str
    proof: list[str]
    qr: str
    head: HeadOut | None = Field(description="该大小的已签发日志头；没有则为空")


class ConsistencyOut(BaseModel):
    """RFC 9162 consistency proof: the tree of `second` leaves begins with that of `first`."""

    first: int
    second: int
    proof: list[str]


class LeavesOut(BaseModel):
    """Leaf hashes as the library would give them today; null where a record is missing or is not as it was signed."""

    first: int
    leaves: list[str | None]


class StraysOut(BaseModel):
    """How many certificates were looked at, and how many of them are in no leaf (there must be none)."""

    scanned: int
    strays: int
    next: str | None
