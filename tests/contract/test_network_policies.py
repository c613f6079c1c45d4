"""Who may talk to whom in the cluster: the policies worked out as a table, not read line by line."""

import pytest

from tests.support import manifests as deployed
from tests.support.manifests import COMPONENT, NAME, SERVICES, Manifest

pytestmark = pytest.mark.skipif(deployed.kubectl() is None, reason="kubectl is not installed: nothing is rendered")

DATABASE = {"cnpg.io/cluster": "database"}
Labels = dict[str, str]


def pod(component: str, name: str) -> Labels:
    return {COMPONENT: component, NAME: name}


GATEWAY = pod("gateway", "gateway")
NATS = pod("nats", "nats")
OUTSIDE = {"namespace": "default", "app": "anything"}
INGRESS = {"namespace": "ingress-nginx", NAME: "ingress-nginx"}
PROMETHEUS = {"namespace": "monitoring", NAME: "prometheus"}
OPERATOR = {"namespace": "cnpg-system", NAME: "cloudnative-pg"}


def policies() -> list[Manifest]:
    return deployed.of_kind(deployed.rendered("production"), "NetworkPolicy")


def peer_matches(peer: Manifest, other: Labels) -> bool:
    """A peer without a namespace selector is of this namespace."""
    namespace = other.get("namespace", "yichuang")
    if "namespaceSelector" in peer:
        if not deployed.matches(peer["namespaceSelector"], {"kubernetes.io/metadata.name": namespace}):
            return False
    elif namespace != "yichuang":
        return False
    return deployed.matches(peer.get("podSelector", {}), other)


def one_way(direction: str, here: Labels, there: Labels, port: int) -> bool:
    """Whether some policy that chooses `here` lets it receive from, or send to, `there`."""
    if here.get("namespace", "yichuang") != "yichuang":
        return True  # other namespaces have their own rules
    kind, peers = ("Ingress", "from") if direction == "ingress" else ("Egress", "to")
    for policy in policies():
        spec = policy["spec"]
        if kind not in spec["policyTypes"] or not deployed.matches(spec["podSelector"], here):
            continue
        for rule in spec.get(direction, []):
            numbers = [_number(p["port"], here) for p in rule.get("ports", [])]
            open_to_all = peers not in rule
            if port in numbers and (open_to_all or any(peer_matches(peer, there) for peer in rule[peers])):
                return True
    return False


def _number(port: int | str, here: Labels) -> int:
    return port if isinstance(port, int) else (8080 if here == GATEWAY else 8000)


def may(source: Labels, target: Labels, port: int) -> bool:
    return one_way("egress", source, target, port) and one_way("ingress", target, source, port)


def test_every_pod_is_denied_everything_that_is_not_allowed() -> None:
    (deny,) = [policy for policy in policies() if policy["metadata"]["name"] == "default-deny"]

    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_every_workload_is_chosen_by_a_policy_of_its_own() -> None:
    for name, template in deployed.pods(deployed.rendered("production")):
        labels = deployed.labels(template)
        chosen = [
            p["metadata"]["name"]
            for p in policies()
            if p["spec"]["podSelector"] and deployed.matches(p["spec"]["podSelector"], labels)
        ]
        assert chosen, name


@pytest.mark.parametrize("service", SERVICES)
def test_only_the_gateway_reaches_a_service(service: str) -> None:
    api = pod("api", service)
    others = [pod(kind, name) for kind in ("api", "worker") for name in SERVICES if name != service]

    assert may(GATEWAY, api, 8000)
    for other in (OUTSIDE, INGRESS, NATS, DATABASE, pod("migrate", service), pod("worker", service)):
        assert not may(other, api, 8000), other
    for other in others:
        reads_public_keys = service == "identity" and other[COMPONENT] == "api"
        assert may(other, api, 8000) is reads_public_keys, other


def test_the_gateway_is_reached_through_the_ingress_only() -> None:
    assert may(INGRESS, GATEWAY, 8080)
    for other in (OUTSIDE, NATS, DATABASE, pod("api", "intake"), pod("worker", "intake")):
        assert not may(other, GATEWAY, 8080), other


def test_the_gateway_reaches_neither_database_nor_nats() -> None:
    assert not may(GATEWAY, DATABASE, 5432)
    assert not may(GATEWAY, NATS, 4222)


@pytest.mark.parametrize("service", SERVICES)
def test_services_reach_their_database_and_nats(service: str) -> None:
    for component in ("api", "worker", "migrate"):
        assert may(pod(component, service), DATABASE, 5432)
    for component in ("api", "worker"):
        assert may(pod(component, service), NATS, 4222)
    assert not may(pod("migrate", service), NATS, 4222)
    assert not may(pod("api", service), NATS, 6222)


def test_nobody_from_outside_reaches_database_or_nats() -> None:
    for other in (OUTSIDE, INGRESS):
        assert not may(other, DATABASE, 5432)
        assert not may(other, NATS, 4222)
    assert may(NATS, NATS, 6222)
    assert may(DATABASE, DATABASE, 5432)
    assert may(OPERATOR, DATABASE, 8000)


def test_prometheus_scrapes_processes_and_reaches_nothing_else() -> None:
    assert may(PROMETHEUS, GATEWAY, 8080)
    for service in SERVICES:
        assert may(PROMETHEUS, pod("api", service), 8000)
        assert may(PROMETHEUS, pod("worker", service), 8000)
    assert may(PROMETHEUS, DATABASE, 9187)
    assert not may(PROMETHEUS, DATABASE, 5432)
    assert not may(PROMETHEUS, NATS, 4222)
    assert not may({"namespace": "monitoring", NAME: "something"}, GATEWAY, 8080)


def test_only_what_keeps_files_reaches_the_store() -> None:
    for name, template in deployed.pods(deployed.rendered("production")):
        labels = deployed.labels(template)
        keeps_files = labels[NAME] in ("intake", "certificate") and labels[COMPONENT] in ("api", "worker")
        assert one_way("egress", labels, {"namespace": "elsewhere"}, 443) is keeps_files, name
