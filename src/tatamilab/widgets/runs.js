// Runs on the shelf. Up: `command`. Down: `shown`, `file`, `texts`.
function render({ model, el }) {
  const texts = model.get("texts");
  let sequence = model.get("command")?.sequence ?? 0;
  const command = (name, values = {}) => {
    sequence += 1;
    model.set("command", { sequence, name, ...values });
    model.save_changes();
  };
  const keep = button(texts.keep, () => command("keep"), "tl-first"), said = make("span", "tl-muted"), groups = make("div");
  keep.hidden = !texts.can_keep;
  said.setAttribute("role", "status");
  const root = make("div", "tl tl-runs", { lang: texts.lang }, make("div", "tl-row", {}, keep, said), groups);
  el.replaceChildren(root);

  function line(run) {
    const take = make("select", "", {}, option("", texts.take), ...texts.kinds.map(([kind, text]) => option(kind, text)));
    take.setAttribute("aria-label", texts.take);
    take.addEventListener("change", () => { if (take.value) command("export", { id: run.id, kind: take.value }); take.value = ""; });
    const ask = make("span", "tl-ask", { hidden: true }), remove = button(texts.delete, () => { ask.hidden = false; ask.lastChild.focus(); });
    ask.append(texts.sure, button(texts.really, () => command("delete", { id: run.id })), button(texts.not, () => { ask.hidden = true; remove.focus(); }));
    return make("div", "tl-run", {},
      make("span", "tl-name", {}, make("b", "", { textContent: run.title }), ` · ${run.when}`, make("div", "tl-muted", { textContent: run.score })),
      ...(texts.can_restore ? [button(texts.restore, () => command("restore", { id: run.id }))] : []), take, remove, ask);
  }
  function paint() {
    const shown = model.get("shown");
    said.textContent = shown.said;
    groups.replaceChildren(...(shown.groups.length ? shown.groups.map((group) => make("div", "tl-group", {},
      make("h3", "", { textContent: group.title }), make("div", "tl-muted", { textContent: group.score }), ...group.runs.map(line)))
      : [make("p", "tl-muted", { textContent: texts.none })]));
  }
  function save() {
    const { name, mime, content, sequence: of } = model.get("file");
    if (of !== sequence || !content) return;
    const address = URL.createObjectURL(new Blob([bytes(content)], { type: mime }));
    make("a", "", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }
  model.on("change:shown", paint);
  model.on("change:file", save);
  const leave = followScheme(root, () => {});
  paint();
  return () => { model.off("change:shown", paint); model.off("change:file", save); leave(); };
}
export default { render };
