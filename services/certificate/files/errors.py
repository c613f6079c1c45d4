"""What can go wrong when files are made."""

from services.kernel.errors import DomainError, Kind


class UnprintableCharacter(DomainError):
    """The font that goes into the file lacks a character. An empty box on an official paper is never accepted."""

    code = "certificate.unprintable-character"
    kind = Kind.INVALID
    title_zh = "字库缺少文字，无法制作文件"
    title_en = "The font lacks a character"


class IncompleteContents(DomainError):
    """A paper or certificate without something that the law demands on it."""

    code = "certificate.incomplete-contents"
    kind = Kind.INVALID
    title_zh = "文书缺少法定内容"
    title_en = "The paper lacks what the law demands"


class SealUnavailable(DomainError):
    """There is no key to seal with, or the seal device cannot be used."""

    code = "certificate.seal-unavailable"
    kind = Kind.UNAVAILABLE
    title_zh = "电子印章暂不可用"
    title_en = "The seal cannot be used"


class KeysUnavailable(DomainError):
    """The token with the keys of signed records cannot be used: what would be signed waits."""

    code = "certificate.keys-unavailable"
    kind = Kind.UNAVAILABLE
    title_zh = "签名密钥暂不可用"
    title_en = "The signing keys cannot be used"


class TimeStampAway(DomainError):
    """The time stamp authority cannot be reached, or what it gives cannot be used: the file waits."""

    code = "certificate.time-stamp-away"
    kind = Kind.UNAVAILABLE
    title_zh = "时间戳服务暂不可用"
    title_en = "No time stamp can be had"


class RecordNotAuthentic(DomainError):
    """A signed record was not signed by one of our keys, or was changed."""

    code = "certificate.record-not-authentic"
    kind = Kind.INVALID
    title_zh = "证照元数据签名无效"
    title_en = "The record's signature is not valid"


class WorkshopUnavailable(DomainError):
    """The processes that make files died again and again on this job, or it takes too long."""

    code = "certificate.workshop-unavailable"
    kind = Kind.UNAVAILABLE
    title_zh = "文件制作暂不可用"
    title_en = "Files cannot be made at the moment"
