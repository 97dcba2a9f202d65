"""Variables for PowerShell."""

from __future__ import annotations

from jsobj.export.variables import exporters

configure, configure_swift = exporters("powershell", "aws s3 ls", "openstack container list")
