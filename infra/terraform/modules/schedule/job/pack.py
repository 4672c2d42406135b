#!/usr/bin/env python3
"""Packs job.py into job.zip, always into the same bytes, so that the archive shows what is in it: nothing else makes archives here."""

import io
import pathlib
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent


def packed():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        entry = zipfile.ZipInfo("job.py", (1980, 1, 1, 0, 0, 0))
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, (HERE / "job.py").read_bytes())
    return buffer.getvalue()


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if (HERE / "job.zip").read_bytes() == packed() else "job.zip is not job.py packed: run pack.py")
    (HERE / "job.zip").write_bytes(packed())
