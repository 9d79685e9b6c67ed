// A live training: its commands, curves and filters. Up: `command`. Down: `moment`, `looks`, `texts`.
const HEIGHT = 190, LOWEST = -5, HIGHEST = -1, STEPS = 20, FACE = 84;

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
  const status = make("span", "tl-muted tl-status"), says = make("p", "tl-says");
  says.setAttribute("aria-live", "polite");
  const chart = (title) => {
    const node = canvas();
    return { canvas: node, holder: make("div", "", {}, make("h3", "", { textContent: title }), node) };
  };
  const accuracy = chart(texts.accuracy), loss = chart(texts.loss), curves = make("div", "tl-curves", {}, accuracy.holder, loss.holder), filters = canvas();
  const image = make("select", "", {}, ...texts.images.map((text, k) => option(k, text)));
  image.addEventListener("change", () => command("pin", Number(image.value)));
  const face = canvas("tl-framed tl-face"), read = make("p"), maps = canvas(), noMaps = make("p", "tl-muted", { textContent: texts.no_maps, hidden: true });
  const wrong = make("p", "tl-muted"), mistakes = make("div", "tl-wrong");
  const root = part("live", texts,
    make("div", "tl-row", {}, start, batch, epoch, reset, other),
    make("div", "tl-row", { style: "margin-top:10px" }, make("label", "", {}, texts.learning_rate, rate, rateText),
      make("label", "", {}, texts.batch_size, size), status),
    says, curves,
    make("div", "tl-filters", {}, make("h3", "", { textContent: texts.filters }), filters,
      make("div", "tl-row", { style: "margin-top:8px" }, make("label", "", {}, texts.film, film), filmText)),
    make("div", "tl-looks", {},
      make("div", "", {}, make("h3", "", { textContent: texts.pinned }),
        make("div", "tl-pinned", {}, make("div", "", {}, face, make("label", "", {}, texts.image, image)), make("div", "tl-map", {}, maps, noMaps)), read),
      make("div", "", {}, make("h3", "", { textContent: texts.mistakes }), mistakes, wrong)),
    glossary(texts.words));
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
    const width = Math.max(widthOf(one.holder), 120), pen = sharp(one.canvas, width, HEIGHT);
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

  function paintMoment() {
    const moment = model.get("moment"), over = moment.phase === "finished" || moment.phase === "diverged";
    write(start, moment.phase === "running" ? texts.pause : moment.phase === "paused" ? texts.go_on : texts.start);
    for (const node of [start, batch, epoch]) node.disabled = over;
    if (document.activeElement !== rate) rate.value = Math.log10(moment.learning_rate) * STEPS;
    size.value = moment.batch_size;
    write(rateText, Number(moment.learning_rate.toPrecision(2)));
    film.max = Math.max(moment.frames - 1, 0);
    film.value = moment.shown ?? film.max;
    film.disabled = moment.frames < 2;
    write(filmText, moment.film);
    write(status, moment.status);
    write(says, moment.says);
    describe(filters, moment.filters.says);
    describe(accuracy.canvas, moment.in_words.accuracy);
    describe(loss.canvas, moment.in_words.loss);
  }
  function paintCurves() {
    const moment = model.get("moment"), losses = [...moment.points, ...moment.validation].map(lossOf).filter(Number.isFinite);
    paintChart(accuracy, moment, accuracyOf, (v) => `${Math.round(100 * v)}%`, [0, 1]);
    paintChart(loss, moment, lossOf, (v) => v, [0, Math.max(...losses, 0.5)]);
  }
  function paintFilters() {
    const { filters: mosaic } = model.get("moment");
    if (mosaic.count) paintMosaic(filters, root, mosaic, SIGNED);
  }
  // The buttons stay where they are, so that one can be pressed while the mistakes change.
  const faces = [];
  function faceOf(at) {
    if (faces[at]) return faces[at];
    const picture = make("canvas"), bars = make("canvas"), text = make("span"), one = { picture, bars, text };
    one.node = make("button", "tl-mistake", { type: "button" }, picture, bars, text);
    one.node.addEventListener("click", () => command("pin", one.image));
    mistakes.append(one.node);
    return (faces[at] = one);
  }
  function paintLooks() {
    const looks = model.get("looks"), [layer] = looks.maps;
    describe(face, looks.text);
    image.value = looks.pinned;
    write(read, looks.text);
    noMaps.hidden = Boolean(layer);
    maps.hidden = !layer;
    if (layer) describe(maps, layer.says);
    write(wrong, looks.wrong);
    looks.mistakes.forEach((mistake, at) => {
      const one = faceOf(at);
      one.image = mistake.image;
      write(one.text, mistake.text);
      describe(one.node, texts.pin.replace("{text}", mistake.text));
    });
    faces.forEach((one, at) => { one.node.hidden = at >= looks.mistakes.length; });
  }
  function paintFaces() {
    const looks = model.get("looks"), { rows, columns } = looks, inks = INKS[root.dataset.scheme], [layer] = looks.maps;
    paintPixels(sharp(face, FACE, FACE), bytes(looks.image), rows, columns, 0, 0, FACE, FACE, inks);
    if (layer) paintMosaic(maps, maps.parentNode, layer, AMOUNTS[root.dataset.scheme]);
    const all = bytes(looks.values), n = rows * columns;
    looks.mistakes.forEach((mistake, at) => {
      const one = faceOf(at), shares = bytes(mistake.bars), pen = sharp(one.bars, 56, 26);
      paintPixels(sharp(one.picture, 56, 56), all.subarray(at * n, (at + 1) * n), rows, columns, 0, 0, 56, 56, inks);
      pen.fillStyle = colour("indigo");
      shares.forEach((share, k) => {
        const width = 56 / shares.length, height = Math.max(1, share / 255 * 26);
        pen.fillRect(k * width, 26 - height, width - 1, height);
      });
    });
  }

  // Words are there for who listens, wherever the page stands; pictures only for who sees them.
  const pictures = [onFrameInSight(curves, paintCurves), onFrameInSight(filters, paintFilters)];
  const show = onFrame(paintMoment), showLooks = onFrame(paintLooks), showFaces = onFrameInSight(mistakes.closest(".tl-looks"), paintFaces);
  const onMoment = () => { show(); for (const ask of pictures) ask(); }, onLooks = () => { showLooks(); showFaces(); };
  model.on("change:moment", onMoment);
  model.on("change:looks", onLooks);
  const paintAll = () => { paintMoment(); paintCurves(); paintFilters(); paintLooks(); paintFaces(); };
  const leave = followScheme(root, paintAll), unseen = tellSight(model, root);
  const resized = new ResizeObserver(() => { onMoment(); onLooks(); });
  resized.observe(root);
  paintAll();
  return () => { model.off("change:moment", onMoment); model.off("change:looks", onLooks); leave(); unseen(); resized.disconnect(); for (const ask of [...pictures, showFaces]) ask.end(); };
}
export default { render };
