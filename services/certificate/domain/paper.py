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
}
