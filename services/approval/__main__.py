"""Commands of approval: api, worker, migrate, dead-letters, republish."""

from services.approval.main import create_app
from services.approval.settings import settings
from services.approval.worker import create_worker
from services.chassis.cli import main, run_cli

if __name__ == "__main__":
    main(run_cli("approval", settings, create_app, create_worker))
