"""Commands of approval: the standard ones, preview-calendar."""

from services.approval import calendar_command
from services.approval.settings import settings
from services.chassis.cli import Command, main, run_cli

if __name__ == "__main__":
    preview = Command(
        "preview-calendar",
        "载入一年的工作日历会使哪些步骤的期限变动 (只看，不载入)",
        calendar_command.run,
        calendar_command.add_arguments,
    )
    main(run_cli("approval", settings, extra=[preview]))
