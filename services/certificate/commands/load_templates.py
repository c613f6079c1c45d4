"""The templates that a directory of types names, as files beside it: read and checked before anything is stored."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from services.certificate.domain.certificate_type import CertificateType, FieldType
from services.certificate.domain.certificate_type import Template as Pinned
from services.certificate.domain.type_reading import Entry
from services.certificate.files import template_check, templates
from services.certificate.files.template_check import SampleField
from services.certificate.files.templates import MAIN, STANDARD, Template
from services.kernel.errors import FieldError

_SAMPLES = {
    FieldType.TEXT: ("样例文字", "另一样例"),
    FieldType.DATE: ("2026-01-02", "2027-07-07"),
    FieldType.NUMBER: ("12", "345"),
    FieldType.LIST: ("甲、乙", "丙、丁"),
}


@dataclass
class Templates:
    """By the file that each type names; what is read once is read for all types that name it."""

    folder: Path
    faults: list[FieldError] = field(default_factory=list)
    _read: dict[str, Template | None] = field(default_factory=dict)

    def of(self, entry: Entry) -> Entry:
        """The entry with its template pinned; faults are collected."""
        file = entry.template_file
        template = self._load(file) if file else self._standard()
        if template is None:
            return entry
        if file:
            self._told(file, template_check.check(template, samples(entry.type)))
        pinned = Pinned(template.name, template.version, template.sha256)
        return replace(entry, type=replace(entry.type, template=pinned))

    @property
    def loaded(self) -> list[Template]:
        return [template for template in self._read.values() if template is not None]

    def check_versions(self, known: Collection[Template]) -> None:
        """A template that changed says so by its version; ours goes with the release."""
        before = {(one.name, one.version): dict(one.parts)[MAIN] for one in known}
        for file, template in self._read.items():
            if template is None or file == STANDARD:
                continue
            same = before.setdefault((template.name, template.version), dict(template.parts)[MAIN])
            if same != dict(template.parts)[MAIN]:
                fault = templates.Fault(
                    1, "version", "version", f"内容已变而版本号仍为 {template.version}，须换新版本号"
                )
                self._told(file, [fault])

    def _standard(self) -> Template:
        return self._read.setdefault(STANDARD, templates.standard()) or templates.standard()

    def _load(self, file: str) -> Template | None:
        if file not in self._read:
            self._read[file] = self._from_disk(file)
        return self._read[file]

    def _from_disk(self, file: str) -> Template | None:
        folder, path = self.folder.resolve(), (self.folder / file).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            self._told(file, [templates.Fault(1, "", "missing", "目录文件旁没有该模板")])
            return None
        template, faults = templates.read(path.read_bytes())
        self._told(file, faults)
        return template

    def _told(self, file: str, faults: Sequence[templates.Fault]) -> None:
        for one in faults:
            place = f"{file} 第 {one.line} 行" + (f" 字段 {one.field}" if one.field else "")
            told = FieldError(place, one.code, one.detail)
            if told not in self.faults:
                self.faults.append(told)


def samples(kind: CertificateType) -> list[SampleField]:
    return [SampleField(one.code, one.name, _SAMPLES[one.type], one.required) for one in kind.fields]
