"""What the gateway needs to run, read from the environment (prefix YICHUANG_)."""

from ipaddress import IPv4Network, IPv6Network, ip_network

from services.chassis.settings import ServiceSettings, load_settings


class GatewaySettings(ServiceSettings):
    """Addresses of the services, limits per client, and whom to believe about forwarded addresses.

    Limits are requests per minute; a client that was silent for a minute may spend them at once. `rate_limit_login`
    counts wrong passwords of one address only: identity closes an account after five, but one password can be tried on
    every account.
    """

    url_identity: str = "http://127.0.0.1:8101"
    url_intake: str = "http://127.0.0.1:8102"
    url_approval: str = "http://127.0.0.1:8103"
    url_certificate: str = "http://127.0.0.1:8104"
    url_supervision: str = "http://127.0.0.1:8105"
    rate_limit_person: int = 1200
    rate_limit_system: int = 12_000
    rate_limit_address: int = 1200
    rate_limit_login: int = 60
    trusted_proxies: str = ""

    def upstreams(self) -> dict[str, str]:
        """Internal base address of each service, without a slash at the end."""
        return {
            "identity": self.url_identity.rstrip("/"),
            "intake": self.url_intake.rstrip("/"),
            "approval": self.url_approval.rstrip("/"),
            "certificate": self.url_certificate.rstrip("/"),
            "supervision": self.url_supervision.rstrip("/"),
        }

    def proxy_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Networks (comma separated CIDR) whose X-Forwarded-For is believed, e.g. the ingress."""
        return tuple(ip_network(part.strip()) for part in self.trusted_proxies.split(",") if part.strip())

    @property
    def public_origin(self) -> str:
        return self.public_url.rstrip("/")

    @property
    def secure(self) -> bool:
        return self.public_url.startswith("https://")


def load() -> GatewaySettings:
    return load_settings("gateway", GatewaySettings)
