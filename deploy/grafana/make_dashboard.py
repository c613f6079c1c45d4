"""Writes dashboard.json; run it again after a change: python -m deploy.grafana.make_dashboard."""

import json
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("dashboard.json")
WIDTH, HEIGHT = 8, 7
PROCESS = "{{service}} {{component}}"
REQUESTS = "http_server_request_duration_seconds"

# (title, unit, ((query, legend), ...)); a row of three panels per section
SECTIONS: dict[str, tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]] = {
    "请求 Requests": (
        ("每秒请求", "reqps", ((f"sum by (service) (rate({REQUESTS}_count[$__rate_interval]))", "{{service}}"),)),
        (
            "失败比例 (5xx)",
            "percentunit",
            (
                (
                    f'sum by (service) (rate({REQUESTS}_count{{status=~"5.."}}[$__rate_interval])) '
                    f"/ sum by (service) (rate({REQUESTS}_count[$__rate_interval]))",
                    "{{service}}",
                ),
            ),
        ),
        (
            "耗时 p50 / p99",
            "s",
            tuple(
                (
                    f"histogram_quantile({quantile}, sum by (service, le) (rate({REQUESTS}_bucket[$__rate_interval])))",
                    f"{{{{service}}}} p{percent}",
                )
                for quantile, percent in ((0.5, 50), (0.99, 99))
            ),
        ),
    ),
    "事件送出 Facts leaving": (
        ("最老的未送出事件", "s", (("max by (service) (outbox_oldest_unsent_seconds)", "{{service}}"),)),
        ("未送出事件", "short", (("max by (service) (outbox_unsent)", "{{service}}"),)),
        (
            "每秒送出",
            "short",
            (("sum by (service) (rate(events_published_total[$__rate_interval]))", "{{service}}"),),
        ),
    ),
    "事件处理 Facts arriving": (
        (
            "从提交到生效 p99",
            "s",
            (
                (
                    "histogram_quantile(0.99, sum by (consumer, le) "
                    "(rate(consumer_lag_seconds_bucket[$__rate_interval])))",
                    "{{consumer}}",
                ),
            ),
        ),
        ("积压", "short", (("max by (consumer) (consumer_pending)", "{{consumer}}"),)),
        (
            "每秒处理",
            "short",
            (("sum by (consumer) (rate(events_handled_total[$__rate_interval]))", "{{consumer}}"),),
        ),
    ),
    "异常 Trouble": (
        ("处理失败待处理的事件", "short", (("max by (service) (dead_letter_open)", "{{service}}"),)),
        (
            "重复、缺口、重试",
            "short",
            (
                ("sum by (consumer) (rate(inbox_duplicates_total[$__rate_interval]))", "{{consumer}} 重复"),
                ("sum by (consumer) (rate(consumer_gap_total[$__rate_interval]))", "{{consumer}} 缺口"),
                ("sum by (consumer) (rate(consumer_retries_total[$__rate_interval]))", "{{consumer}} 重试"),
            ),
        ),
        (
            "定时任务失败",
            "short",
            (("sum by (service, timer) (increase(timer_failures_total[1h]))", "{{service}} {{timer}}"),),
        ),
    ),
    "监察 Supervision": (
        (
            "亮灯（24 小时）",
            "short",
            (
                ("sum by (level) (increase(supervision_lights_fired_total[1d]))", "{{level}}"),
                ("sum by (level) (increase(supervision_lights_voided_total[1d]))", "{{level}} 撤回"),
            ),
        ),
        (
            "到期日与办理服务不一致（24 小时）、无法布设的灯",
            "short",
            (
                ("sum by (limit) (increase(supervision_due_date_differences_total[1d]))", "{{limit}}"),
                ("max(supervision_cases_unarmed)", "无法布设"),
            ),
        ),
        ("到期未亮的灯已等待", "s", (("max(supervision_sweep_behind_seconds)", "最久"),)),
    ),
    "证照复用与登录 Reuse and log-ins": (
        (
            "免交的材料（24 小时，按事项）",
            "short",
            (("sum by (item) (increase(intake_uploads_avoided_total[1d]))", "{{item}}"),),
        ),
        (
            "免交的材料（合计）",
            "short",
            (
                ("sum(increase(intake_uploads_avoided_total[1d]))", "24 小时"),
                ("sum(increase(intake_uploads_avoided_total[7d]))", "7 天"),
            ),
        ),
        (
            "登录（每小时，按结果）",
            "short",
            (("sum by (result) (increase(identity_logins_total[1h]))", "{{result}}"),),
        ),
    ),
    "进程 Processes": (
        (
            "内存",
            "bytes",
            (("sum by (service, component) (process_resident_memory_bytes)", "{{service}} {{component}}"),),
        ),
        (
            "处理器",
            "percentunit",
            (
                (
                    "sum by (service, component) (rate(process_cpu_seconds_total[$__rate_interval]))",
                    PROCESS,
                ),
            ),
        ),
        ("节假日数据剩余天数", "d", (("min(approval_calendar_days_left)", "天"),)),
    ),
}


def panel(number: int, title: str, unit: str, queries: tuple[tuple[str, str], ...], x: int, y: int) -> dict[str, Any]:
    """One time series."""
    targets = [
        {"refId": chr(ord("A") + index), "expr": query, "legendFormat": legend, "editorMode": "code", "range": True}
        for index, (query, legend) in enumerate(queries)
    ]
    return {
        "id": number,
        "type": "timeseries",
        "title": title,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "gridPos": {"x": x, "y": y, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": targets,
    }


def dashboard() -> dict[str, Any]:
    """The whole dashboard; ids are positions, so that making it twice gives the same file."""
    panels: list[dict[str, Any]] = []
    y = 0
    for section, rows in SECTIONS.items():
        place = {"x": 0, "y": y, "w": 3 * WIDTH, "h": 1}
        panels.append({"id": len(panels) + 1, "type": "row", "title": section, "gridPos": place, "panels": []})
        for column, (title, unit, queries) in enumerate(rows):
            panels.append(panel(len(panels) + 1, title, unit, queries, column * WIDTH, y + 1))
        y += HEIGHT + 1
    source = {"name": "source", "label": "数据源", "type": "datasource", "query": "prometheus"}
    return {
        "uid": "yichuang",
        "title": "一窗 Yichuang",
        "tags": ["yichuang"],
        "timezone": "Asia/Shanghai",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source]},
        "panels": panels,
    }


def text() -> str:
    return json.dumps(dashboard(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
