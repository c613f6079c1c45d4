"""Official papers of a case: kinds, their word in the number, the seal they carry."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PaperForm:
    """How a kind of paper is called and numbered."""

    title: str
    word: str


FORMS = {
    "RECEIPT": PaperForm("申请材料接收凭证", "收"),
    "SUPPLEMENT_NOTICE": PaperForm("申请材料补正告知书", "补"),
    "NOT_REQUIRED_NOTICE": PaperForm("不受理告知书", "免"),
    "ACCEPTANCE_REFUSAL": PaperForm("不予受理决定书", "不受"),
    "ACCEPTANCE_NOTICE": PaperForm("受理通知书", "受"),
    "GRANT_DECISION": PaperForm("准予行政许可决定书", "准"),
    "REFUSAL_DECISION": PaperForm("不予行政许可决定书", "不准"),
    "PROOF_OF_SERVICE": PaperForm("送达回证", "送"),
    "SPECIAL_PROCEDURE_NOTICE": PaperForm("特别程序（除外时间）告知书", "特"),
    "EXTENSION_NOTICE": PaperForm("延期通知书", "延"),
    "HEARING_RIGHT_NOTICE": PaperForm("听证告知书", "听告"),
    "HEARING_NOTICE": PaperForm("听证通知书", "听通"),
    "HEARING_ANNOUNCEMENT": PaperForm("听证公告", "听公"),
    "HEARING_RECORD": PaperForm("听证笔录", "听录"),
    "INTERESTED_PARTY_NOTICE": PaperForm("利害关系人告知书", "利告"),
    "STATEMENT_RECORD": PaperForm("陈述申辩笔录", "陈录"),
    "SITE_CHECK_RECORD": PaperForm("现场核查（勘验）笔录", "勘"),
    "STANDING_NOTICE": PaperForm("证照处理事先告知书", "处告"),
    "AMENDMENT_DECISION": PaperForm("准予变更决定书", "变"),
    "RENEWAL_DECISION": PaperForm("准予延续决定书", "续"),
    "RESCISSION_DECISION": PaperForm("撤回决定书", "撤回"),
    "ANNULMENT_DECISION": PaperForm("撤销决定书", "撤销"),
    "DEREGISTRATION_DECISION": PaperForm("注销决定书", "注"),
    "COMMITMENT": PaperForm("告知承诺书", "诺"),
    "RETURN_CONFIRMATION": PaperForm("退件确认单", "退"),
    "WITHDRAWAL_CONFIRMATION": PaperForm("撤回申请确认单", "撤"),
    "TERMINATION_NOTICE": PaperForm("终止办理告知书", "终"),
    "TRANSFER_NOTICE": PaperForm("移送告知书", "移"),
    "SUPERVISION_ORDER": PaperForm("督办函", "督"),
    "SUPERVISION_NOTICE": PaperForm("监察通知书", "监通"),
    "SUPERVISION_ADVICE": PaperForm("监察建议书", "监建"),
}
