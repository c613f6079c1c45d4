"""What can stop an act of the certificate service, as facts with codes."""

from services.kernel.errors import DomainError, Kind


class NotFound(DomainError):
    code = "certificate.not-found"
    kind = Kind.NOT_FOUND
    title_zh = "未找到该证照或文书"
    title_en = "No such certificate or paper"


class TypeUnknown(DomainError):
    """The decision names a certificate type that is not loaded: the event waits until it is."""

    code = "certificate.type-unknown"
    kind = Kind.UNAVAILABLE
    title_zh = "证照类型尚未导入"
    title_en = "The certificate type is not loaded yet"


class NotRenewable(DomainError):
    """The old certificate was taken away or has a newer version: silence does not bring it back."""

    code = "certificate.not-renewable"
    kind = Kind.INVALID
    title_zh = "原证照已失效，不能延续"
    title_en = "The old certificate cannot be renewed"


class LogBroken(DomainError):
    """The tables of the transparency log, or certificates in it, are not what was signed: nothing more is signed."""

    code = "certificate.log-broken"
    kind = Kind.UNAVAILABLE
    title_zh = "证照日志与登记记录不一致，已停止签发日志头"
    title_en = "The log does not match the certificates"


class NoSuchLeaf(DomainError):
    code = "certificate.no-such-leaf"
    kind = Kind.NOT_FOUND
    title_zh = "证照日志中没有该记录或该日志头"
    title_en = "The log has no such entry or head"


class ProofRefused(DomainError):
    code = "certificate.proof-refused"
    kind = Kind.INVALID
    title_zh = "无法给出该证明"
    title_en = "There is no such proof"


class WrongState(DomainError):
    """The certificate's state does not allow this act."""

    code = "certificate.wrong-state"
    kind = Kind.CONFLICT
    title_zh = "证照当前状态不允许此操作"
    title_en = "The certificate is in a state that forbids this act"


class CopyImpossible(DomainError):
    code = "certificate.copy-impossible"
    kind = Kind.INVALID
    title_zh = "不能这样打印或制作加注件"
    title_en = "The print or copy cannot be made like this"


class CopiesSpent(DomainError):
    """Each copy is a file that is kept: a certificate has so many a day."""

    code = "certificate.copy-limit"
    kind = Kind.TOO_MANY
    title_zh = "该证照今日制作的加注件已达上限"
    title_en = "No more copies of this certificate today"


class PurposeRequired(DomainError):
    code = "certificate.purpose-required"
    kind = Kind.INVALID
    title_zh = "查询他人证照须填写申请事由"
    title_en = "Reading another's certificate needs a purpose"


class FileWithheld(DomainError):
    """A purpose opens the facts of a certificate, not its file, which prints the holder's full number."""

    code = "certificate.file-withheld"
    kind = Kind.FORBIDDEN
    title_zh = "证照文件仅供持证人和办理其办件的工作人员下载"
    title_en = "The file goes to its holder and to those who handle his case"


class AuthorisationFaulty(DomainError):
    code = "certificate.authorisation-faulty"
    kind = Kind.INVALID
    title_zh = "授权有误"
    title_en = "The authorisation has faults"


class NumberInvalid(DomainError):
    code = "certificate.number-invalid"
    kind = Kind.INVALID
    title_zh = "证件号码不正确"
    title_en = "The number is not valid"


class FileFailed(DomainError):
    code = "certificate.file-failed"
    kind = Kind.CONFLICT
    title_zh = "版式文件无法生成"
    title_en = "The file cannot be made"


class UploadRejected(DomainError):
    code = "certificate.upload-rejected"
    kind = Kind.UNSUPPORTED
    title_zh = "仅支持核验 PDF 文件"
    title_en = "Only a PDF can be verified"


class UploadTooLarge(DomainError):
    code = "certificate.upload-too-large"
    kind = Kind.TOO_LARGE
    title_zh = "文件超过 20 MiB"
    title_en = "The file is larger than 20 MiB"


class ImportFaulty(DomainError):
    code = "certificate.import-faulty"
    kind = Kind.INVALID
    title_zh = "导入文件有错误, 未导入任何记录"
    title_en = "The file has faults; nothing was imported"


class CallerRefused(DomainError):
    """The registration of the caller does not cover this query."""

    code = "certificate.caller-refused"
    kind = Kind.FORBIDDEN
    title_zh = "该查询不在调用方登记的范围内"
    title_en = "The caller's registration does not cover this query"


class CallerFaulty(DomainError):
    """A registration that cannot be kept; every fault is named."""

    code = "certificate.caller-faulty"
    kind = Kind.INVALID
    title_zh = "调用方登记有误"
    title_en = "The registration has faults"


class CallerUnknown(DomainError):
    code = "certificate.caller-unknown"
    kind = Kind.NOT_FOUND
    title_zh = "没有该调用方的登记"
    title_en = "No such caller is registered"


class DailyLimitReached(DomainError):
    code = "certificate.daily-limit"
    kind = Kind.TOO_MANY
    title_zh = "已达到调用方登记的每日查询上限"
    title_en = "The caller's daily limit is reached"


class FieldUnknown(DomainError):
    """The holder wants to show something that certificates of this type do not tell."""

    code = "certificate.field-unknown"
    kind = Kind.INVALID
    title_zh = "该类证照没有所选的字段"
    title_en = "Certificates of this type have no such field"


class NotPresented(DomainError):
    """One answer for a code that never was and one that ran out: nothing is learnt by trying."""

    code = "certificate.not-presented"
    kind = Kind.NOT_FOUND
    title_zh = "亮证码无效或已过期"
    title_en = "The code is not valid or has run out"


class PeerUnknown(DomainError):
    """No library is registered for that region: nothing of it is believed, and nothing is told to it."""

    code = "certificate.peer-unknown"
    kind = Kind.INVALID
    title_zh = "该地区的证照库未登记"
    title_en = "The library of that region is not registered"


class PeerNotInForce(DomainError):
    code = "certificate.peer-not-in-force"
    kind = Kind.FORBIDDEN
    title_zh = "该地区证照库的登记已停用或不在有效期内"
    title_en = "The registration of that library is closed or has run out"


class PeerRequestRefused(DomainError):
    """A request that a registered peer did not sign for us, or not for now."""

    code = "certificate.peer-request-refused"
    kind = Kind.UNAUTHENTICATED
    title_zh = "无法确认请求来自所登记的证照库"
    title_en = "The request does not come from a registered library"


class PeerRequestReplayed(DomainError):
    code = "certificate.peer-request-replayed"
    kind = Kind.CONFLICT
    title_zh = "该请求已经答复过，不再答复"
    title_en = "The request was answered before"


class PeerAway(DomainError):
    """The other library cannot be reached: the case goes on without it."""

    code = "certificate.peer-away"
    kind = Kind.UNAVAILABLE
    title_zh = "对方证照库暂时无法连接，请先按提交材料办理或稍后再试"
    title_en = "The other library cannot be reached"


class PeerRefusesUs(DomainError):
    """The other library answered that it does not tell us this."""

    code = "certificate.peer-refuses"
    kind = Kind.CONFLICT
    title_zh = "对方证照库拒绝答复"
    title_en = "The other library refuses to answer"


class PeerUntrusted(DomainError):
    """What the other library sent does not follow from the keys and the log it is registered with."""

    code = "certificate.peer-untrusted"
    kind = Kind.CONFLICT
    title_zh = "对方的答复无法通过核验，未予采用"
    title_en = "The other library's answer cannot be trusted"


class HolderDiffers(DomainError):
    """One answer for a certificate of somebody else and one that there is not: nothing is learnt by asking."""

    code = "certificate.not-of-holder"
    kind = Kind.NOT_FOUND
    title_zh = "对方证照库没有申请人名下的该证照"
    title_en = "The other library holds no such certificate of this applicant"


class PeerImpossible(DomainError):
    code = "certificate.peer-impossible"
    kind = Kind.INVALID
    title_zh = "不能这样登记其他地区的证照库"
    title_en = "A library cannot be registered like this"


class CaseRequired(DomainError):
    """Another region is asked for a case that is open and is the asker's to handle, or by the holder himself."""

    code = "certificate.case-required"
    kind = Kind.INVALID
    title_zh = "向其他地区查询证照，须为经办的未办结办件"
    title_en = "Asking elsewhere needs an open case of one's own"


class FieldsFaulty(DomainError):
    """What a decision says does not fill the fields of the certificate type: nothing is issued by it until it does."""

    code = "certificate.fields-faulty"
    kind = Kind.INVALID
    title_zh = "证照类型要求的项目缺少或格式不符"
    title_en = "A field of the certificate type is missing or malformed"


class FieldDecided(DomainError):
    """Only what is lacking is filled: the rest of the certificate is as the decision has it."""

    code = "certificate.field-decided"
    kind = Kind.INVALID
    title_zh = "该项目不在待补齐之列，不得改动"
    title_en = "This field does not wait to be filled"


class NotWithheld(DomainError):
    """No certificate of this department waits under this id, or it has been issued since."""

    code = "certificate.not-withheld"
    kind = Kind.NOT_FOUND
    title_zh = "没有待补齐项目的证照"
    title_en = "No certificate waits for its fields here"


class RowUnreadable(DomainError):
    """A row in the database was written over by hand with something that no version of the platform writes."""

    code = "certificate.row-unreadable"
    kind = Kind.UNAVAILABLE
    title_zh = "登记数据无法读取，请联系平台管理员"
    title_en = "Registered data cannot be read"
