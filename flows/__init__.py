"""Which tasks, in what order: the recipes, and the command line.

Importing it turns telemetry off, before any library that would send some is imported; what the user has set stays.
"""

import os

QUIET = {
    "DO_NOT_TRACK": "1",  # Prefect's client, and whoever else honours it
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}

for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)
