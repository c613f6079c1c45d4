"""Commands of supervision: api, worker, migrate, dead-letters, republish."""

from services.chassis.cli import main, run_cli
from services.supervision.main import create_app
from services.supervision.settings import settings
from services.supervision.worker import create_worker

if __name__ == "__main__":
    main(run_cli("supervision", settings, create_app, create_worker))
