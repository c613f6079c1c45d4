"""Commands of intake: the standard ones, import-catalogue, load-calendar, verify-receipt."""

from services.chassis.cli import Command, main, run_cli
from services.intake import calendar_load, catalogue_import, receipt_check
from services.intake.settings import settings

if __name__ == "__main__":
    import_catalogue = Command(
        "import-catalogue",
        "检查并导入事项目录 (全部成功或全不导入)",
        catalogue_import.run,
        catalogue_import.add_arguments,
    )
    load_calendar = Command(
        "load-calendar",
        "载入一年的工作日历 (先显示影响, 确认后载入)",
        calendar_load.run,
        calendar_load.add_arguments,
        more=calendar_load.HELP,
    )
    verify_receipt = Command(
        "verify-receipt",
        "离线核验收件凭证, 可与数据库比对",
        receipt_check.run,
        receipt_check.add_arguments,
        more=receipt_check.EXAMPLES,
    )
    extra = [import_catalogue, load_calendar, verify_receipt]
    main(run_cli("intake", settings, extra=extra))
