"""The plan as a page, as a browser shows it: on a desk and on a telephone, without a network."""

import csv
import json
import random
import subprocess

import pytest

from browser import Browser
from controlplane.operator_process import program

WIDTHS = {"desk": (1280, 900), "telephone": (390, 844)}
LEAST_FONT = 11
LEAST_CONTRAST = 4.5

# Text that goes beyond its box or the page's width, that is too small, or too pale on what is behind it (WCAG 2, 1.4.3).
UNREADABLE = """(() => {
  const wrong = [];
  const say = (element, what) => wrong.push(`${element.tagName}.${element.className} '${element.textContent.trim().slice(0, 40)}' ${what}`);
  const shown = element => element.checkVisibility() && element.getClientRects().length > 0;
  const colour = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([red, green, blue]) => [red, green, blue].map(part => part / 255).map(
    part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4).reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  for (const element of document.querySelectorAll('body *')) {
    if (!shown(element)) continue;
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) say(element, `is ${element.scrollWidth} wide in ${element.clientWidth}`);
    const box = element.getBoundingClientRect();
    if (box.right > innerWidth + 1 || box.left < -1) say(element, `goes from ${box.left} to ${box.right}`);
    if (![...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.textContent.trim())) continue;
    const style = getComputedStyle(element);
    if (parseFloat(style.fontSize) < LEAST_FONT) say(element, `has letters of ${style.fontSize}`);
    const [first, second] = [light(colour(style.color)), light(behind(element))].sort((a, b) => b - a);
    if ((first + 0.05) / (second + 0.05) < LEAST_CONTRAST) say(element, `is ${style.color} on ${behind(element)}`);
  }
  return wrong;
})()""".replace("LEAST_FONT", str(LEAST_FONT)).replace("LEAST_CONTRAST", str(LEAST_CONTRAST))


def month(folder):
    """Enough that every part of the page has something, and some of it long."""
    chance = random.Random(7)
    groups = [("web", 40, "Sat 02:00-06:00"), ("finance-and-accounting-databases", 12, "Sun 01:00-03:00"),
              ("workstation", 800, "Mon-Fri 20:00-06:00(+1d)"), ("attic", 3, [])]
    environment = {"asOf": "2024-07-31", "timezone": "America/New_York", "topN": 6,
                   "assetGroups": [{"name": name, "count": count, "window": window} for name, count, window in groups]}
    (folder / "environment.json").write_text(json.dumps(environment))
    with (folder / "patches.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["patch_id", "cve", "vendor", "product", "cvss_vector", "epss", "kev", "asset_group", "affected_systems"])
        for number in range(60):
            name, count, _ = groups[chance.choices(range(4), (5, 3, 6, 1))[0]]
            product = "ManageEngine_ServiceDesk_Plus_for_Managed_Service_Providers" if number == 0 else "Windows Server 2022 <Core>"
            vector = f"CVSS:3.1/AV:{chance.choice('NAL')}/AC:L/PR:{chance.choice('NL')}/UI:N/S:U/C:H/I:{chance.choice('NLH')}/A:H"
            rows.writerow([f"PATCH-2024-{number:04}", f"CVE-2024-{38000 + number}", "Some Vendor", product, vector,
                           f"{chance.random() ** 6:.5f}", int(number % 9 == 0), name, chance.randint(1, count)])
    (folder / "issues.json").write_text(json.dumps([{"patch": "PATCH-2024-0003", "issue": "replicas of the version before can't follow"}]))
    page = folder / "plan.html"
    with page.open("w") as output:
        subprocess.run([program("kubectl-patchwave"), "plan", "--patches", "patches.csv", "--environment", "environment.json",
                        "--known-issues", "issues.json", "--output", "html"], cwd=folder, stdout=output, timeout=30, check=True)
    return page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return month(tmp_path_factory.mktemp("plan"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.mark.parametrize("place", WIDTHS)
def test_the_page_of_a_plan_is_readable_without_a_network(browser, page, place, tmp_path):
    browser.requests.clear()
    browser.errors.clear()
    browser.open(page, *WIDTHS[place])
    browser.screenshot(tmp_path / f"{place}.png")
    assert browser.evaluate("document.title") == "Patch plan"
    assert browser.evaluate("document.querySelectorAll('.session').length") > 3
    assert browser.requests == [page.as_uri()]
    assert browser.evaluate(UNREADABLE) == []
    browser.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    browser.screenshot(tmp_path / f"{place}-open.png")
    assert browser.evaluate(UNREADABLE) == []
    assert browser.errors == []


def test_what_is_unreadable_would_be_seen(browser, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text("<!DOCTYPE html><title>Bad</title><img src='https://example.com/x.png'><script>throw new Error('no')</script>"
                   "<p style='color:#ccc'>pale</p><p style='font-size:6px'>small</p><p style='width:2000px'>wide</p>")
    browser.requests.clear()
    browser.errors.clear()
    browser.open(bad, *WIDTHS["telephone"])
    assert browser.requests == [bad.as_uri(), "https://example.com/x.png"]
    assert any("no" in str(each) for each in browser.errors)
    wrong = "\n".join(browser.evaluate(UNREADABLE))
    assert "'pale' is rgb" in wrong and "'small' has letters of 6px" in wrong and "'wide' goes from" in wrong
