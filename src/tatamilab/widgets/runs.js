// Runs on the shelf. Up: `command`. Down: `shown`, `file`, `texts`.
const LINE = 26, TICKS = 4;

function render({ model, el }) {
  const texts = model.get("texts");
  let sequence = model.get("command")?.sequence ?? 0;
  const command = (name, values = {}) => {
    sequence += 1;
    model.set("command", { sequence, name, ...values });
    model.save_changes();
  };
  const keep = button(texts.keep, () => command("keep"), "tl-first"), said = make("span", "tl-muted"), groups = make("div");
  const chart = canvas("tl-chart"), compared = make("div", "tl-compared", { hidden: true }, make("h3", "", { textContent: texts.chart }), chart);
  keep.hidden = !texts.can_keep;
  said.setAttribute("role", "status");
  const root = part("runs", texts, make("div", "tl-row", {}, keep, said), compared, groups, glossary(texts.words));
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
  const colour = coloursOf(root);
  // One line a group, under each other on one axis, so that intervals can be compared by eye.
  function paintChart(all) {
    const drawn = all.filter((group) => group.points.length), values = drawn.flatMap((group) => [...group.points, ...(group.interval ?? [])]);
    compared.hidden = drawn.length < 2;
    if (compared.hidden) return;
    const width = Math.max(compared.clientWidth, 200), height = drawn.length * LINE + 30, pen = sharp(chart, width, height);
    chart.style.height = `${height}px`;
    describe(chart, `${texts.chart}. ${drawn.map((group) => `${group.title}: ${group.score || percent(group.points[0])}`).join("; ")}`);
    const span = Math.max(Math.max(...values) - Math.min(...values), 0.005), low = Math.max(0, Math.min(...values) - span * 0.1), high = Math.min(1, Math.max(...values) + span * 0.1);
    const left = Math.min(240, width * 0.4), x = (v) => left + (width - left - 24) * (v - low) / (high - low), bottom = drawn.length * LINE + 4;
    pen.font = "11.5px system-ui, sans-serif";
    pen.textBaseline = "middle";
    for (let k = 0; k <= TICKS; k++) {
      const v = low + (high - low) * k / TICKS;
      pen.strokeStyle = colour("faint");
      pen.beginPath(); pen.moveTo(x(v), 2); pen.lineTo(x(v), bottom); pen.stroke();
      pen.fillStyle = colour("muted");
      pen.textAlign = "center";
      pen.fillText(`${(100 * v).toFixed(1)}%`, x(v), bottom + 13);
    }
    drawn.forEach(({ title, points, interval }, k) => {
      const y = (k + 0.5) * LINE;
      pen.textAlign = "left";
      pen.fillStyle = colour("ink");
      pen.fillText(title.split(":")[0], 0, y, left - 12);
      if (interval) {
        pen.fillStyle = colour("accent");
        pen.globalAlpha = 0.35;
        pen.fillRect(x(Math.max(interval[1], low)), y - 7, x(Math.min(interval[2], high)) - x(Math.max(interval[1], low)), 14);
        pen.globalAlpha = 1;
        pen.fillRect(x(interval[0]) - 1, y - 9, 2, 18);
      }
      pen.strokeStyle = colour("indigo");
      pen.lineWidth = 1.5;
      for (const point of points) { pen.beginPath(); pen.arc(x(point), y, 3.5, 0, 7); pen.stroke(); }
    });
  }
  function paint() {
    const shown = model.get("shown");
    said.textContent = shown.said;
    groups.replaceChildren(...(shown.groups.length ? shown.groups.map((group) => make("div", "tl-group", {},
      make("h3", "", { textContent: group.title }), make("div", "tl-muted", { textContent: group.score }), ...group.runs.map(line)))
      : [make("p", "tl-muted", { textContent: texts.none })]));
    paintChart(shown.groups);
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
  const leave = followScheme(root, () => paintChart(model.get("shown").groups));
  const resized = new ResizeObserver(() => paintChart(model.get("shown").groups));
  resized.observe(root);
  paint();
  return () => { model.off("change:shown", paint); model.off("change:file", save); leave(); resized.disconnect(); };
}
export default { render };
