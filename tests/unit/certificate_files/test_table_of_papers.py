"""The table of official papers, row by row: what each must say is printed, and none is built without it.

A row is a document of the table, a column what it must contain; the words are those of the sample papers.
"""

import re
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from contracts.events.certificate import PaperKind
from services.certificate.domain.paper import FORMS
from services.certificate.files.contents import AnyPaper
from services.certificate.files.contents_base import Paper
from services.certificate.files.contents_procedure import Participant
from services.certificate.files.errors import IncompleteContents
from services.certificate.files.rendering import render
from tests.support import certificate_files as samples
from tests.support import certificate_papers as more

PAPERS: dict[str, AnyPaper] = samples.papers() | more.procedure_papers() | more.after_papers()
BOTH_WAYS = ("60日内向示例市鹤城区人民政府申请行政复议", "6个月内依法向示例市鹤城区人民法院提起行政诉讼")
SIGNED_OFF = ("签收人（签名）", "签收日期")
OLD_CERTIFICATE = ("《食品经营许可证》", "JY24312020000001", "2026年4月1日起生效")
COMMON = {
    "name of the body": ("示例市鹤城区市场监督管理局",),
    "number": ("鹤市监受〔2026〕12号",),
    "applicant": ("申请人鹤城区老街口味小吃店",),
    "kind of number and number": ("统一社会信用代码92431202MA0000031L",),
    "matter and its code": ("事项名称食品经营许可（新办）", "11431202006100029C3000131002001"),
    "case number": ("办件编号11431202006100029C3000131002001202603020001",),
    "code to scan": ("扫码查验真伪",),
    "date": ("2026年3月4日",),
}
# Who has the query code sees how the case stands: others than the applicant get these.
TO_OTHERS = {
    "HEARING_RIGHT_NOTICE",
    "HEARING_NOTICE",
    "HEARING_ANNOUNCEMENT",
    "INTERESTED_PARTY_NOTICE",
    "HEARING_RECORD",
}
# Signed by those who were there, or addressed to everybody: no line for one recipient.
WITHOUT_RECIPIENT = {"HEARING_ANNOUNCEMENT", "HEARING_RECORD", "STATEMENT_RECORD", "SITE_CHECK_RECORD", "COMMITMENT"}
_LETTER = {
    "case number": ("办件编号11431202006100029C3000131002001202603020001",),
    "what is demanded": ("请速办理，并说明超时原因",),
    "supervised body": ("被督办机构示例市鹤城区市场监督管理局",),
    "type of the matter": ("事项类型行政许可",),
    "when it was sent": ("发出时间2026年3月20日12时00分",),
    "supervision number": ("监察编号JC20260320000000001",),
    "rule": ("监察规则编号R-02",),
    "kind of warning": ("预警类型黄牌",),
    "when the state arose": ("状态产生时间2026年3月20日9时00分",),
    "result": ("监察结果", "已经超过承诺办结时限1个工作日"),
    "responsible department": ("责任部门食品经营科",),
    "reply by": ("2026年3月24日前",),
}
TABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "RECEIPT": {
        "title": ("申请材料接收凭证",),
        "materials: name, form, number": ("食品经营许可申请书原件1", "食品经营场所布局图及操作流程文件复印件2"),
        "electronic reuse": ("营业执照电子证照1复用电子证照，免提交",),
        "time of receipt": ("2026年3月2日9时05分收到",),
        "clerk": ("收件人员：李小兰",),
        "five-day rule": (
            "五个工作日内（2026年3月9日前，含当日）",
            "一次性告知",
            "逾期不告知的，自收到申请材料之日起即为受理",
        ),
        "contact": ("联系方式：综合窗口3号",),
    },
    "SUPPLEMENT_NOTICE": {
        "title": ("申请材料补正告知书",),
        "every fault and its remedy": (
            *("食品安全管理制度未提交提交加盖公章的食品安全管理制度一份", "场所布局图", "未标注专间位置"),
            "重新绘制并标注专间",
        ),
        "basis": ("第三十二条第一款第（四）项",),
        "applicant's deadline": ("2026年4月1日前（含当日）补正上述全部内容",),
        "consequence": ("逾期不补正且无正当理由的，视为放弃本次申请",),
        "date of receipt": ("2026年3月2日收到申请材料",),
        "once": ("一次性告知",),
    },
    "NOT_REQUIRED_NOTICE": {
        "title": ("不受理告知书",),
        "why no licence is needed": ("不需要取得行政许可", "销售食用农产品"),
        "basis": ("第三十二条第一款第（一）项",),
    },
    "ACCEPTANCE_REFUSAL": {
        "title": ("不予受理决定书",),
        "reason": ("不属于本机关职权范围",),
        "basis": ("第三十二条第一款第（二）项",),
        "competent body": ("请向示例市市场监督管理局提出申请",),
        "remedies": BOTH_WAYS,
    },
    "ACCEPTANCE_NOTICE": {
        "title": ("受理通知书",),
        "matter": ("“食品经营许可（新办）”申请",),
        "basis": ("第三十二条第一款第（五）项",),
        "date of acceptance": ("受理日期2026年3月4日",),
        "legal date": ("法定办结日期2026年3月18日",),
        "promised date": ("承诺办结日期2026年3月13日",),
        "handling department": ("承办部门示例市鹤城区市场监督管理局",),
        "how to ask": ("查询方式凭办件编号或者查询码",),
        "fee": ("收费情况不收费",),
        "number of materials": ("共3项",),
    },
    "SPECIAL_PROCEDURE_NOTICE": {
        "title": ("特别程序（除外时间）告知书",),
        "kind": ("特别程序种类专家评审",),
        "basis": ("第四十五条",),
        "time needed": ("所需时间10个工作日",),
        "start": ("开始日期2026年3月6日",),
        "effect on the deadline": ("暂停计算办理期限", "原法定办结日期2026年3月18日", "预计顺延至2026年4月1日"),
        "approver": ("批准人周局长",),
    },
    "EXTENSION_NOTICE": {
        "title": ("延期通知书",),
        "reason": ("向原发证机关核实证明材料",),
        "number of days": ("延长期限10个工作日",),
        "new date": ("延长后办结日期2026年4月16日",),
        "approver": ("批准人周局长（本行政机关负责人）",),
        "basis": ("第四十二条第一款",),
    },
    "HEARING_RIGHT_NOTICE": {
        "title": ("听证告知书",),
        "right": ("享有要求听证的权利", "第四十七条", "不承担本机关组织听证的费用"),
        "five-day limit": ("5个工作日内（2026年3月11日前，含当日）",),
        "to whom": ("鹤城区老街口味小吃店、李四方：",),
    },
    "HEARING_NOTICE": {
        "title": ("听证通知书",),
        "time": ("听证时间2026年3月20日9时00分",),
        "place": ("听证地点区市场监督管理局三楼听证室",),
        "chair": ("听证主持人郑公正（政策法规科科长）",),
        "right to another chair": ("有权申请回避",),
        "basis": ("第四十八条",),
    },
    "HEARING_ANNOUNCEMENT": {
        "title": ("听证公告",),
        "time and place": ("听证时间2026年3月20日9时00分", "听证地点区市场监督管理局三楼听证室"),
        "chair": ("听证主持人郑公正",),
        "basis": ("第四十六条",),
        "public": ("听证公开举行",),
    },
    "HEARING_RECORD": {
        "title": ("听证笔录",),
        "time and place": ("2026年3月20日9时00分", "听证地点区市场监督管理局三楼听证室"),
        "chair and recorder": ("听证主持人郑公正", "记录人何记录"),
        "what was said": ("排烟口与卧室窗户水平距离11米", "要求加装净化装置", "同意加装并定期清洗"),
        "signed": ("张三丰（申请人）年月日", "李四方（利害关系人）年月日", "确认无误后签字或者盖章"),
    },
    "INTERESTED_PARTY_NOTICE": {
        "title": ("利害关系人告知书",),
        "matter": ("油烟经专用烟道于楼顶排放",),
        "interest": ("可能影响居住环境",),
        "until when to speak": ("2026年3月13日前（含当日）", "陈述和申辩"),
        "basis": ("第三十六条",),
    },
    "STATEMENT_RECORD": {
        "title": ("陈述申辩笔录",),
        "who spoke": ("陈述申辩人李四方（利害关系人）",),
        "what was said and what came of it": ("要求限制营业时间", "部分采纳"),
        "signed": ("核对无误", "李四方（利害关系人）年月日", "王承办年月日"),
    },
    "SITE_CHECK_RECORD": {
        "title": ("现场核查（勘验）笔录",),
        "two officers with numbers": ("吴核查（证号：43120000101）", "郑核查（证号：43120000102）"),
        "time": ("2026年3月20日9时00分至2026年3月20日12时00分",),
        "place": ("核查地点示例市鹤城区迎丰中路128号",),
        "facts": ("冷食专间，面积6平方米",),
        "photos": ("现场照片-20260320-冷食专间.jpg", "9f" * 32, "门头.jpg随笔录附卷"),
        "signature of the party": ("张三丰（当事人）年月日",),
        "basis": ("第三十四条第三款",),
    },
    "GRANT_DECISION": {
        "title": ("准予行政许可决定书",),
        "content": ("准予鹤城区老街口味小吃店从事餐饮服务经营活动",),
        "scope": ("二、范围热食类食品制售",),
        "conditions": ("不得超出许可范围经营",),
        "validity": ("自2026年3月4日起至2031年3月3日止",),
        "certificate and when": ("10个工作日内（2026年3月18日前，含当日）颁发、送达《食品经营许可证》",),
        "basis": ("第三十八条第一款", "《中华人民共和国食品安全法》第三十五条第二款"),
    },
    "REFUSAL_DECISION": {
        "title": ("不予行政许可决定书",),
        "facts": ("距离开放式垃圾收集点约8米",),
        "reasons": ("与污染源的距离不足25米",),
        "basis": ("第三十八条第二款", "第三十三条第一款第（一）项"),
        "technical standard": ("GB31654-2021",),
        "remedies": BOTH_WAYS,
    },
    "STANDING_NOTICE": {
        "title": ("拟撤销行政许可事先告知书",),
        "certificate": ("《食品经营许可证》", "JY24312020000001"),
        "ground, facts and basis": ("以欺骗、贿赂等不正当手段取得", "房屋产权证明系伪造", "第六十九条第二款"),
        "until when to speak": ("2026年3月13日前（含当日）", "陈述权、申辩权", "第七条"),
        "still valid": ("本机关作出决定以前，该证件仍然有效",),
    },
    "AMENDMENT_DECISION": {
        "title": ("准予变更行政许可决定书",),
        "ground": ("第四十九条", *OLD_CERTIFICATE),
        "change": ("经营项目热食类食品制售热食类、冷食类食品制售",),
    },
    "RENEWAL_DECISION": {
        "title": ("准予延续行政许可决定书",),
        "ground": ("第五十条", *OLD_CERTIFICATE),
        "new validity": ("自2031年3月4日起至2036年3月3日止",),
    },
    "RESCISSION_DECISION": {
        "title": ("撤回行政许可决定书",),
        "ground": ("第八条第二款", "客观情况发生重大变化", *OLD_CERTIFICATE),
        "compensation": ("依法给予补偿",),
        "remedies": BOTH_WAYS,
    },
    "ANNULMENT_DECISION": {
        "title": ("撤销行政许可决定书",),
        "ground": ("第六十九条第二款", "以欺骗手段取得", *OLD_CERTIFICATE),
        "compensation": ("不受保护",),
        "remedies": BOTH_WAYS,
    },
    "DEREGISTRATION_DECISION": {
        "title": ("注销行政许可决定书",),
        "ground": ("第七十条", "届满未延续", *OLD_CERTIFICATE),
        "remedies": BOTH_WAYS,
    },
    "COMMITMENT": {
        "title": ("告知承诺书",),
        "basis": ("《食品经营许可和备案管理办法》第十二条",),
        "content": ("证明内容经营场所的合法使用权",),
        "liability": ("依法撤销行政许可，记入信用记录",),
        "verification": ("不动产登记信息核查",),
        "publication": ("公开期限一年",),
        "signed by the applicant": (
            "承诺人张三丰",
            "承诺时间2026年3月20日9时00分",
            "可靠的电子签名",
            "愿意承担不实承诺的法律责任",
        ),
    },
    "PROOF_OF_SERVICE": {
        "title": ("送达回证",),
        "documents": ("《准予行政许可决定书》《食品经营许可证》",),
        "method": ("送达方式邮寄送达",),
        "time": ("送达时间2026年3月6日15时20分",),
        "recipient and relation": ("王小明（与受送达人关系：本人）",),
        "signature and tracking number": ("邮件编号EX1234567890CN", "签收确认签名："),
    },
    "RETURN_CONFIRMATION": {
        "title": ("退件确认单",),
        "reason": ("逾期未补正申请材料",),
        "materials returned": ("退还的申请材料（共1项）", "营业执照原件1"),
    },
    "WITHDRAWAL_CONFIRMATION": {
        "title": ("撤回申请确认单",),
        "reason": ("申请人不再经营",),
        "materials returned": ("没有需要退还的材料",),
    },
    "TERMINATION_NOTICE": {"title": ("终止办理告知书",), "reason": ("主体资格终止",), "remedies": BOTH_WAYS},
    "TRANSFER_NOTICE": {
        "title": ("移送告知书",),
        "reason": ("属于消防职权",),
        "competent body": ("移送机关区消防救援大队",),
    },
    "SUPERVISION_ORDER": {"title": ("督办函",), **_LETTER},
    "SUPERVISION_NOTICE": {"title": ("监察通知书",), **_LETTER},
    "SUPERVISION_ADVICE": {"title": ("监察建议书",), **_LETTER},
}
BODY_OF_LETTERS = "示例市鹤城区政务服务中心"
BLANK: dict[type, Any] = {str: " ", tuple: ()}


@cache
def text_of(kind: str) -> str:
    """Without blanks: justified Chinese has some where lines break."""
    pages = PdfReader(BytesIO(render(samples.a_job(PAPERS[kind])).pdf)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        pytest.param(kind, words, id=f"{FORMS[kind].title}: {column}")
        for kind, columns in TABLE.items()
        for column, words in columns.items()
    ],
)
def test_a_paper_prints_what_its_row_of_the_table_demands(kind: str, words: tuple[str, ...]) -> None:
    text = text_of(kind)

    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("kind", TABLE)
def test_every_paper_has_the_common_header_and_a_sign_off(kind: str) -> None:
    text = text_of(kind)

    lacking = [column for column, words in COMMON.items() if any(word not in text for word in words)]
    assert lacking == []
    assert ("查询码：K7M2Q9XP" in text) is (kind not in TO_OTHERS)
    if kind not in WITHOUT_RECIPIENT | {"PROOF_OF_SERVICE"}:  # which is one whole sign-off
        assert [words for words in SIGNED_OFF if words not in text] == []


def test_every_kind_of_paper_has_a_form_contents_a_template_and_a_row() -> None:
    kinds = {kind.value for kind in PaperKind}

    assert set(FORMS) == set(PAPERS) == set(TABLE) == kinds


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, paper in PAPERS.items() for name in (*paper.HEADER, *paper.DEMANDED)],
)
def test_a_paper_that_lacks_a_demanded_value_cannot_be_built(kind: str, name: str) -> None:
    blank = BLANK[type(getattr(PAPERS[kind], name))]

    with pytest.raises(IncompleteContents, match=name):
        replace(PAPERS[kind], **{name: blank})


def test_advice_about_a_departments_work_has_no_case_and_an_order_always_has_one() -> None:
    order, _, advice = more.letters()
    no_case = dict.fromkeys(order.OF_CASE, "")

    pages = PdfReader(BytesIO(render(samples.a_job(replace(advice, **no_case))).pdf)).pages  # type: ignore[arg-type]

    text = re.sub(r"\s", "", "".join(page.extract_text() for page in pages))
    assert "你单位的政务服务工作存在以下情况" in text
    assert [word for word in ("申请人", "办件编号", "查询码") if word in text] == []
    with pytest.raises(IncompleteContents, match="case_no"):
        replace(order, **no_case)  # type: ignore[arg-type]


@pytest.mark.parametrize("people", [1, 12, 36])
def test_everybody_signs_however_many_there_are_and_the_seal_never_stands_alone(people: int) -> None:
    names = [f"参加人第{number}号" for number in range(people)]
    said = tuple(Participant(name=name, role="利害关系人") for name in names)

    made = render(samples.a_job(replace(more.hearing_record(), participants=said)))

    pages = [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(BytesIO(made.pdf)).pages]
    text = "".join(pages)
    assert [name for name in names if f"{name}（利害关系人）年月日" not in text] == []
    assert "根据本听证笔录作出决定" in pages[made.seal_page]


def test_only_texts_without_effect_on_the_law_may_be_blank() -> None:
    """Every text of a paper is demanded, unless it is one of those that a paper may do without."""
    free = {
        "agent_name",
        *("notice", "chair_post", "examination", "place", "consideration", "conclusion", "party_statement"),  # records
        *("contact", "again_because", "signed_record"),
        *(
            "act",
            "excluded",
            "fee",
            "scope",
            "conditions",
            "certificate_name",
            "technical_standard",
        ),  # said if there is such
        *("competent_body", "tracking_no", "compensation"),  # demanded where the ground or the way needs it
    }

    texts = {
        (kind, name)
        for kind, paper in PAPERS.items()
        for name, value in vars(paper).items()
        if isinstance(value, str) and name != "kind"
    }
    demanded = {(kind, name) for kind, paper in PAPERS.items() for name in (*Paper.HEADER, *paper.DEMANDED)}
    assert {name for _, name in texts - demanded} - free == set()
