"""Synthetic jobs, one of each kind, for the tests of rendering, sealing and verification."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from services.certificate.files import contents as c

AT = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)
URL = "https://fw.example.gov.cn/api/v1/certificates/verify?identifier="
IDENTIFIER = "1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY24312020000001.001.I"
SEAL = c.SealBody(name="示例市鹤城区市场监督管理局", uscc="11431202006100029C", purpose="行政许可专用章")
BODY_SEAL = replace(SEAL, purpose="")
REMEDIES = c.Remedies(reconsideration_body="示例市鹤城区人民政府", court="示例市鹤城区人民法院")
HEADER: dict[str, Any] = {
    "reference": "0197a1b2-0000-7000-8000-000000000001",
    "body_name": SEAL.name,
    "number": "鹤市监受〔2026〕12号",
    "applicant_name": "鹤城区老街口味小吃店",
    "applicant_number_label": "统一社会信用代码",
    "applicant_number": "92431202MA0000031L",
    "item_name": "食品经营许可（新办）",
    "item_code": "11431202006100029C3000131002001",
    "case_no": "11431202006100029C3000131002001202603020001",
    "query_code": "K7M2Q9XP",
    "dated_on": date(2026, 3, 4),
    "verification_url": "https://fw.example.gov.cn/api/v1/certificates/verify?paper=0197a1b2-0000-7000-8000-000000000001",
}


def a_certificate(**changes: Any) -> c.Job:
    given: dict[str, Any] = {
        "reference": IDENTIFIER,
        "title": "食品经营许可证",
        "number": "JY24312020000001",
        "holder_name": "鹤城区老街口味小吃店",
        "holder_number_label": "统一社会信用代码",
        "holder_number": "92431202MA0000031L",
        "issuer_name": SEAL.name,
        "issued_on": date(2026, 3, 4),
        "valid_from": date(2026, 3, 4),
        "valid_until": date(2031, 3, 3),
        "lines": (
            c.Line(label="经营者（负责人）", value="张三丰"),
            c.Line(label="经营场所", value="示例市鹤城区迎丰中路128号1栋101室"),
            c.Line(label="主体业态", value="餐饮服务经营者（小型餐馆）"),
            c.Line(label="经营项目", value="热食类食品制售；冷食类食品制售；自制饮品制售（不含酒类）"),
        ),
        "verification_url": URL + IDENTIFIER,
        "record_sha256": "0" * 64,
    }
    return c.Job(contents=c.Certificate(**(given | changes)), seal=BODY_SEAL, at=AT)


def papers() -> dict[str, c.AnyPaper]:
    """One paper of every kind."""
    made = (receipt(), supplement_notice(), not_required(), refusal_of_acceptance(), acceptance())
    return {paper.kind: paper for paper in (*made, grant(), refusal(), proof_of_service())}


def a_job(paper: c.AnyPaper | c.Certificate) -> c.Job:
    return c.Job(contents=paper, seal=SEAL, at=AT)


def receipt() -> c.Receipt:
    return c.Receipt(
        **HEADER,
        materials=(
            c.MaterialLine(name="食品经营许可申请书", form="原件"),
            c.MaterialLine(name="营业执照", form="电子证照", note="复用电子证照，免提交"),
            c.MaterialLine(name="食品经营场所布局图及操作流程文件", form="复印件", copies=2),
        ),
        received_at=datetime(2026, 3, 2, 1, 5, tzinfo=UTC),
        clerk_name="李小兰",
        notice_due_on=date(2026, 3, 9),
        contact="综合窗口3号 0745-2200000",
    )


def supplement_notice() -> c.SupplementNotice:
    return c.SupplementNotice(
        **HEADER,
        received_on=date(2026, 3, 2),
        faults=(
            c.FaultLine(name="食品安全管理制度", fault="未提交", remedy="提交加盖公章的食品安全管理制度一份"),
            c.FaultLine(
                name="场所布局图",
                fault="未标注专间位置，与申请书不一致",
                remedy="重新绘制并标注专间",
                shown_by="申请书",
            ),
        ),
        supply_by=date(2026, 4, 1),
        contact="综合窗口3号 0745-2200000",
    )


def not_required() -> c.NotRequiredNotice:
    return c.NotRequiredNotice(
        **HEADER,
        reason="销售食用农产品，不需要取得食品经营许可。（《中华人民共和国食品安全法》第三十五条第一款）",
        received_on=date(2026, 3, 4),
    )


def refusal_of_acceptance() -> c.AcceptanceRefusal:
    return c.AcceptanceRefusal(
        **HEADER,
        reason="申请事项为食品生产许可，经营场所位于示例市经济开发区，不属于本机关职权范围。",
        basis=c.ART_32_2,
        competent_body="示例市市场监督管理局",
        remedies=REMEDIES,
        received_on=date(2026, 3, 4),
    )


def acceptance() -> c.AcceptanceNotice:
    return c.AcceptanceNotice(
        **HEADER,
        accepted_on=date(2026, 3, 4),
        legal_due_on=date(2026, 3, 18),
        promised_due_on=date(2026, 3, 13),
        handling_department=SEAL.name,
        query_method="凭办件编号或者查询码，在本平台、政务服务大厅窗口或者扫描本通知书二维码查询",
        fee="不收费",
        material_count=3,
    )


def grant() -> c.GrantDecision:
    return c.GrantDecision(
        **HEADER,
        licence=True,
        accepted_on=date(2026, 3, 4),
        content="准予鹤城区老街口味小吃店从事餐饮服务经营活动。",
        scope="热食类食品制售；冷食类食品制售；自制饮品制售（不含酒类）。经营场所：示例市鹤城区迎丰中路128号1栋101室。",
        conditions="不得超出许可范围经营；在经营场所显著位置展示许可证。",
        valid_from=date(2026, 3, 4),
        valid_until=date(2031, 3, 3),
        certificate_name="食品经营许可证",
        deliver_by=date(2026, 3, 18),
        basis="《中华人民共和国行政许可法》第三十八条第一款、《中华人民共和国食品安全法》第三十五条第二款",
    )


def refusal() -> c.RefusalDecision:
    return c.RefusalDecision(
        **HEADER,
        licence=True,
        accepted_on=date(2026, 3, 4),
        facts="经现场核查，经营场所距离开放式垃圾收集点约8米，且未设置冷食专间。",
        reasons="经营场所与污染源的距离不足25米，不符合食品经营许可的场所条件；拟从事冷食类食品制售，应当设置专间而未设置。",
        basis="《中华人民共和国行政许可法》第三十八条第二款\n《中华人民共和国食品安全法》第三十三条第一款第（一）项",
        technical_standard="《食品安全国家标准 餐饮服务通用卫生规范》（GB 31654-2021）",
        remedies=REMEDIES,
    )


def proof_of_service() -> c.ProofOfService:
    return c.ProofOfService(
        **HEADER,
        documents=("准予行政许可决定书", "食品经营许可证"),
        method="邮寄送达",
        served_at=datetime(2026, 3, 6, 7, 20, tzinfo=UTC),
        place="示例市鹤城区迎丰中路128号",
        recipient_name="王小明",
        recipient_relation="本人",
        tracking_no="EX1234567890CN",
        clerk_name="赵出证",
    )
