"""The page a QR code opens: a verdict in Chinese, a form to ask again. No script, nothing from another host."""

from html import escape

from services.certificate.domain.certificate import chinese, validity_range
from services.certificate.domain.verification import Reason, Verdict
from services.certificate.schemas import VerificationOut
from services.chassis.clock import SHANGHAI as _SHANGHAI

_COLOURS = {
    Verdict.VALID: "#0a7d34",
    Verdict.ALTERED: "#b3261e",
    Verdict.UNKNOWN: "#8a6d00",
    Verdict.NO_LONGER_VALID: "#b3261e",
}
_STYLE = """
body{font:16px/1.7 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC",sans-serif;
margin:0;background:#f4f6f8;color:#1f2328}
main{max-width:34rem;margin:0 auto;padding:1rem}
h1{font-size:1.25rem;margin:1rem 0}
.card{background:#fff;border:1px solid #d8dee4;border-radius:.5rem;padding:1rem 1.25rem;margin-bottom:1rem}
.verdict{font-size:1.6rem;font-weight:700;margin:0}
dl{display:grid;grid-template-columns:6rem 1fr;gap:.25rem .75rem;margin:0}
dt{color:#59636e}dd{margin:0;overflow-wrap:anywhere}
label{display:block;margin:.5rem 0 .25rem}
input[type=text]{width:100%;box-sizing:border-box;padding:.5rem;font:inherit;border:1px solid #8c959f;
border-radius:.25rem}
button{font:inherit;padding:.5rem 1.25rem;margin-top:.75rem;border:0;border-radius:.25rem;background:#0b57d0;color:#fff}
footer{color:#59636e;font-size:.85rem}
"""


def page(result: VerificationOut | None, path: str, problem: str = "") -> str:
    """The whole document; `result` None shows the form alone, `problem` why there is no result."""
    shown = _result(result) if result else f'<div class="card">{escape(problem)}</div>' if problem else ""
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><title>电子证照核验</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>电子证照核验</h1>{shown}{_forms(path)}"
        "<footer>核验结果以查询时登记的状态为准。本页不显示证件号码，持证人姓名已隐去部分。</footer>"
        "</main></body></html>"
    )


def _result(result: VerificationOut) -> str:
    colour = _COLOURS[Verdict.ALTERED if result.reason is Reason.FORGED else result.verdict]
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _rows(result))
    return (
        f'<div class="card"><p class="verdict" style="color:{colour}">{escape(result.label)}</p>'
        f"<p>{escape(result.message)}</p><p><b>怎么办：</b>{escape(result.advice)}</p><dl>{rows}</dl></div>"
    )


def _rows(result: VerificationOut) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    if (known := result.certificate) is not None:
        rows = [
            ("证照名称", known.type_name),
            ("持证人", known.holder_name),
            ("颁发机构", known.issuer_name),
            ("颁发日期", chinese(known.issued_on)),
            ("有效期", validity_range(known.valid_from, known.valid_until)),
            ("证照标识", known.identifier),
        ]
    if (stamped := result.stamped) is not None:
        rows.append(("标记", stamped.mark))
    if (paper := result.paper) is not None:
        rows = [
            ("文书", paper.kind_name),
            ("文号", paper.number),
            ("出具机关", paper.issuer_name),
            ("日期", chinese(paper.issued_on)),
        ]
    if (issued_in := result.issued_in) is not None:
        rows.append(("颁发地区", issued_in.name))
    elif result.region is not None:
        rows.append(("颁发地区划", result.region))
    return [*rows, ("核验时间", result.checked_at.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"))]


def _forms(path: str) -> str:
    # What is typed goes into the body: somebody may type a citizen's number, which has no place in an address.
    return (
        f'<form class="card" method="post" action="{escape(path)}"><label for="identifier">按证照标识核验</label>'
        '<input type="text" id="identifier" name="identifier" maxlength="128" required autocomplete="off">'
        "<button>核验</button></form>"
        f'<form class="card" method="post" enctype="multipart/form-data" action="{escape(path)}">'
        '<label for="file">上传 PDF 文件核验（不超过 20 MiB）</label>'
        '<input type="file" id="file" name="file" accept="application/pdf" required>'
        '<label for="code">文件上二维码扫描所得的内容（可不填，填写后一并核对）</label>'
        '<input type="text" id="code" name="code" maxlength="4400" autocomplete="off"><br><button>核验</button></form>'
    )
