"""What axe-core finds wrong with a page for keyboards and screen readers."""

from typing import Literal

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


async def accessibility_faults(page: Page) -> list[str]:
    """
    Run every rule of axe-core on a page as it is now, in light and in dark colours.

    Args:
        page: An open page. Its colour scheme is the system's again afterwards.

    Returns:
        A line for each element that breaks a rule: scheme, rule, element, reason.
    """
    faults: list[str] = []
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        found = (await Axe().run(page)).response["violations"]
        faults += [
            f"{scheme}: {rule['id']}: {node['target']}: {node['failureSummary']}"
            for rule in found
            for node in rule["nodes"]
        ]
    await page.emulate_media(color_scheme="null")
    return faults
