"""A PDF as a telephone sees it: its pages as pixels, and what their QR codes say."""

import pypdfium2
import zxingcpp

_DOTS_PER_POINT = 2  # 144 dots per inch: what a plain telephone sees of a page on a screen


def qr_codes(pdf: bytes) -> list[str]:
    """The texts of the QR codes on all pages, in order."""
    found: list[str] = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            picture = page.render(scale=_DOTS_PER_POINT, grayscale=True)
            rows = memoryview(bytes(picture.buffer)).cast("B", (picture.height, picture.stride))
            codes = zxingcpp.read_barcodes(rows)
            found += [code.text for code in codes if code.format == zxingcpp.BarcodeFormat.QRCode]
    return found
