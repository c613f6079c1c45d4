"""The manifests: valid for the Kubernetes versions we name, agreeing with settings, ports and labels of the code."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kubernetes_validate import utils
from kubernetes_validate.utils import SchemaNotFoundError, ValidationError

from gateway import cookies
from gateway.routes import MIB, UPLOAD_LIMIT
from services.chassis.settings import ServiceSettings
from services.chassis.yaml_files import read_yaml
from tests.support import manifests as deployed
from tests.support.manifests import COMPONENT, K8S, NAME, OVERLAYS, SERVICES, Manifest, title

VERSIONS = ("1.32", "1.35")
# Kinds of operators, for which there is no schema here: the fields we rely on.
CUSTOM: dict[tuple[str, str], tuple[str, ...]] = {
    ("postgresql.cnpg.io/v1", "Cluster"): ("instances", "imageName", "bootstrap", "managed", "storage", "resources"),
    ("postgresql.cnpg.io/v1", "Database"): ("cluster", "name", "owner", "databaseReclaimPolicy"),
    ("postgresql.cnpg.io/v1", "ScheduledBackup"): ("schedule", "cluster", "method", "pluginConfiguration"),
    ("barmancloud.cnpg.io/v1", "ObjectStore"): ("configuration", "retentionPolicy"),
}
needs_kubectl = pytest.mark.skipif(deployed.kubectl() is None, reason="kubectl is not installed: nothing is rendered")


@pytest.fixture(scope="module", autouse=True)
def _schemas_read_once() -> Iterator[None]:
    """The library reads a megabyte of JSON for every manifest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "schema_contents", cache(utils.schema_contents))
        yield


def check(manifest: Manifest, version: str) -> None:
    """Raises ValidationError; a kind without a schema must be one of CUSTOM with its fields."""
    try:
        utils.validate(manifest, version, strict=True)
    except SchemaNotFoundError:
        needed = CUSTOM[manifest["apiVersion"], manifest["kind"]]
        missing = [name for name in needed if name not in manifest["spec"]]
        assert missing == [], title(manifest)


@pytest.mark.parametrize("path", deployed.files(), ids=lambda path: str(path.relative_to(K8S)))
def test_every_committed_manifest_is_valid(path: Path) -> None:
    documents = deployed.documents(path)

    assert documents
    for document in documents:
        check(document, VERSIONS[0])


def test_a_manifest_with_a_misspelt_field_is_found() -> None:
    service = deployed.documents(K8S / "base" / "service" / "api.yaml")[1]
    service["spec"]["port"] = service["spec"].pop("ports")

    with pytest.raises(ValidationError):
        check(service, VERSIONS[0])


@pytest.mark.parametrize("path", sorted(K8S.rglob("kustomization.yaml")), ids=lambda path: str(path.parent.name))
def test_every_kustomization_names_files_that_exist(path: Path) -> None:
    document = read_yaml(path)

    assert document["kind"] == "Kustomization"
    named = [
        *document.get("resources", []),
        *(f for g in document.get("configMapGenerator", []) for f in g.get("files", [])),
    ]
    assert [name for name in named if not (path.parent / name).exists()] == []


def test_no_manifest_is_left_out_of_its_kustomization() -> None:
    for path in deployed.files():
        kustomization = read_yaml(path.parent / "kustomization.yaml")
        assert path.name in kustomization["resources"], path


def test_no_secret_is_committed() -> None:
    for path in deployed.files():
        assert [title(d) for d in deployed.documents(path) if d["kind"] == "Secret"] == []


@needs_kubectl
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_rendered_manifest_is_valid(overlay: str, version: str) -> None:
    for manifest in deployed.rendered(overlay):
        check(manifest, version)


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_service_has_its_parts_and_the_gateway_its_own(overlay: str) -> None:
    names = [title(manifest) for manifest in deployed.rendered(overlay)]

    expected = {"Deployment/gateway", "Service/gateway", "PodDisruptionBudget/gateway", "StatefulSet/nats"}
    for service in SERVICES:
        expected |= {f"Deployment/{service}-api", f"Deployment/{service}-worker", f"Job/{service}-migrate"}
        expected |= {f"Service/{service}-api", f"HorizontalPodAutoscaler/{service}-api", f"Database/{service}"}
        expected |= {f"PodDisruptionBudget/{service}-api", f"PodDisruptionBudget/{service}-worker"}
    assert len(names) == len(set(names))
    assert expected <= set(names)


def settings_of(service: str) -> type[ServiceSettings]:
    """The settings class a process constructs."""
    module = "gateway.settings" if service == "gateway" else f"services.{service}.settings"
    if find_spec(module) is None:
        return ServiceSettings
    classes = [
        v for v in vars(import_module(module)).values() if isinstance(v, type) and issubclass(v, ServiceSettings)
    ]
    return max(classes, key=lambda found: len(found.__mro__))


def known_variables(service: str) -> set[str]:
    fields = {f"YICHUANG_{name.upper()}" for name in settings_of(service).model_fields}
    own = {f"YICHUANG_DATABASE_URL_{service.upper()}", f"YICHUANG_MIGRATION_DATABASE_URL_{service.upper()}"}
    # the general names are not read: each service has its own
    return (fields | own) - {"YICHUANG_DATABASE_URL", "YICHUANG_MIGRATION_DATABASE_URL", "YICHUANG_SERVICE"}


def our_pods(overlay: str) -> Iterator[tuple[str, Manifest]]:
    for name, pod in deployed.pods(deployed.rendered(overlay)):
        if deployed.labels(pod)[NAME] in ("gateway", *SERVICES):
            yield name, pod


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_variable_is_one_the_settings_know(overlay: str) -> None:
    everyone = set().union(*(known_variables(service) for service in ("gateway", *SERVICES)))

    for name, pod in our_pods(overlay):
        service = deployed.labels(pod)[NAME]
        own = {entry["name"] for entry in pod["spec"]["containers"][0].get("env", [])}
        told = {variable for variable, _ in deployed.variables(pod, deployed.rendered(overlay))}
        assert {v for v in own if v.startswith("YICHUANG_")} <= known_variables(service), name
        assert {v for v in told if v.startswith("YICHUANG_")} <= everyone, name


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_settings_of_every_process_can_be_constructed_from_its_environment(
    overlay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, pod in our_pods(overlay):
        service = deployed.labels(pod)[NAME]
        with monkeypatch.context() as environment:
            for variable, value in deployed.variables(pod, deployed.rendered(overlay)):
                environment.setenv(variable, value or "from-a-secret")
            settings = settings_of(service)(service=service)

        assert settings.profile == ("production" if overlay == "production" else "development"), name
        assert settings.test_clock is None
        assert settings.nats_replicas == 3
        assert settings.issuer == settings.public_url


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_is_restricted_and_has_its_limits(overlay: str) -> None:
    for name, pod in deployed.pods(deployed.rendered(overlay)):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
            assert "memory" in container["resources"]["limits"], name


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_long_running_processes_have_probes_a_budget_and_are_spread(overlay: str) -> None:
    manifests = deployed.rendered(overlay)
    budgets = [m["spec"]["selector"] for m in deployed.of_kind(manifests, "PodDisruptionBudget")]

    for manifest in deployed.of_kind(manifests, "Deployment", "StatefulSet"):
        pod = manifest["spec"]["template"]
        container = pod["spec"]["containers"][0]
        ports = {port["name"] for port in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container[probe]["httpGet"]["port"] in ports, title(manifest)
        if manifest["kind"] == "Deployment":
            assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
            assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert sum(deployed.matches(budget, deployed.labels(pod)) for budget in budgets) == 1, title(manifest)
        assert deployed.matches(manifest["spec"]["selector"], deployed.labels(pod)), title(manifest)
        for rule in pod["spec"]["topologySpreadConstraints"]:
            assert deployed.matches(rule["labelSelector"], deployed.labels(pod)), title(manifest)
        if deployed.labels(pod)[COMPONENT] in ("api", "gateway"):
            assert container["lifecycle"]["preStop"] == {"sleep": {"seconds": 5}}, title(manifest)


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_services_autoscalers_and_addresses_lead_to_the_right_pods(overlay: str) -> None:
    manifests = deployed.rendered(overlay)
    ports: dict[str, tuple[str, int]] = {}
    for service in deployed.of_kind(manifests, "Service"):
        selector = {"matchLabels": service["spec"]["selector"]}
        pods = deployed.pods(manifests)
        ((workload, pod),) = [(name, pod) for name, pod in pods if deployed.matches(selector, deployed.labels(pod))]
        offered = {p["name"]: p["containerPort"] for p in pod["spec"]["containers"][0]["ports"]}
        for port in service["spec"]["ports"]:
            assert offered[port["targetPort"]] == port["port"], title(service)
        ports[service["metadata"]["name"]] = (workload, service["spec"]["ports"][0]["port"])

    workloads = {title(m) for m in manifests}
    for scaler in deployed.of_kind(manifests, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        assert f"{target['kind']}/{target['name']}" in workloads
    for name, pod in our_pods(overlay):
        for variable, value in deployed.variables(pod, manifests):
            if variable.startswith("YICHUANG_URL_") or variable == "YICHUANG_JWKS_URL":
                address = urlsplit(value or "")
                upstream = "identity" if "JWKS" in variable else variable.removeprefix("YICHUANG_URL_").lower()
                expected = (f"Deployment/{upstream}-api", address.port)
                assert ports[str(address.hostname)] == expected, (name, variable)


@needs_kubectl
def test_the_ingress_lets_through_what_the_gateway_takes_and_the_longest_session_it_may_set() -> None:
    ingress = read_yaml(K8S / "overlays" / "production" / "ingress.yaml")
    given = {name.rpartition("/")[2]: value for name, value in ingress["metadata"]["annotations"].items()}

    assert int(given["proxy-body-size"].removesuffix("m")) * MIB > UPLOAD_LIMIT
    assert int(given["proxy-buffer-size"].removesuffix("k")) * 1024 > cookies._PART * cookies._MAX_PARTS


def test_the_database_commits_on_two_machines_and_knows_every_role() -> None:
    manifests = deployed.rendered("production")
    (cluster,) = deployed.of_kind(manifests, "Cluster")
    spec = cluster["spec"]

    assert spec["instances"] == 3
    assert spec["postgresql"]["synchronous"] == {
        "method": "any",
        "number": 1,
        "dataDurability": "required",
        "failoverQuorum": True,
    }
    assert spec["postgresql"]["parameters"]["synchronous_commit"] == "on"
    roles = {role["name"]: role["passwordSecret"]["name"] for role in spec["managed"]["roles"]}
    assert set(roles) == {f"{service}_{role}" for service in SERVICES for role in ("migrator", "app")}
    for database in deployed.of_kind(manifests, "Database"):
        assert database["spec"]["cluster"]["name"] == cluster["metadata"]["name"]
        assert database["spec"]["owner"] == f"{database['spec']['name']}_migrator"
        assert database["spec"]["databaseReclaimPolicy"] == "retain"
    for name, pod in our_pods("production"):
        service = deployed.labels(pod)[NAME]
        for variable, value in deployed.variables(pod, manifests):
            if "DATABASE_URL" in variable:
                role = f"{service}_{'migrator' if 'MIGRATION' in variable else 'app'}"
                host = f"{cluster['metadata']['name']}-rw:5432/{service}?ssl=verify-full"
                assert value == f"postgresql://{role}:$(DATABASE_PASSWORD)@{host}", name
                password = next(e for e in pod["spec"]["containers"][0]["env"] if e["name"] == "DATABASE_PASSWORD")
                assert password["valueFrom"]["secretKeyRef"]["name"] == roles[role]


@needs_kubectl
def test_connections_of_all_replicas_fit_into_the_database() -> None:
    manifests = deployed.rendered("production")
    (cluster,) = deployed.of_kind(manifests, "Cluster")
    scalers = deployed.of_kind(manifests, "HorizontalPodAutoscaler")
    most = {m["spec"]["scaleTargetRef"]["name"]: m["spec"]["maxReplicas"] for m in scalers}
    rolling = 1
    replicas = 0
    for manifest in deployed.of_kind(manifests, "Deployment"):
        if deployed.labels(manifest["spec"]["template"])[COMPONENT] != "gateway":
            replicas += most.get(manifest["metadata"]["name"], manifest["spec"].get("replicas", 1)) + rolling

    (config,) = [m for m in deployed.of_kind(manifests, "ConfigMap") if "YICHUANG_DATABASE_POOL" in m["data"]]

    # a pool may overflow to twice its size
    assert replicas * 2 * int(config["data"]["YICHUANG_DATABASE_POOL"]) <= int(
        cluster["spec"]["postgresql"]["parameters"]["max_connections"]
    )
