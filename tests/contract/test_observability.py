"""Alerts and dashboard: they name only metrics and labels that running processes really expose."""

import json
import re
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from deploy.grafana import make_dashboard
from services.approval.main import create_app
from services.approval.worker import create_worker
from services.chassis import telemetry
from services.identity.commands import login as identity_metrics
from services.intake import metrics as intake_metrics
from services.supervision import metrics as supervision_metrics
from tests.support.approval import keys
from tests.support.manifests import DEPLOY

WORDS = {"by", "and", "or", "unless", "without", "on", "ignoring", "le"}
FUNCTIONS = {"sum", "rate", "increase", "max", "min", "histogram_quantile"}
OWN_METRICS = (telemetry, intake_metrics, supervision_metrics, identity_metrics)
# given by Prometheus itself or by its relabelling
GIVEN = {"up"}
TARGET_LABELS = {"service", "component", "instance", "job", "le"}


async def page(app: FastAPI) -> str:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://process.test") as http:
        return (await http.get("/metrics")).text


@pytest.fixture(scope="module")
async def exposed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Metric names with their labels, as the probes of a real API and a real worker give them.

    With those of other services, which are imported here.
    """
    folder = keys(tmp_path_factory.mktemp("metrics") / "keys")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YICHUANG_DATABASE_URL_APPROVAL", "postgresql://nobody@127.0.0.1:1/nothing")
        patch.setenv("YICHUANG_KEYS_DIR", str(folder))
        pages = [await page(app) for app in (create_app(), create_worker().app())]
    names: dict[str, set[str]] = {}
    for text in pages:
        for family in text_string_to_metric_families(text):
            for name in (family.name, *(f"{family.name}_{end}" for end in ("bucket", "count", "sum", "total"))):
                names.setdefault(name, set())
    for metric in (one for module in OWN_METRICS for one in vars(module).values()):
        if hasattr(metric, "_labelnames"):
            for name in list(names):
                if name.startswith(metric._name):
                    names[name] |= set(metric._labelnames)
    return names


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[tuple[str, str]]:
    dashboard = json.loads(make_dashboard.TARGET.read_text("utf-8"))
    return [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel.get("targets", [])]


def metrics_of(expression: str) -> set[str]:
    """Names in a query: what is neither word, function, label nor inside braces, brackets or quotes."""
    bare = re.sub(r"\bby \([^)]*\)", " ", re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"", " ", expression))
    return set(re.findall(r"[a-z_][a-z0-9_]*", bare)) - WORDS - FUNCTIONS


def labels_of(expression: str) -> set[str]:
    grouped = {label.strip() for names in re.findall(r"\bby \(([^)]*)\)", expression) for label in names.split(",")}
    return grouped | set(re.findall(r"([a-z_]+)=~?\"", expression))


QUERIES = [(rule["alert"], rule["expr"]) for rule in alerts()] + panels()


@pytest.mark.parametrize(("title", "expression"), QUERIES, ids=[title for title, _ in QUERIES])
def test_every_query_names_only_what_processes_expose(
    exposed: dict[str, set[str]], title: str, expression: str
) -> None:
    metrics = metrics_of(expression)

    assert metrics
    assert metrics <= exposed.keys() | GIVEN
    known = TARGET_LABELS.union(*(exposed.get(metric, set()) for metric in metrics))
    assert labels_of(expression) <= known
    assert expression.count("(") == expression.count(")")


def test_a_query_of_a_metric_nobody_exposes_is_found(exposed: dict[str, set[str]]) -> None:
    assert metrics_of('sum by (service) (rate(requests_total{a="b"}[5m])) > 3') == {"requests_total"}
    assert "requests_total" not in exposed


def test_the_alerts_cover_what_others_have_failed_on() -> None:
    by_name = {rule["alert"]: rule for rule in alerts()}

    assert "outbox_oldest_unsent_seconds" in by_name["OutboxStuck"]["expr"]
    assert "dead_letter_open" in by_name["DeadLetters"]["expr"]
    assert {"CalendarEnding", "CalendarMissing"} <= by_name.keys()
    for name in ("ErrorsFast", "ErrorsSlow", "SlowRequests"):
        assert "> 0." in by_name[name]["expr"].rstrip().splitlines()[-2], f"{name} needs a minimum of traffic"
    for name, rule in by_name.items():
        assert rule["labels"]["severity"] in ("page", "ticket"), name
        assert {"summary", "action"} == rule["annotations"].keys(), name


def test_the_committed_dashboard_is_what_its_script_makes() -> None:
    assert make_dashboard.TARGET.read_text("utf-8") == make_dashboard.text()


def test_prometheus_scrapes_the_ports_and_labels_that_pods_have() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    (job,) = [job for job in config["scrape_configs"] if job["job_name"] == "yichuang"]
    kept = {rule["source_labels"][0]: rule["regex"] for rule in job["relabel_configs"] if rule.get("action") == "keep"}

    assert kept == {
        "__meta_kubernetes_pod_label_app_kubernetes_io_component": "gateway|api|worker",
        "__meta_kubernetes_pod_container_port_name": "http",
    }
    assert config["rule_files"] == ["alerts.yml"]
