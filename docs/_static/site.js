// Names, in the page's language, for regions and buttons that the theme leaves without; and the keyboard's way into
// code and tables that are wider than the page.

const NAMES = {
  en: { drawer: "All pages", toc: "On this page" },
  ja: {
    drawer: "ページの一覧",
    toc: "このページの内容",
    "Toggle site navigation sidebar": "ページの一覧を開閉",
    "Toggle table of contents sidebar": "このページの内容を開閉",
    "Toggle Light / Dark / Auto color theme": "明るい配色・暗い配色・自動の切り替え",
  },
}[document.documentElement.lang];

document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", NAMES.drawer);
document.querySelector(".toc-drawer")?.setAttribute("aria-label", NAMES.toc);
for (const one of document.querySelectorAll("[aria-label]")) {
  const name = NAMES[one.getAttribute("aria-label")];
  if (name) one.setAttribute("aria-label", name);
}

function reachable() {
  for (const one of document.querySelectorAll("article pre, article .table-wrapper")) {
    one.toggleAttribute("tabindex", false);
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
  }
}
reachable();
addEventListener("resize", reachable);

// The corner of a table has no name, so it is no heading.
for (const corner of document.querySelectorAll("th.head")) {
  if (!corner.textContent.trim()) corner.replaceWith(document.createElement("td"));
}
