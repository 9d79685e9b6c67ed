"""A student's way over the page, in a real Chromium."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from settled import settle

Page = Callable[..., Any]


def status(page: Any) -> str:
    return str(page.locator(".tl-status").inner_text())


WATCH_THE_CURVES = """new IntersectionObserver((entries) => {
  window.curvesAreSeen = entries.at(-1).isIntersecting;
}, { rootMargin: "100px" }).observe(document.querySelector(".tl-curves"))"""
"""As the part itself does, and told after it."""


def draw_a_one(page: Any) -> None:
    pad = page.locator(".tl-draw")
    pad.hover(position={"x": 140, "y": 50})
    page.mouse.down()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 230, steps=12)
    page.mouse.up()


def test_train_then_draw_and_be_read(page: Page) -> None:
    opened = page()
    assert status(opened) == "Ready: 10 epochs of 422 steps, seed 1"
    opened = page("?images=6000")
    opened.get_by_role("button", name="One epoch").click()
    opened.wait_for_function(
        "document.querySelector('.tl-status').textContent.startsWith('epoch 2 of 10, step 0')"
    )
    draw_a_one(opened)
    opened.wait_for_selector(".tl-bars .tl-most")
    opened.wait_for_function(
        "document.querySelector('.tl-pad [aria-live]').textContent.startsWith('Read as 1')"
    )
    opened.reload()
    settle(opened)
    assert status(opened).startswith("epoch 2 of 10")


@pytest.mark.slow
def test_pictures_off_the_screen_are_drawn_when_they_come_back(page: Page) -> None:
    opened = page("?images=6000")
    curve = "document.querySelector('.tl-curves canvas').toDataURL()"
    opened.evaluate("document.querySelector('.tl-looks').scrollIntoView()")
    opened.evaluate(WATCH_THE_CURVES)
    opened.wait_for_function("window.curvesAreSeen === false")
    before = opened.evaluate(curve)
    opened.get_by_role("button", name="One epoch").evaluate("button => button.click()")
    opened.wait_for_function(
        "document.querySelector('.tl-status').textContent.startsWith('epoch 2 of 10, step 0')"
    )
    opened.wait_for_timeout(200)
    assert opened.evaluate(curve) == before
    opened.locator(".tl-curves").scroll_into_view_if_needed()
    opened.wait_for_function(f"{curve} !== {before!r}")


@pytest.mark.slow
def test_after_a_lost_connection_all_is_as_it_is_by_then_and_nothing_is_done_twice(page: Page) -> None:
    opened = page("?images=6000")
    sent: list[str] = []
    opened.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    downloads: list[Any] = []
    opened.on("download", lambda download: downloads.append(download))
    opened.get_by_role("button", name="One batch").click()
    opened.wait_for_function("document.querySelector('.tl-status').textContent.includes('step 1 of')")
    opened.get_by_role("button", name="Keep this run").click()
    with opened.expect_download():
        opened.locator(".tl-run select").first.select_option("script")
    lost = opened.evaluate("const { id } = window.socket; window.socket.io.engine.close(); id")
    opened.wait_for_function("lost => window.socket.connected && window.socket.id !== lost", arg=lost)
    opened.get_by_role("button", name="One epoch").click()
    opened.wait_for_function(
        "document.querySelector('.tl-status').textContent.startsWith('epoch 2 of 10, step 0')"
    )
    assert any('\\"ready\\":true' in frame for frame in sent)
    assert len(downloads) == 1


@pytest.mark.slow
def test_by_keyboard_alone(page: Page) -> None:
    opened = page()
    opened.locator(".tl-draw").focus()
    opened.keyboard.press("Space")
    for _ in range(8):
        opened.keyboard.press("ArrowDown")
    opened.wait_for_selector(".tl-bars .tl-most")
    opened.keyboard.press("Delete")
    opened.wait_for_function(
        "document.querySelector('.tl-pad [aria-live]').textContent === 'Nothing is drawn.'"
    )
    canvas = opened.locator(".tl-pixel canvas[tabindex]")
    canvas.focus()
    before = opened.locator(".tl-pixel table").first.inner_text()
    opened.keyboard.press("ArrowLeft")
    opened.wait_for_function(
        "text => document.querySelector('.tl-pixel table').innerText !== text", arg=before
    )


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (390, "dark"),
        *(
            pytest.param(width, scheme, marks=pytest.mark.slow)
            for width, scheme in ((390, "light"), (1024, "dark"), (1024, "light"), (1440, "light"))
        ),
    ],
)
def test_it_fits_the_screen_in_japanese(page: Page, width: int, scheme: str) -> None:
    opened = page("?lang=ja", viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.evaluate("document.documentElement.lang") == "ja"
    assert opened.locator("h1").inner_text() == "ネットワークが数字を読めるようになるまで"
    assert opened.locator(".tl-pad").get_attribute("data-scheme") == scheme


@pytest.mark.slow
def test_the_window_slides_until_it_is_stopped(page: Page) -> None:
    opened = page()
    part = opened.locator(".tl-pixel")
    part.locator("canvas[tabindex]").click(position={"x": 103, "y": 103})  # far from the end of its way
    expect(part.locator("[aria-live]")).to_have_text(re.compile("^Row 10, column 10: "))
    before = part.locator("table").first.inner_text()
    part.get_by_role("button", name="Slide the window").click()
    opened.wait_for_function(
        "text => document.querySelector('.tl-pixel table').innerText !== text", arg=before
    )
    part.get_by_role("button", name="Stop").click()
    part.get_by_role("button", name="Slide the window").wait_for()


@pytest.mark.slow
def test_a_mistake_of_the_moment_is_pinned(page: Page) -> None:
    opened = page("?images=600")
    opened.get_by_role("button", name="One batch").click()
    opened.wait_for_function("document.querySelector('.tl-status').textContent.includes('step 1 of 5')")
    mistake = opened.locator(".tl-mistake").nth(1)
    true, read = mistake.inner_text().split(" → ")
    mistake.click()
    opened.wait_for_function(
        "text => document.querySelector('.tl-face').getAttribute('aria-label').startsWith(text)",
        arg=f"This is a {true}, read as {read} with ",
    )


@pytest.mark.slow
def test_two_pages_of_a_browser_show_one_run(page: Page) -> None:
    first = page()
    second = first.context.new_page()
    second.goto(first.url)
    settle(second)
    first.get_by_role("button", name="One batch").click()
    second.wait_for_function("document.querySelector('.tl-status').textContent.includes('step 1 of 422')")
    first.close()
    second.close()
    third = first.context.new_page()
    third.goto(first.url)
    settle(third)
    assert status(third) == "epoch 1 of 10, step 1 of 422"


@pytest.mark.slow
def test_another_network_is_trained_at_its_own_address_and_there_is_a_way_back(page: Page) -> None:
    opened = page()
    opened.get_by_role("button", name="One batch").click()
    opened.wait_for_function("document.querySelector('.tl-status').textContent.includes('step 1 of 422')")
    train = opened.get_by_role("button", name="Train this network")
    assert train.is_disabled()
    assert opened.locator(".tl-why").inner_text().startswith("This network is the one that is trained")
    opened.locator(".tl-editor select").first.select_option("small-data")
    opened.wait_for_function("!document.querySelector('.tl-editor .tl-first').disabled")
    train.click()
    opened.wait_for_url("**/?net=c32k5_p2_d128")
    settle(opened)
    opened.wait_for_function("document.querySelector('.tl-status')?.textContent.includes('images a second')")
    assert "Press “Start”." not in opened.locator("header").inner_text()
    opened.get_by_role("button", name="Pause").click()
    opened.get_by_role("button", name="Go on").wait_for()
    opened.get_by_role("button", name="Keep this run").click()
    opened.get_by_text("Kept.", exact=True).wait_for()  # the steps that were in hand are done by then
    opened.reload()
    settle(opened)
    paused_at = status(opened)
    tab = opened.context.new_page()
    tab.goto(opened.url)
    settle(tab)
    opened.reload()
    settle(opened)
    assert (status(opened), status(tab)) == (paused_at, paused_at), "it is trained once for each press"
    for one in (opened, tab):
        expect(one.get_by_role("button", name="Go on")).to_be_visible()
    opened.go_back()
    settle(opened)
    assert status(opened) == "epoch 1 of 10, step 1 of 422"


@pytest.mark.parametrize(
    ("lang", "low", "high", "use"),
    [
        pytest.param("en", "filters: a whole number from 1 to 128", "kernel: a whole number from 1 to 15",
                     "Train this network", marks=pytest.mark.slow),
        ("ja", "フィルタの数：1 ～ 128 の整数を入れてください", "カーネル：1 ～ 15 の整数を入れてください",
         "このネットワークを学習する"),
    ],
)  # fmt: skip
def test_a_wrong_number_stays_and_is_said_until_it_is_mended(
    page: Page, lang: str, low: str, high: str, use: str
) -> None:
    opened = page(f"?lang={lang}&images=600", viewport={"width": 390, "height": 800})
    layer = opened.locator(".tl-editor li").first
    filters, kernel = layer.locator("input").nth(0), layer.locator("input").nth(1)
    said, why = layer.locator(".tl-problem"), opened.locator(".tl-why")
    train = opened.get_by_role("button", name=use)
    filters.fill("-5")
    kernel.fill("99")
    expect(said).to_have_text(f"{low} · {high}")
    kernel.blur()
    assert [one.input_value() for one in (filters, kernel)] == ["-5", "99"]
    assert [one.get_attribute("aria-invalid") for one in (filters, kernel)] == ["true", "true"]
    assert low in why.inner_text()
    assert train.is_disabled()
    assert layer.locator(".tl-text").inner_text() == "", "a shape would be that of other numbers"
    kernel.fill("3")
    expect(said).to_have_text(low)
    filters.fill("8")
    expect(said).to_have_text("")
    expect(why).to_have_text("")
    expect(layer.locator(".tl-text")).to_have_text("→ 26×26×8")
    train.click()
    opened.wait_for_url("**/?net=c8k3_p2_d20&images=600&lang=" + lang)


@pytest.mark.slow
def test_what_does_not_fit_is_said_where_it_stands(page: Page) -> None:
    opened = page("?net=c4k3_p8_d10")
    opened.locator(".tl-editor li").nth(0).get_by_label("kernel").fill("15")
    opened.locator(".tl-editor li").nth(0).get_by_label("stride").fill("4")
    opened.wait_for_selector(".tl-editor li:nth-child(2) .tl-problem:not(:empty)")
    assert opened.locator(".tl-problem").nth(1).inner_text() == "pool 8 is larger than its input 4×4"
    assert opened.get_by_role("button", name="Train this network").is_disabled()


@pytest.mark.slow
def test_a_wrong_address_says_what_was_wrong(page: Page) -> None:
    opened = page("?epochs=none&images=600&net=<script>")
    said = opened.locator("[role=alert]").all_inner_texts()
    assert said[0].startswith("The address: net: '<script>' is no layer")
    assert said[1] == "The address: epochs: a whole number from 1 to 200, not 'none'"
    assert status(opened) == "Ready: 10 epochs of 5 steps, seed 1"


@pytest.mark.slow
def test_mistakes_take_no_room_until_they_are_looked_for(page: Page) -> None:
    opened = page()
    part = opened.locator(".tl-mistakes")
    part.scroll_into_view_if_needed()
    assert part.inner_text().split("\n")[0] == "Look for mistakes"
    assert "reads all 10,000 images" in part.inner_text()
    assert part.bounding_box()["height"] < 100
    opened.get_by_role("button", name="Look for mistakes").click()
    opened.locator(".tl-mistakes figure").first.wait_for()
    assert part.locator("td button").count() == 100
    assert part.inner_text().split("\n")[0] == "Look again"
