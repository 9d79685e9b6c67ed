// A live training: its commands, curves and filters. Up: `command`. Down: `moment`, `texts`.
const HEIGHT = 190, LOWEST = -5, HIGHEST = -1, STEPS = 20;

function render({ model, el }) {
  const texts = model.get("texts");
  let sequence = 0;
  const command = (name, value = null) => {
    sequence += 1;
    model.set("command", { sequence, name, value });
    model.save_changes();
  };
  const start = button("", () => command(model.get("moment").phase === "running" ? "pause" : "start"), "tl-first");
  const [batch, epoch, reset, other] = ["batch", "epoch", "reset", "other_seed"].map((name) => button(texts[name], () => command(name)));
  const rate = make("input", "", { type: "range", min: LOWEST * STEPS, max: HIGHEST * STEPS, step: 1 }), rateText = make("output");
  rate.addEventListener("input", () => command("learning_rate", 10 ** (rate.value / STEPS)));
  const size = make("select", "", {}, ...texts.batches.map((n) => option(n, n)));
  size.addEventListener("change", () => command("batch_size", Number(size.value)));
  const film = make("input", "tl-film", { type: "range", min: 0, step: 1 }), filmText = make("output", "tl-muted");
  film.addEventListener("input", () => command("look_at", Number(film.value) === Number(film.max) ? null : Number(film.value)));
  const status = make("span", "tl-muted tl-status"), says = make("p", "tl-unseen");
  says.setAttribute("aria-live", "polite");
  const chart = (title) => {
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", title);
    return { canvas, title, holder: make("div", "", {}, make("h3", "", { textContent: title }), canvas) };
  };
  const accuracy = chart(texts.accuracy), loss = chart(texts.loss);
  const filters = make("canvas", "", {});
  filters.setAttribute("role", "img");
  filters.setAttribute("aria-label", texts.filters);
  const root = make("div", "tl tl-live", { lang: texts.lang },
    make("div", "tl-row", {}, start, batch, epoch, reset, other),
    make("div", "tl-row", { style: "margin-top:10px" }, make("label", "", {}, texts.learning_rate, rate, rateText),
      make("label", "", {}, texts.batch_size, size), status),
    make("div", "tl-curves", {}, accuracy.holder, loss.holder), says,
    make("div", "tl-filters", {}, make("h3", "", { textContent: texts.filters }), filters,
      make("div", "tl-row", { style: "margin-top:8px" }, make("label", "", {}, texts.film, film), filmText)));
  el.replaceChildren(root);

  const colour = coloursOf(root);

  function ticks(low, high, count) {
    const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= raw);
    const out = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9; k++) out.push(Number((k * step).toPrecision(6)));
    return out;
  }

  function paintChart(one, moment, value, format, range) {
    const width = Math.max(one.holder.clientWidth, 120), pen = sharp(one.canvas, width, HEIGHT);
    const box = { left: 46, right: width - 8, top: 8, bottom: HEIGHT - 36 };
    const last = moment.points.length ? moment.points.at(-1)[0] : 0;
    const right = Math.max(Math.min(moment.epochs, Math.max(1, Math.ceil(last * 1.15))), last);
    const [low, high] = range;
    const x = (epoch) => box.left + (box.right - box.left) * epoch / right;
    const y = (v) => box.bottom - (box.bottom - box.top) * (Math.min(Math.max(v, low), high) - low) / (high - low);
    pen.font = "11.5px system-ui, sans-serif";
    pen.fillStyle = colour("muted");
    pen.strokeStyle = colour("faint");
    pen.lineWidth = 1;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const v of ticks(low, high, 4)) {
      pen.fillText(format(v), box.left - 7, y(v));
      pen.beginPath(); pen.moveTo(box.left, y(v)); pen.lineTo(box.right, y(v)); pen.stroke();
    }
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const e of ticks(0, right, Math.min(6, Math.max(2, width / 80)))) if (Number.isInteger(e) || right <= 2) pen.fillText(e, x(e), box.bottom + 6);
    pen.fillText(texts.epochs, (box.left + box.right) / 2, box.bottom + 21);
    pen.strokeStyle = colour("indigo");
    pen.lineWidth = 1.8;
    pen.beginPath();
    moment.points.forEach((point) => pen.lineTo(x(point[0]), y(value(point))));
    pen.stroke();
    pen.strokeStyle = pen.fillStyle = colour("accent");
    if (value === accuracyOf && moment.validation.length) {
      pen.globalAlpha = 0.2;
      pen.beginPath();
      moment.validation.forEach((point) => pen.lineTo(x(point[0]), y(point[4])));
      [...moment.validation].reverse().forEach((point) => pen.lineTo(x(point[0]), y(point[3])));
      pen.fill();
      pen.globalAlpha = 1;
    }
    pen.beginPath();
    moment.validation.forEach((point) => pen.lineTo(x(point[0]), y(value(point))));
    pen.stroke();
    for (const point of moment.validation) { pen.beginPath(); pen.arc(x(point[0]), y(value(point)), 3, 0, 7); pen.fill(); }
    pen.textAlign = "right";
    pen.textBaseline = "alphabetic";
    const bottom = value === accuracyOf;
    pen.font = "600 11.5px system-ui, sans-serif";
    pen.fillStyle = colour("indigo");
    pen.fillText(texts.training_images, box.right - 4, bottom ? box.bottom - 24 : box.top + 12);
    pen.fillStyle = colour("accent");
    pen.fillText(texts.held_back, box.right - 4, bottom ? box.bottom - 8 : box.top + 28);
  }
  const lossOf = (point) => point[1], accuracyOf = (point) => point[2];

  function paint() {
    const moment = model.get("moment"), over = moment.phase === "finished" || moment.phase === "diverged";
    start.textContent = moment.phase === "running" ? texts.pause : moment.phase === "paused" ? texts.go_on : texts.start;
    for (const node of [start, batch, epoch]) node.disabled = over;
    if (document.activeElement !== rate) rate.value = Math.log10(moment.learning_rate) * STEPS;
    size.value = moment.batch_size;
    rateText.textContent = Number(moment.learning_rate.toPrecision(2));
    film.max = Math.max(moment.frames - 1, 0);
    film.value = moment.shown ?? film.max;
    film.disabled = moment.frames < 2;
    filmText.textContent = moment.film;
    status.textContent = moment.status;
    if (says.textContent !== moment.says) says.textContent = moment.says;
    const losses = [...moment.points, ...moment.validation].map(lossOf).filter(Number.isFinite);
    paintChart(accuracy, moment, accuracyOf, (v) => `${Math.round(100 * v)}%`, [0, 1]);
    paintChart(loss, moment, lossOf, (v) => v, [0, Math.max(...losses, 0.5)]);
    if (moment.filters.count) paintMosaic(filters, root, moment.filters, SIGNED);
  }
  const show = onFrame(paint);
  model.on("change:moment", show);
  const leave = followScheme(root, paint);
  const resized = new ResizeObserver(show);
  resized.observe(root);
  paint();
  return () => { model.off("change:moment", show); leave(); resized.disconnect(); };
}
export default { render };
