"""What only intake counts: how many uploads the certificate library has spared, by item."""

from prometheus_client import Counter

# By the catalogue's short id (E02): a few hundred at most, and nothing of a person.
uploads_avoided = Counter(
    "intake_uploads_avoided_total", "Materials that a valid certificate covered at acceptance", ["item"]
)
