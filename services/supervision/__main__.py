"""Commands of supervision: api, worker, migrate, dead-letters, republish."""

from services.chassis.cli import main, run_cli
from services.supervision.settings import settings

if __name__ == "__main__":
    main(run_cli("supervision", settings))
