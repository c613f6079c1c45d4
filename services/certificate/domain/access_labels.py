"""What a person reads of a look at his certificates: who it was, and labels of act, ground and channel. Pure."""

ACTS = {
    "SEARCH": "检索证照",
    "BY_HOLDER": "按持证人获取证照信息",
    "RECORD": "查看证照信息",
    "FILE": "下载证照文件",
    "VERIFY_DATA": "核验证照信息",
    "PRESENTED": "查看本人所出示的字段",
    "SUBMITTED": "录入申请时调取证照",
    "RELIED": "作为办件材料使用",
    "CASE_PAPERS": "查看办件的文书与证照",
    "PAPERS": "查看关于证照的文书",
    "PAPER": "下载关于证照的文书",
    "LOSS": "代为办理挂失或解除挂失",
    "REISSUE": "办理补发",
    "PRINT": "打印证照",
    "COPIES": "查看打印记录和加注件",
    "COPY_FILE": "下载副本或加注件",
    "PROPOSED": "拟对证照作出处理",
    "DECIDED": "对证照作出处理决定",
    "PEER": "其他地区查询证照",
    "ASKED": "向其他地区查询证照",
}
GROUNDS = {
    "CASE": "经办办件",
    "WITH_PURPOSE": "按登记的事由查询",
    "PRESENTED": "本人出示",
    "RELIED": "办件材料复用",
    "AUTHORISED": "持证人授权",
    "WINDOW": "窗口为持证人办理",
    "ISSUER": "颁发机关查看",
    "DECISION": "颁发机关依法处理",
    "SUPERVISION": "监督检查",
    "": "未予答复",
}
CHANNELS = {
    "ONLINE": "网上",
    "MOBILE": "掌上应用",
    "COUNTER": "政务大厅窗口",
    "TOWNSHIP": "乡镇便民服务中心",
    "PROVINCIAL": "省级平台",
    "EXTERNAL": "用证单位接口",
    "": "平台内部",
}
_NOBODY = "未具名"
_A_PERSON = "其他个人"
_WITH_CODE = "持亮证码的人"
_PEOPLE = {"ONLINE", "MOBILE"}


def who(act: str, organisation: str, agent_name: str, channel: str) -> str:
    """The body that looked, or the agent whom the holder chose; of another person nothing but that it was one."""
    if agent_name:
        return f"代理人{agent_name}"
    if organisation:
        return organisation
    if act == "PRESENTED":
        return _WITH_CODE
    return _A_PERSON if channel in _PEOPLE else _NOBODY


def label(labels: dict[str, str], code: str) -> str:
    return labels.get(code, code)


def basis(ground: str, purpose: str, case_no: str | None, item_name: str | None) -> str:
    """Why it was looked at, in one line: ground, case with its item, purpose."""
    said = [label(GROUNDS, ground)]
    if case_no:
        said.append(f"办件 {case_no}" + (f"（{item_name}）" if item_name else ""))
    if purpose:
        said.append(f"事由：{purpose}")
    return "；".join(said)
