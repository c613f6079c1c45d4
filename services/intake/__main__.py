"""Commands of intake: api, worker, migrate, import-catalogue, dead-letters, republish."""

from services.chassis.cli import Command, main, run_cli
from services.intake import catalogue_import
from services.intake.main import create_app
from services.intake.settings import settings
from services.intake.worker import create_worker

if __name__ == "__main__":
    import_catalogue = Command(
        "import-catalogue",
        "检查并导入事项目录 (全部成功或全不导入)",
        catalogue_import.run,
        catalogue_import.add_arguments,
    )
    main(run_cli("intake", settings, create_app, create_worker, extra=[import_catalogue]))
