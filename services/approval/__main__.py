"""Commands of approval: api, worker, migrate, dead-letters, republish."""

from services.approval.settings import settings
from services.chassis.cli import main, run_cli

if __name__ == "__main__":
    main(run_cli("approval", settings))
