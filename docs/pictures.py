"""Draws the pictures of the report that the documents show: `python docs/pictures.py`. Needs chromium and pdftoppm.

docs/report.png, docs/report_ko.png              the top of the report, as a browser shows it
docs/report_print_en.png, docs/report_print_ko.png   its first pages, as they come out of a printer
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).parent
SCENARIO = "showcase"
WIDTH, HEIGHT = 980, 1660  # px of the top of the report
PAGES = 3  # of the printed report
SHEET = 620  # px, width of a printed page
LIMIT = 300_000  # bytes of a picture


def main() -> None:
    """Run the scenario once, and draw its report in both languages."""
    missing = [name for name in ("chromium", "pdftoppm") if shutil.which(name) is None]
    if missing:
        sys.exit(f"{', '.join(missing)} is not on PATH. Install it first.")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        testbed("run", SCENARIO, "--over", "wire", "--out", str(work / "run"))
        for language, top in (("en", "report.png"), ("ko", "report_ko.png")):
            page = work / f"{language}.html"
            testbed("--lang", language, "report", str(work / "run"), "--out", str(page))
            shot(page, DOCS / top, WIDTH, HEIGHT)
            printed(page, DOCS / f"report_print_{language}.png", work)
    for picture in sorted(DOCS.glob("report*.png")):
        size = picture.stat().st_size
        print(f"{picture.name}: {size / 1000:.0f} kB")
        if size > LIMIT:
            sys.exit(f"{picture.name} is larger than {LIMIT / 1000:.0f} kB.")


def testbed(*arguments: str) -> None:
    """One call of the command line."""
    subprocess.run([sys.executable, "-m", "testbed", *arguments], check=True, cwd=DOCS.parent)


def shot(page: Path, picture: Path, width: int, height: int) -> None:
    """The top left `width` by `height` px of a page."""
    chromium(f"--window-size={width},{height}", f"--screenshot={picture}", "--hide-scrollbars", page.as_uri())


def printed(page: Path, picture: Path, work: Path) -> None:
    """The first pages side by side on grey, from the PDF that printing gives."""
    pdf = work / f"{page.stem}.pdf"
    chromium("--no-pdf-header-footer", f"--print-to-pdf={pdf}", page.as_uri())
    stem = work / f"{page.stem}-page"
    subprocess.run(["pdftoppm", "-png", "-l", str(PAGES), "-scale-to-x", str(SHEET), "-scale-to-y", "-1", pdf, stem],
                   check=True)  # fmt: skip
    sheets = "".join(f'<img src="{path.name}"/>' for path in sorted(work.glob(f"{stem.name}-*.png")))
    style = f"body{{margin:16px;background:#999;display:flex;gap:16px}}img{{width:{SHEET}px;height:auto}}"
    table = work / f"{page.stem}-table.html"
    table.write_text(f"<!DOCTYPE html><style>{style}</style>{sheets}", encoding="utf-8")
    shot(table, picture, PAGES * SHEET + (PAGES + 1) * 16, round(SHEET * 297 / 210) + 32)


def chromium(*arguments: str) -> None:
    """One call of the browser, without a window."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--force-device-scale-factor=1"]
    subprocess.run(["chromium", *options, *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    main()
