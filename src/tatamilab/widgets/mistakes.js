// Which digits are taken for which, and the pictures. Up: `chosen`. Down: `mistakes`, `texts`.
const SIZE = 240, MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function render({ model, el }) {
  const texts = model.get("texts");
  const channel = newest(model, "chosen", "mistakes");
  let asked = { true: null, predicted: null, page: 0 };
  const ask = (changes) => { asked = { ...asked, ...changes }; channel.send(asked); };
  const look = button(texts.look, () => channel.send({ ...asked, look: true })), hint = make("p", "tl-muted", { textContent: texts.hint });
  const all = button(texts.all, () => ask({ true: null, predicted: null, page: 0 }));
  const earlier = button(texts.earlier, () => ask({ page: asked.page - 1 })), later = button(texts.later, () => ask({ page: asked.page + 1 }));
  const place = make("span", "tl-muted"), score = make("p"), title = make("h3"), pictures = make("div", "tl-pictures");
  score.setAttribute("aria-live", "polite");
  // One stop of the Tab key; arrow keys move within.
  const table = make("table"), cells = [];
  let at = [0, 0];
  table.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    at = at.map((place, axis) => Math.min(Math.max(place + move[axis], 0), cells.length - 1));
    cells[at[0]][at[1]].focus();
  });
  table.addEventListener("focusin", () => cells.forEach((row, i) => row.forEach((node, j) => { node.tabIndex = i === at[0] && j === at[1] ? 0 : -1; })));
  table.append(make("caption", "tl-unseen", { textContent: texts.matrix }));
  const head = table.insertRow();
  head.append(make("th", "", { textContent: "↓→", title: `${texts.true} ↓, ${texts.predicted} →` }), ...texts.classes.map((name) => make("th", "", { scope: "col", textContent: name })));
  texts.classes.forEach((name, i) => {
    const row = table.insertRow();
    row.append(make("th", "", { scope: "row", textContent: name }));
    cells.push(texts.classes.map((_, j) => {
      const node = Object.assign(button("", () => { at = [i, j]; ask({ true: i, predicted: j, page: 0 }); }), { tabIndex: i || j ? -1 : 0 });
      row.insertCell().append(node);
      return node;
    }));
  });
  const plot = canvas("tl-calibration", texts.calibration), verdict = make("p", "tl-muted");
  const found = make("div", "", { hidden: true },
    make("div", "tl-two", {},
      make("div", "", {}, make("h3", "", { textContent: texts.matrix }), table, make("p", "tl-muted", { textContent: texts.keys })),
      make("div", "", {}, title, pictures, make("div", "tl-row", { style: "margin-top:10px" }, all, earlier, later, place))),
    make("div", "", { style: "margin-top:18px" }, make("h3", "", { textContent: texts.calibration }), make("div", "tl-sure", {}, plot, verdict)));
  const root = part("mistakes", texts, make("div", "tl-row", {}, look, hint, score), found, glossary(texts.words));
  el.replaceChildren(root);

  const colour = coloursOf(root);
  function paintMatrix({ matrix, cell }) {
    const most = Math.max(1, ...matrix.flatMap((row, i) => row.filter((_, j) => i !== j)));
    matrix.forEach((row, i) => row.forEach((n, j) => {
      const node = cells[i][j], tint = i === j ? null : AMOUNTS[root.dataset.scheme][Math.round(255 * Math.sqrt(n / most) * 0.85)];
      node.textContent = n || (i === j ? "0" : "");
      node.style.background = tint ? css(tint) : colour("paper");
      node.style.color = tint ? readable(tint) : colour("muted");
      node.setAttribute("aria-label", texts.cell.replace("{true}", texts.classes[i]).replace("{predicted}", texts.classes[j]).replace("{n}", n));
      node.setAttribute("aria-pressed", cell[0] === i && cell[1] === j);
    }));
  }
  function paintPictures({ values, captions, rows, columns }) {
    const pixels = bytes(values), n = rows * columns;
    pictures.replaceChildren(...captions.map((text, k) => {
      const node = Object.assign(canvas("tl-framed", text), { width: 64, height: 64 });
      paintPixels(node.getContext("2d"), pixels.subarray(k * n, (k + 1) * n), rows, columns, 0, 0, 64, 64, INKS[root.dataset.scheme]);
      return make("figure", "", {}, node, make("figcaption", "", { textContent: text }));
    }));
    if (!captions.length) pictures.append(make("p", "tl-muted", { textContent: texts.none }));
  }
  function paintCalibration({ bins, text }) {
    verdict.textContent = text;
    describe(plot, `${texts.calibration}. ${text}`);
    const width = Math.max(plot.clientWidth, 200), pen = sharp(plot, width, SIZE);
    const box = { left: 46, right: width - 10, top: 26, bottom: SIZE - 38 };
    const low = bins.length ? Math.min(0.9, ...bins.map((one) => Math.floor(10 * Math.min(one[0], one[2])) / 10)) : 0;
    const x = (v) => box.left + (box.right - box.left) * (v - low) / (1 - low), y = (v) => box.bottom - (box.bottom - box.top) * (v - low) / (1 - low);
    pen.font = "11.5px system-ui, sans-serif";
    pen.fillStyle = colour("muted");
    pen.strokeStyle = colour("faint");
    const step = low >= 0.9 ? 0.02 : low >= 0.8 ? 0.05 : low >= 0.5 ? 0.1 : 0.2;
    for (let v = 1; v > low - 1e-9; v -= step) {
      const label = `${Math.round(100 * v)}%`;
      pen.textAlign = "right"; pen.textBaseline = "middle"; pen.fillText(label, box.left - 7, y(v));
      pen.textAlign = v === 1 ? "right" : "center"; pen.textBaseline = "top"; pen.fillText(label, x(v) + (v === 1 ? 8 : 0), box.bottom + 5);
      pen.beginPath(); pen.moveTo(box.left, y(v)); pen.lineTo(box.right, y(v)); pen.stroke();
    }
    pen.textAlign = "left";
    pen.fillText(texts.right, 2, 0);
    pen.textAlign = "center";
    pen.fillText(texts.claimed, (box.left + box.right) / 2, box.bottom + 22);
    pen.strokeStyle = colour("muted");
    pen.setLineDash([4, 4]);
    pen.beginPath(); pen.moveTo(x(low), y(low)); pen.lineTo(x(1), y(1)); pen.stroke();
    pen.setLineDash([]);
    pen.strokeStyle = pen.fillStyle = colour("indigo");
    pen.lineWidth = 1.5;
    for (const [claimed, right, from, to] of bins) {
      pen.beginPath(); pen.moveTo(x(claimed), y(Math.max(from, low))); pen.lineTo(x(claimed), y(to)); pen.stroke();
      pen.beginPath(); pen.arc(x(claimed), y(right), 3.5, 0, 7); pen.fill();
    }
  }
  function paint() {
    const shown = model.get("mistakes");
    if (!shown.matrix) return;
    look.textContent = texts.again;
    hint.hidden = true;
    found.hidden = false;
    [asked.true, asked.predicted] = shown.cell;
    asked.page = shown.page;
    score.textContent = shown.score;
    title.textContent = shown.title;
    place.textContent = shown.pages > 1 ? `${shown.page + 1} / ${shown.pages}` : "";
    earlier.disabled = shown.page === 0;
    later.disabled = shown.page >= shown.pages - 1;
    all.disabled = shown.cell[0] === null;
    paintMatrix(shown);
    paintPictures(shown);
    paintCalibration(shown.calibration);
  }
  const show = onFrame(paint);
  model.on("change:mistakes", show);
  const leave = followScheme(root, paint);
  paint();
  return () => { model.off("change:mistakes", show); channel.close(); leave(); };
}
export default { render };
