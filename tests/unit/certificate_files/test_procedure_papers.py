"""Papers around and after the decision: each says what the law demands of its kind, and cannot be built without."""

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from contracts.events.certificate import PaperKind
from services.certificate.domain.paper import FORMS
from services.certificate.files.contents import AnyPaper, dump_job, load_job
from services.certificate.files.contents_procedure import Officer, Participant
from services.certificate.files.errors import IncompleteContents
from services.certificate.files.rendering import render
from tests.support import certificate_files as samples
from tests.support import certificate_papers as more

PAPERS = more.procedure_papers() | more.after_papers()
HEADER = ("鹤市监受〔2026〕12号", "食品经营许可（新办）", "11431202006100029C3000131002001202603020001", "K7M2Q9XP")
REMEDIES = ("60日内向示例市鹤城区人民政府申请行政复议", "6个月内依法向示例市鹤城区人民法院提起行政诉讼")
HEARING = ("2026年3月20日9时00分", "区市场监督管理局三楼听证室", "郑公正")
CERTIFICATE = ("《食品经营许可证》", "JY24312020000001", "2026年4月1日起生效")
LETTER = (
    *("JC20260320000000001", "示例市鹤城区市场监督管理局", "食品经营科", "行政许可", "R-02", "黄牌"),
    *("状态产生时间2026年3月20日9时00分", "发出时间2026年3月20日12时00分", "超过承诺办结时限1个工作日"),
    *("请速办理", "2026年3月24日前"),
)
DEMANDED = {
    "SPECIAL_PROCEDURE_NOTICE": (
        *("特别程序（除外时间）告知书", "特别程序种类专家评审", "第四十五条", "所需时间10个工作日"),
        *("开始日期2026年3月6日", "暂停计算办理期限", "预计顺延至2026年4月1日", "批准人周局长", "新工艺"),
    ),
    "EXTENSION_NOTICE": (
        *("延期通知书", "向原发证机关核实", "延长期限10个工作日", "延长后办结日期2026年4月16日"),
        *("周局长（本行政机关负责人）", "第四十二条第一款"),
    ),
    "HEARING_RIGHT_NOTICE": (
        *("听证告知书", "李四方", "享有要求听证的权利", "5个工作日内（2026年3月11日前", "第四十七条"),
        *("二十个工作日内组织听证", "不承担本机关组织听证的费用"),
    ),
    "HEARING_NOTICE": ("听证通知书", *HEARING, "政策法规科科长", "申请回避", "公开举行", "第四十八条"),
    "HEARING_ANNOUNCEMENT": ("听证公告", *HEARING, "第四十六条", "报名截止2026年3月17日", "公开举行"),
    "HEARING_RECORD": (
        *("听证笔录", *HEARING, "何记录", "张三丰（申请人）", "李四方（利害关系人）", "王承办（审查人员）"),
        *("水平距离11米", "要求加装净化装置", "同意加装并定期清洗", "确认无误后签字或者盖章", "根据本听证笔录作出决定"),
    ),
    "INTERESTED_PARTY_NOTICE": (
        *(
            "利害关系人告知书",
            "李四方：",
            "烟道于楼顶排放",
            "影响居住环境",
            "2026年3月13日前",
            "陈述和申辩",
            "第三十六条",
        ),
    ),
    "STATEMENT_RECORD": ("陈述申辩笔录", "李四方（利害关系人）", "限制营业时间", "部分采纳", "王承办", "核对无误"),
    "SITE_CHECK_RECORD": (
        *("现场核查（勘验）笔录", "吴核查（证号：43120000101）", "郑核查（证号：43120000102）", "迎丰中路128号"),
        *("2026年3月20日9时00分至2026年3月20日12时00分", "冷食专间，面积6平方米", "9f" * 32, "门头.jpg"),
        *("属实，无异议", "张三丰（当事人）", "第三十四条第三款"),
    ),
    "AMENDMENT_DECISION": (
        *("准予变更行政许可决定书", *CERTIFICATE, "第四十九条", "热食类、冷食类食品制售", "变更前"),
    ),
    "RENEWAL_DECISION": ("准予延续行政许可决定书", *CERTIFICATE, "第五十条", "自2031年3月4日起至2036年3月3日止"),
    "RESCISSION_DECISION": (
        *("撤回行政许可决定书", *CERTIFICATE, "第八条第二款", "客观情况发生重大变化", "依法给予补偿", *REMEDIES),
    ),
    "ANNULMENT_DECISION": (
        *("撤销行政许可决定书", *CERTIFICATE, "第六十九条第二款", "以欺骗手段", "不受保护", *REMEDIES),
    ),
    "DEREGISTRATION_DECISION": ("注销行政许可决定书", *CERTIFICATE, "第七十条", "届满未延续", *REMEDIES),
    "COMMITMENT": (
        *("告知承诺书", "行政机关告知", "第十二条", "合法使用权", "记入信用记录", "不动产登记信息核查", "公开期限一年"),
        *("申请人承诺", "愿意承担不实承诺的法律责任", "承诺人张三丰", "可靠的电子签名", "2026年3月20日9时00分"),
    ),
    "RETURN_CONFIRMATION": ("退件确认单", "逾期未补正", "营业执照", "原件", "经办人李小兰"),
    "WITHDRAWAL_CONFIRMATION": ("撤回申请确认单", "不再经营", "撤回人张三丰", "没有需要退还的材料"),
    "TERMINATION_NOTICE": ("终止办理告知书", "主体资格终止", "批准人周局长", *REMEDIES),
    "TRANSFER_NOTICE": ("移送告知书", "区消防救援大队办理", "移送机关区消防救援大队", "属于消防职权"),
    "SUPERVISION_ORDER": ("督办函", *LETTER, "督办内容"),
    "SUPERVISION_NOTICE": ("监察通知书", *LETTER, "督办内容"),
    "SUPERVISION_ADVICE": ("监察建议书", *LETTER, "监察建议"),
}
LACKING: tuple[tuple[AnyPaper, dict[str, Any], str], ...] = (
    (more.special_procedure(), {"time_needed": ""}, "art. 45: without the time needed in writing"),
    (more.special_procedure(), {"approver_name": " "}, "art. 45: without who approved"),
    (more.extension(), {"reason": ""}, "art. 42: without the reason that the applicant is told"),
    (more.extension(), {"approver_name": ""}, "art. 42: without the head who approved"),
    (more.right_to_hearing(), {"addressees": ()}, "art. 47: told to nobody"),
    (more.hearing(), {"place": ""}, "art. 48(1): without the place"),
    (more.hearing(), {"chair_name": ""}, "art. 48(3): without the chair"),
    (more.announcement(), {"matter": ""}, "art. 46: without the matter"),
    (more.hearing_record(), {"participants": ()}, "art. 48(5): with nobody to sign"),
    (more.hearing_record(), {"record": ""}, "art. 48(5): with nothing said"),
    (more.interested_party(), {"interest": ""}, "art. 36: without the interest"),
    (more.statement(), {"statement": "\n"}, "art. 36: without a statement"),
    (more.site_check(), {"facts": ""}, "art. 34: without facts"),
    (more.site_check(), {"party_name": ""}, "art. 34: silent about who was there"),
    (more.amendment(), {"changes": ()}, "art. 49: changing nothing"),
    (more.renewal(), {"valid_from": None}, "art. 50: without the new term"),
    (more.rescission(), {"compensation": ""}, "art. 8: silent about compensation"),
    (more.rescission(), {"remedies": None}, "art. 8: without remedies"),
    (more.annulment(), {"grounds": ""}, "art. 69: without its ground"),
    (more.annulment(), {"remedies": None}, "art. 69: without remedies"),
    (more.deregistration(), {"remedies": None}, "art. 70: without remedies"),
    (more.commitment(), {"liability": ""}, "commitment without liability"),
    (more.commitment(), {"verification": ""}, "commitment without its later check"),
    (more.commitment(), {"commitments": ()}, "commitment that promises nothing"),
    (more.returned(), {"reason": ""}, "return without reason"),
    (more.withdrawn(), {"reason": ""}, "withdrawal without reason"),
    (more.terminated(), {"remedies": None}, "termination without remedies"),
    (more.transferred(), {"competent_body": ""}, "transfer to nobody"),
    (more.letters()[0], {"finding": ""}, "supervision without finding"),
)


def text_of(paper: AnyPaper) -> str:
    reader = PdfReader(BytesIO(render(samples.a_job(paper)).pdf))
    return re.sub(r"\s", "", "".join(page.extract_text() for page in reader.pages))


@pytest.mark.parametrize("kind", DEMANDED)
def test_a_paper_says_everything_the_law_demands_of_its_kind(kind: str) -> None:
    text = text_of(PAPERS[kind])

    assert [demanded for demanded in (*HEADER, *DEMANDED[kind]) if demanded not in text] == []


def test_every_kind_of_paper_has_a_form_contents_a_template_and_demands() -> None:
    kinds = {kind.value for kind in PaperKind}

    assert set(FORMS) == kinds
    assert set(PAPERS) | set(samples.papers()) == kinds
    assert set(DEMANDED) == set(PAPERS)


def test_the_numbers_of_different_kinds_of_paper_never_meet() -> None:
    words = [form.word for form in FORMS.values()]

    assert len(set(words)) == len(words)


@pytest.mark.parametrize(("paper", "lacking"), [pytest.param(p, blank, id=name) for p, blank, name in LACKING])
def test_a_paper_without_what_the_law_demands_cannot_be_built(paper: Any, lacking: dict[str, Any]) -> None:
    with pytest.raises(IncompleteContents, match=next(iter(lacking))):
        replace(paper, **lacking)


@pytest.mark.parametrize(
    "officers",
    [
        pytest.param((), id="nobody"),
        pytest.param((Officer(name="吴核查", number="1"),), id="one"),
        pytest.param((Officer(name="吴核查", number="1"), Officer(name="吴核查", number="1")), id="the same one twice"),
    ],
)
def test_a_site_check_by_fewer_than_two_officers_cannot_be_recorded(officers: tuple[Officer, ...]) -> None:
    with pytest.raises(IncompleteContents, match="two officers"):
        replace(more.site_check(), officers=officers)


def test_the_examiner_cannot_chair_the_hearing() -> None:
    examiner = Participant(name="郑公正", role="审查人员")

    with pytest.raises(IncompleteContents, match="chair"):
        replace(more.hearing_record(), participants=(examiner,))


@pytest.mark.parametrize("kind", PAPERS)
def test_a_job_of_every_kind_survives_being_stored(kind: str) -> None:
    job = samples.a_job(PAPERS[kind])

    assert load_job(dump_job(job)) == job
    assert type(load_job(dump_job(job)).contents) is type(job.contents)


def test_a_long_identifier_or_file_name_stays_in_its_cell() -> None:
    identifier, file = samples.IDENTIFIER, "scan_of_the_lease_contract_of_the_business_premises-2026-final.pdf"
    paper = replace(samples.proof_of_service(), documents=(identifier, file, "x" * 200), tracking_no="9" * 120)

    page = PdfReader(BytesIO(render(samples.a_job(paper)).pdf)).pages[0]

    right_edge = float(page.mediabox.right) - 2.6 / 2.54 * 72
    ends: list[float] = []
    page.extract_text(visitor_text=lambda text, _c, matrix, _f, size: ends.append(matrix[4]) if text.strip() else None)
    assert max(ends) < right_edge
    lines = [re.sub(r"\s", "", line) for line in page.extract_text().splitlines()]
    assert all(len(line) <= 62 for line in lines)
