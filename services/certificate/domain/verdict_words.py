"""What a person reads of a finding: a label, what it means, what to do. The same online, on the page and offline."""

from dataclasses import dataclass

from services.certificate.domain.verification import Finding, Reason


@dataclass(frozen=True)
class Words:
    label: str
    message: str
    advice: str


_ASK_ISSUER = "请勿凭此办理业务，并向证照上所列的颁发机构核实。"
_REPORT = "请勿凭此办理业务，保留原件并向颁发机构或者公安机关反映。"
_FETCH_AGAIN = "请持证人从本平台重新下载原文件，再行核验。"

GENUINE = Words(
    "真实有效", "证照真实，当前有效。", "请核对持证人、证照名称与所持证照一致；不一致的，二维码或文件属于另一张证照。"
)
RECORDED = Words(
    "已收录；期限和现状未核",
    "证照已收录于证照日志，不是伪造；所示内容没有载明有效期，是否过期、是否已被撤销或注销，未作核验。",
    "请出示证照文件（PDF）核验有效期，或者联网核验现状；并核对持证人、证照名称与所持证照一致。",
)
GENUINE_PAPER = Words("真实有效", "文书真实，由所列机关出具。", "请核对文书名称、文号与所持文书一致。")
FOREIGN_PAPER = Words(
    "外地文书",
    "文书由其他地区的机关盖章，该地区的平台未在本地区登记，本平台不能判断真伪。",
    "请扫描文书上的二维码，到出具地的政务服务平台核验。",
)
COPY_ELSEWHERE = Words(
    "外地证照的副本或加注件",
    "证照由已登记的其他地区颁发，当前有效；所示是其副本或加注件的二维码，用途和有效期不在码中，未作核验。",
    "请上传副本或加注件的文件（PDF）核验，或者到颁发地的政务服务平台核验。",
)
_WORDS = {
    Reason.IDENTIFIER_MALFORMED: Words(
        "标识有误",
        "证照标识不正确（结构或校验位有误），请核对后重新输入。",
        "请对照证照逐字核对标识，或者改用扫描二维码。",
    ),
    Reason.NOT_IN_LIBRARY: Words("未查到", "本证照库没有该证照或文书。", _ASK_ISSUER),
    Reason.OTHER_REGION: Words(
        "外地证照", "该证照由其他地区的机构颁发，不在本证照库内，本平台不能判断真伪。", "请到颁发地的政务服务平台核验。"
    ),
    Reason.REGION_NOT_ASKED: Words(
        "外地证照，待确认",
        "该证照由已登记的其他地区颁发，本平台近期没有向其证照库确认过，现在是否有效以颁发地区为准。",
        "请凭办件向颁发地区的证照库查询，或到颁发地的政务服务平台核验。",
    ),
    Reason.NOT_OURS: Words(
        "非本平台文件", "文件没有本平台的电子印章，也没有本平台的证照标识，无法确认真伪。", "请核对是否选错了文件。"
    ),
    Reason.FORGED: Words("伪造", "文件冒用本平台的证照标识，签章不是颁发机关的电子印章，内容与登记不符。", _REPORT),
    Reason.RECORD_ALTERED: Words(
        "登记异常", "登记记录与签名或公开日志不一致，请联系颁发机构。", "请暂缓采用，由颁发机构查明后再行核验。"
    ),
    Reason.FILE_ALTERED: Words("内容被改动", "文件在签章之后被改动，内容不可信。", _FETCH_AGAIN),
    Reason.RE_SIGNED: Words(
        "被重新签章", "文件取自本平台的证照，但电子印章已被替换或者另加了他人的签名，不可信。", _REPORT
    ),
    Reason.TRUNCATED: Words("文件不完整", "文件不完整，缺少结尾部分，可能传输中断或者被截断。", _FETCH_AGAIN),
    Reason.QR_SWAPPED: Words("二维码被调换", "二维码或者其中的证明属于另一张证照，与所示证照不符。", _REPORT),
    Reason.PROOF_FALSE: Words(
        "二维码不实",
        "二维码中的证明与证照日志不符，二维码可能是伪造的，或者已被改动。",
        "请重新扫描；仍不相符的，" + _ASK_ISSUER,
    ),
    Reason.NOT_YET_VALID: Words("尚未生效", "证照尚未到生效日期。", "请在证照所载生效日期之后使用。"),
    Reason.EXPIRED: Words("已过期", "证照已超过有效期。", "请持证人办理延续或者重新申请。"),
    Reason.SUPERSEDED: Words("已有新版", "证照已变更或换发，请以新版为准。", "请持证人出示新版证照。"),
    Reason.RESCINDED: Words("已撤回", "证照已被撤回。", "不得再作为凭证；详情请询问颁发机构。"),
    Reason.ANNULLED: Words("已撤销", "证照已被撤销。", "不得再作为凭证；凭其办理过的业务，请与颁发机构联系。"),
    Reason.DEREGISTERED: Words("已注销", "证照已注销。", "不得再作为凭证；详情请询问颁发机构。"),
    Reason.REVOKED: Words("已吊销", "证照已被吊销。", "不得再作为凭证；详情请询问颁发机构。"),
    Reason.LOST: Words("已挂失", "证照已挂失。", "请持证人出示补发的证照；拾得的请交还颁发机构。"),
    Reason.COPY_EXPIRED: Words("加注件已过期", "加注件已超过其有效期；证照本身有效。", "请持证人重新生成加注件。"),
}


def words_of(finding: Finding) -> Words:
    return _WORDS[finding.reason] if finding.reason else GENUINE
