"""Commands of intake: api, worker, migrate, import-catalogue, verify-receipt, dead-letters, republish."""

from services.chassis.cli import Command, main, run_cli
from services.intake import catalogue_import, receipt_check
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
    verify_receipt = Command(
        "verify-receipt", "离线核验收件凭证, 可与数据库比对", receipt_check.run, receipt_check.add_arguments
    )
    main(run_cli("intake", settings, create_app, create_worker, extra=[import_catalogue, verify_receipt]))
