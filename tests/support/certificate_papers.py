"""Synthetic papers of the kinds between acceptance and decision, and after it: one of each."""

from dataclasses import replace
from datetime import UTC, date, datetime

from services.certificate.files import contents as c
from services.certificate.files import contents_after as after
from services.certificate.files import contents_procedure as procedure
from tests.support.certificate_files import HEADER, REMEDIES

CONTACT = "食品经营科 0745-2200001"
MATTER = "在示例市鹤城区迎丰中路128号1栋101室开设小型餐馆，油烟经专用烟道于楼顶排放。"
NINE = datetime(2026, 3, 20, 1, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
APPLICANT, NEIGHBOUR = "鹤城区老街口味小吃店", "李四方"


def procedure_papers() -> dict[str, c.AnyPaper]:
    """Between acceptance and decision."""
    made: tuple[c.AnyPaper, ...] = (special_procedure(), extension(), right_to_hearing(), hearing(), announcement())
    made = (*made, hearing_record(), interested_party(), statement(), site_check())
    return {paper.kind: paper for paper in made}


def after_papers() -> dict[str, c.AnyPaper]:
    """After a decision, or instead of one."""
    made: tuple[c.AnyPaper, ...] = (
        standing_notice(),
        amendment(),
        renewal(),
        rescission(),
        annulment(),
        deregistration(),
    )
    made = (*made, commitment(), returned(), withdrawn(), terminated(), transferred(), *letters())
    return {paper.kind: paper for paper in made}


def special_procedure() -> procedure.SpecialProcedureNotice:
    return procedure.SpecialProcedureNotice(
        **HEADER,
        procedure="专家评审",
        reason="加工流程采用新工艺，需要组织专家对食品安全风险进行评审。",
        starts_on=date(2026, 3, 6),
        time_needed="10个工作日",
        expected_until=date(2026, 3, 20),
        due_on=date(2026, 3, 18),
        expected_due_on=date(2026, 4, 1),
        approver_name="周局长",
    )


def extension() -> procedure.ExtensionNotice:
    return procedure.ExtensionNotice(
        **HEADER,
        accepted_on=date(2026, 3, 4),
        reason="需要向原发证机关核实证明材料，核实结果尚未返回。",
        extended_by="10个工作日",
        due_on=date(2026, 4, 1),
        new_due_on=date(2026, 4, 16),
        approver_name="周局长",
        approver_post="本行政机关负责人",
    )


def right_to_hearing() -> procedure.HearingRightNotice:
    return procedure.HearingRightNotice(
        **HEADER,
        addressees=(APPLICANT, NEIGHBOUR),
        matter=MATTER + "烟道紧邻二楼住户李四方的卧室。",
        request_by=date(2026, 3, 11),
        contact=CONTACT,
    )


def hearing() -> procedure.HearingNotice:
    return procedure.HearingNotice(
        **HEADER,
        addressees=(APPLICANT, NEIGHBOUR),
        matter=MATTER,
        held_at=NINE,
        place="区市场监督管理局三楼听证室",
        chair_name="郑公正",
        chair_post="政策法规科科长",
        contact=CONTACT,
    )


def announcement() -> procedure.HearingAnnouncement:
    return procedure.HearingAnnouncement(
        **HEADER,
        matter=MATTER,
        held_at=NINE,
        place="区市场监督管理局三楼听证室",
        chair_name="郑公正",
        contact="报名截止2026年3月17日，" + CONTACT,
    )


def hearing_record() -> procedure.HearingRecord:
    return procedure.HearingRecord(
        **HEADER,
        matter=MATTER,
        held_at=NINE,
        ended_at=NOON,
        place="区市场监督管理局三楼听证室",
        chair_name="郑公正",
        recorder_name="何记录",
        participants=(
            procedure.Participant(name="张三丰", role="申请人"),
            procedure.Participant(name=NEIGHBOUR, role="利害关系人"),
            procedure.Participant(name="王承办", role="审查人员"),
        ),
        examination="排烟口与卧室窗户水平距离11米，符合技术规范。",
        record="李四方：要求加装净化装置。\n张三丰：同意加装并定期清洗。",
    )


def interested_party() -> procedure.InterestedPartyNotice:
    return procedure.InterestedPartyNotice(
        **HEADER,
        party_name=NEIGHBOUR,
        matter=MATTER,
        interest="拟设排烟管道紧邻你的住宅，可能影响居住环境。",
        speak_by=date(2026, 3, 13),
        contact=CONTACT,
    )


def statement() -> procedure.StatementRecord:
    return procedure.StatementRecord(
        **HEADER,
        speaker_name=NEIGHBOUR,
        speaker_role="利害关系人",
        spoken_at=NINE,
        place="区政务服务中心调解室",
        officers=("王承办", "何记录"),
        statement="担心油烟和噪声影响休息，要求限制营业时间。",
        consideration="部分采纳：要求安装净化设施。",
    )


def site_check() -> procedure.SiteCheckRecord:
    return procedure.SiteCheckRecord(
        **HEADER,
        officers=(
            procedure.Officer(name="吴核查", number="43120000101"),
            procedure.Officer(name="郑核查", number="43120000102"),
        ),
        checked_at=NINE,
        ended_at=NOON,
        place="示例市鹤城区迎丰中路128号1栋101室",
        facts="加工区与就餐区分隔，设有冷食专间，面积6平方米。",
        conclusion="符合食品经营场所要求。",
        photos=(
            procedure.Photo(name="现场照片-20260320-冷食专间.jpg", sha256="9f" * 32),
            procedure.Photo(name="门头.jpg"),
        ),
        party_name="张三丰",
        party_statement="属实，无异议。",
    )


def standing_notice() -> after.StandingNotice:
    return after.StandingNotice(
        **HEADER,
        act="撤销",
        licence=True,
        certificate_name="食品经营许可证",
        certificate_number="JY24312020000001",
        grounds="被许可人以欺骗、贿赂等不正当手段取得行政许可。",
        facts="提交的房屋产权证明系伪造。",
        basis="《中华人民共和国行政许可法》第六十九条第二款",
        speak_by=date(2026, 3, 13),
        contact="综合窗口3号",
    )


def amendment() -> after.StandingDecision:
    return after.StandingDecision(
        **HEADER,
        kind="AMENDMENT_DECISION",
        licence=True,
        certificate_name="食品经营许可证",
        certificate_number="JY24312020000001",
        grounds="被许可人申请变更许可事项（第四十九条）。",
        facts="申请增加冷食类食品制售，经现场核查符合条件。",
        basis="《中华人民共和国行政许可法》第四十九条",
        effective_on=date(2026, 4, 1),
        changes=(after.ChangeLine(what="经营项目", before="热食类食品制售", after="热食类、冷食类食品制售"),),
    )


def renewal() -> after.StandingDecision:
    return replace(
        amendment(),
        kind="RENEWAL_DECISION",
        grounds="有效期届满前申请延续（第五十条）。",
        facts="经营条件未发生变化。",
        basis="《中华人民共和国行政许可法》第五十条第二款",
        changes=(),
        valid_from=date(2031, 3, 4),
        valid_until=date(2036, 3, 3),
    )


def rescission() -> after.StandingDecision:
    return replace(
        amendment(),
        kind="RESCISSION_DECISION",
        grounds="准予许可所依据的客观情况发生重大变化，为了公共利益的需要（第八条第二款）。",
        facts="经营场所所在楼栋列入地质灾害危险区。",
        basis="《中华人民共和国行政许可法》第八条第二款",
        changes=(),
        compensation="因撤回造成的财产损失，依法给予补偿，请于三十日内提出。",
        remedies=REMEDIES,
    )


def annulment() -> after.StandingDecision:
    return replace(
        rescission(),
        kind="ANNULMENT_DECISION",
        grounds="以欺骗手段取得行政许可（第六十九条第二款）。",
        facts="提交的房屋产权证明系伪造。",
        basis="《中华人民共和国行政许可法》第六十九条第二款",
        compensation="基于该行政许可取得的利益不受保护。",
    )


def deregistration() -> after.StandingDecision:
    return replace(
        rescission(),
        kind="DEREGISTRATION_DECISION",
        grounds="行政许可有效期届满未延续（第七十条第一项）。",
        facts="有效期于2026年3月3日届满，未提出延续申请。",
        basis="《中华人民共和国行政许可法》第七十条",
        compensation="",
    )


def commitment() -> after.CommitmentPaper:
    return after.CommitmentPaper(
        **HEADER,
        basis="《食品经营许可和备案管理办法》第十二条",
        proof_name="房屋使用证明",
        proof_content="经营场所的合法使用权。",
        liability="承诺不实的，依法撤销行政许可，记入信用记录。",
        verification="作出决定后两个月内通过不动产登记信息核查。",
        publication="在本机关网站公开，公开期限一年。",
        commitments=("已经知晓告知事项", "符合告知的条件", "愿意承担不实承诺的法律责任"),
        promised_by="张三丰",
        promised_at=NINE,
        signature_method="可靠的电子签名",
    )


def returned() -> after.EndConfirmation:
    return after.EndConfirmation(
        **HEADER,
        kind="RETURN_CONFIRMATION",
        reason="逾期未补正申请材料，且无正当理由。",
        basis="补正告知书载明的期限",
        ended_at=NINE,
        ended_by="李小兰",
        materials=(after.ReturnedMaterial(name="营业执照", form="原件"),),
        contact=CONTACT,
    )


def withdrawn() -> after.EndConfirmation:
    return replace(
        returned(), kind="WITHDRAWAL_CONFIRMATION", reason="申请人不再经营。", ended_by="张三丰", materials=()
    )


def terminated() -> after.EndConfirmation:
    return replace(
        withdrawn(), kind="TERMINATION_NOTICE", reason="申请人主体资格终止。", ended_by="周局长", remedies=REMEDIES
    )


def transferred() -> after.EndConfirmation:
    body = "区消防救援大队"
    return replace(withdrawn(), kind="TRANSFER_NOTICE", reason="属于消防职权。", competent_body=body)


def letters() -> tuple[after.SupervisionLetter, ...]:
    order = after.SupervisionLetter(
        **HEADER | {"body_name": "示例市鹤城区政务服务中心"},
        kind="SUPERVISION_ORDER",
        supervision_no="JC20260320000000001",
        supervised_body="示例市鹤城区市场监督管理局",
        responsible_department="食品经营科",
        item_type="行政许可",
        rule="R-02",
        light="黄牌",
        state_at=NINE,
        finding="已经超过承诺办结时限1个工作日。",
        requirement="请速办理，并说明超时原因。",
        sent_at=NOON,
        reply_by=date(2026, 3, 24),
    )
    return order, replace(order, kind="SUPERVISION_NOTICE"), replace(order, kind="SUPERVISION_ADVICE")
