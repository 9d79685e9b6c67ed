// How many images: a CNN against a plain network. Up: `asked`. Down: `shown`, `texts`.
const HEIGHT = 230, AXIS = 84, PAUSE_MS = 60;

function render({ model, el }) {
  const texts = model.get("texts");
  let sequence = 0, timer = 0, trainedAt = -Infinity, touched = false;
  const size = make("input", "tl-size", { type: "range", min: 0, max: texts.sizes.length - 1, step: 1 }), count = make("output", "tl-count");
  const draw = make("select", "", {}, ...texts.draws.map((text, k) => option(k + texts.first, text)));
  const seed = make("select", "", {}, ...Array.from({ length: texts.seeds }, (_, k) => option(k, k)));
  const net = make("select", "", {}, ...texts.models.map(([name, text]) => option(name, text)));
  const sure = button("", () => send(isMeasuring() ? "stop" : "measure")), clear = button(texts.clear, () => send("clear"));
  const of = { cnn: make("b"), bpnn: make("b") };
  const status = make("span", "tl-muted"), verdict = make("p", "tl-verdict"), says = make("p", "tl-unseen");
  says.setAttribute("aria-live", "polite");
  const plot = canvas("tl-plot", texts.chart), axis = canvas("tl-axis", texts.study);
  const label = (text, ...nodes) => make("label", "", {}, text, ...nodes);
  const root = part("sample", texts,
    make("div", "tl-controls", {}, label(texts.size, size, count), label(texts.draw, draw), label(texts.seed, seed), label(texts.model, net)),
    make("div", "tl-scores", {}, make("span", "tl-of-cnn", {}, texts.cnn, of.cnn), make("span", "tl-of-bpnn", {}, texts.bpnn, of.bpnn), status),
    make("div", "tl-two", {},
      make("div", "", {}, make("h3", "", { textContent: texts.chart }), plot, make("div", "tl-row", { style: "margin-top:8px" }, clear)),
      make("div", "", {}, make("h3", "", { textContent: texts.study }), axis, verdict, make("div", "tl-row", {}, sure))), says, glossary(texts.words));
  el.replaceChildren(root);

  const send = (what, values = {}) => {
    sequence += 1;
    model.set("asked", { sequence, what, ...values });
    model.save_changes();
  };
  const train = () => {
    trainedAt = performance.now();
    timer = 0;
    send("train", { size: texts.sizes[size.value], draw: Number(draw.value), seed: Number(seed.value), model: net.value });
  };
  // The first touch at once, then one in a while, the last among them.
  const soon = () => {
    touched = true;
    count.textContent = texts.sizes[size.value].toLocaleString();
    clearTimeout(timer);
    const pause = PAUSE_MS - (performance.now() - trainedAt);
    if (pause > 0) timer = setTimeout(train, pause);
    else train();
  };
  size.addEventListener("input", soon);
  for (const node of [draw, seed, net]) node.addEventListener("change", soon);
  const isMeasuring = () => { const { study, busy } = model.get("shown"); return busy && study.planned > 0 && !study.over; };

  const colour = coloursOf(root);
  const same = (a, b) => ["size", "draw", "seed", "model"].every((name) => a[name] === b[name]);

  function paintPlot({ points, setting }) {
    const width = Math.max(widthOf(plot.parentNode), 160), pen = sharp(plot, width, HEIGHT);
    const box = { left: 44, right: width - 10, top: 10, bottom: HEIGHT - 40 };
    const logs = texts.sizes.map(Math.log), low = points.length ? Math.min(0.7, ...points.map((one) => Math.floor(10 * Math.min(one.cnn[1], one.bpnn[1])) / 10)) : 0.7;
    const x = (n) => box.left + 14 + (box.right - box.left - 28) * (Math.log(n) - logs[0]) / (logs.at(-1) - logs[0]);
    const y = (share) => box.bottom - (box.bottom - box.top) * (share - low) / (1 - low);
    pen.font = "11.5px system-ui, sans-serif";
    pen.fillStyle = colour("muted");
    pen.strokeStyle = colour("faint");
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    const step = low < 0.5 ? 0.2 : low < 0.7 ? 0.1 : 0.05;
    for (let k = 0; k <= Math.round((1 - low) / step); k++) {
      const share = 1 - k * step;
      pen.fillText(`${Math.round(100 * share)}%`, box.left - 7, y(share));
      pen.beginPath(); pen.moveTo(box.left, y(share)); pen.lineTo(box.right, y(share)); pen.stroke();
    }
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const n of texts.sizes) if (width > 420 || [20, 100, 600, 5000].includes(n)) pen.fillText(n.toLocaleString(), x(n), box.bottom + 6);
    pen.fillText(texts.images, (box.left + box.right) / 2, box.bottom + 23);
    for (const one of points) {
      const now = same(one, setting);
      pen.globalAlpha = now ? 1 : 0.35;
      for (const [arm, name, side] of [["cnn", "accent", -1], ["bpnn", "indigo", 1]]) {
        const [share, from, to] = one[arm], at = x(one.size) + 3 * side;
        pen.strokeStyle = pen.fillStyle = colour(name);
        pen.lineWidth = 1.5;
        pen.beginPath(); pen.moveTo(at, y(from)); pen.lineTo(at, y(to)); pen.stroke();
        pen.beginPath();
        if (arm === "cnn") pen.arc(at, y(share), now ? 5 : 3.5, 0, 7);
        else pen.rect(at - (now ? 4.5 : 3), y(share) - (now ? 4.5 : 3), now ? 9 : 6, now ? 9 : 6);
        pen.fill();
      }
      pen.globalAlpha = 1;
    }
  }

  function paintAxis({ study }) {
    const width = Math.max(widthOf(axis.parentNode), 160), pen = sharp(axis, width, AXIS);
    const box = { left: 14, right: width - 14, bottom: AXIS - 36 };
    const values = [...study.differences, ...(study.interval ?? []).filter((v) => Math.abs(v) < 0.4)].map((v) => 100 * v);
    const low = Math.min(-2, ...values.map((v) => Math.floor(v) - 1)), high = Math.max(8, ...values.map((v) => Math.ceil(v) + 1));
    const x = (v) => box.left + (box.right - box.left) * (Math.min(Math.max(v, low), high) - low) / (high - low);
    pen.font = "11.5px system-ui, sans-serif";
    pen.strokeStyle = colour("faint");
    pen.fillStyle = colour("muted");
    pen.beginPath(); pen.moveTo(box.left, box.bottom); pen.lineTo(box.right, box.bottom); pen.stroke();
    pen.textAlign = "center";
    pen.textBaseline = "top";
    const step = high - low > 40 ? 20 : high - low > 16 ? 5 : 2;
    for (let v = Math.ceil(low / step) * step; v <= high; v += step) {
      pen.fillText(v > 0 ? `+${v}` : `${v}`.replace("-", "−"), x(v), box.bottom + 5);
      pen.beginPath(); pen.moveTo(x(v), box.bottom); pen.lineTo(x(v), box.bottom + 3); pen.stroke();
    }
    pen.fillText(texts.points, width / 2, box.bottom + 20);
    pen.strokeStyle = colour("muted");
    pen.setLineDash([3, 3]);
    pen.beginPath(); pen.moveTo(x(0), 4); pen.lineTo(x(0), box.bottom); pen.stroke();
    pen.setLineDash([]);
    if (study.interval) {
      pen.fillStyle = colour("accent");
      pen.globalAlpha = study.over ? 0.45 : 0.2;
      pen.fillRect(x(100 * study.interval[0]), 14, Math.max(x(100 * study.interval[1]) - x(100 * study.interval[0]), 2), box.bottom - 20);
      pen.globalAlpha = 1;
    }
    pen.strokeStyle = colour("ink");
    pen.lineWidth = 1.2;
    study.differences.forEach((v, k) => { pen.beginPath(); pen.arc(x(100 * v), 18 + 4 * (k % 4), 2.6, 0, 7); pen.stroke(); });
  }

  // Painting takes time from the training that is painted: what is the same is left as it is.
  let painted = "";
  function paintCharts({ points, setting, study }) {
    const now = JSON.stringify([points, setting, study, widthOf(plot.parentNode), root.dataset.scheme]);
    if (now === painted) return;
    painted = now;
    paintPlot({ points, setting });
    paintAxis({ study });
  }
  function paint() {
    const shown = model.get("shown"), { setting, shares } = shown;
    if (!touched || (!timer && shown.sequence === sequence)) {
      const at = texts.sizes.indexOf(setting.size);
      if (at >= 0 && document.activeElement !== size) size.value = at;
      if (document.activeElement !== size) count.textContent = setting.size.toLocaleString();
      draw.value = setting.draw; seed.value = setting.seed; net.value = setting.model;
    }
    for (const arm of ["cnn", "bpnn"]) write(of[arm], arm in shares ? percent(shares[arm]) : "…");
    write(status, shown.status);
    write(sure, isMeasuring() ? texts.stop : texts.sure);
    write(verdict, shown.study.text || texts.none);
    clear.disabled = shown.points.length < 2;
    if (shown.says) write(says, shown.says);
    describe(plot, `${texts.chart}. ${shown.in_words}`);
    describe(axis, `${texts.study}. ${shown.study.text || texts.none}`);
    paintCharts(shown);
  }
  const show = onFrame(paint);
  model.on("change:shown", show);
  const leave = followScheme(root, paint), unseen = tellSight(model, root);
  const resized = new ResizeObserver(show);
  resized.observe(root);
  count.textContent = model.get("shown").setting.size.toLocaleString();
  paint();
  const forget = whenSeen(root, () => { if (!model.get("shown").points.length) train(); });
  return () => { forget(); model.off("change:shown", show); leave(); unseen(); resized.disconnect(); clearTimeout(timer); };
}
export default { render };
