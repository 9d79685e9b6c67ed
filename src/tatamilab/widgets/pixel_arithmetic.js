// One number of a layer, taken apart. Up: `asked`. Down: `answer`, `texts`.
const MAP = 236, PLAY_MS = 180, MOST_NUMBERS = 7;

// What rounds to zero has no sign.
const hundredths = (value) => value.toFixed(2).replace("-0.00", "0.00").replace("-", "−");

function render({ model, el }) {
  const texts = model.get("texts");
  let asked = { ...model.get("answer").place }, playing = 0;

  const image = make("select", "", {}, ...texts.images.map((text, k) => option(k, text)));
  const layer = make("select", "", {}, ...texts.layers.map((one) => option(one.name, one.title)));
  const filter = make("select");
  const play = make("button", "", { type: "button" });
  const reads = canvas("tl-framed"), makes = make("canvas", "tl-framed", { tabIndex: 0 });
  const readsTitle = make("h3"), makesTitle = make("h3");
  makes.setAttribute("role", "application");
  makes.setAttribute("aria-label", texts.map);
  const sums = make("div", "tl-sums"), lines = make("dl", "tl-lines"), says = make("p", "tl-unseen");
  says.setAttribute("aria-live", "polite");
  const root = part("pixel", texts,
    make("div", "tl-row", { style: "margin-bottom:14px" }, make("label", "", {}, texts.image, image),
      make("label", "", {}, texts.layer, layer), make("label", "", {}, texts.filter, filter), play),
    make("div", "tl-maps2", {}, make("div", "", {}, readsTitle, reads), make("div", "", {}, makesTitle, makes,
      make("p", "tl-muted", { textContent: texts.keys }))),
    sums, says, glossary(texts.words));
  el.replaceChildren(root);

  const channel = newest(model, "asked", "answer");
  const ask = (changes) => { asked = { ...asked, ...changes }; channel.send(asked); };
  image.addEventListener("change", () => ask({ image: Number(image.value) }));
  layer.addEventListener("change", () => ask({ layer: layer.value, filter: null, row: null, column: null }));
  filter.addEventListener("change", () => ask({ filter: Number(filter.value) }));

  function go(row, column) {
    const { makes: map } = model.get("answer");
    ask({ row: Math.min(Math.max(row, 0), map.rows - 1), column: Math.min(Math.max(column, 0), map.columns - 1) });
  }
  const hover = (event) => {
    const box = makes.getBoundingClientRect(), { makes: map } = model.get("answer");
    stop();
    go(Math.floor((event.clientY - box.top) / box.height * map.rows), Math.floor((event.clientX - box.left) / box.width * map.columns));
  };
  makes.addEventListener("pointermove", hover);
  makes.addEventListener("pointerdown", hover);
  const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  makes.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    stop();
    go(asked.row + move[0], asked.column + move[1]);
  });

  function stop() {
    if (playing) says.textContent = model.get("answer").says; // not said while it moved
    clearInterval(playing);
    playing = 0;
    play.textContent = texts.play;
  }
  play.addEventListener("click", () => {
    if (playing) return stop();
    play.textContent = texts.stop;
    playing = setInterval(() => {
      const { makes: map } = model.get("answer"), next = asked.row * map.columns + asked.column + 1;
      if (next >= map.rows * map.columns) return stop();
      go(Math.floor(next / map.columns), next % map.columns);
    }, PLAY_MS);
  });

  function paintMap(node, map, frame) {
    const pen = sharp(node, MAP, MAP), colours = map.signed ? SIGNED : INKS[root.dataset.scheme];
    const height = MAP * Math.min(1, map.rows / map.columns), width = MAP * Math.min(1, map.columns / map.rows);
    paintPixels(pen, bytes(map.values), map.rows, map.columns, 0, 0, width, height, colours);
    const unit = width / map.columns;
    pen.strokeStyle = root.dataset.scheme === "dark" ? "#f0915a" : "#b5501b";
    pen.lineWidth = 2.5;
    pen.strokeRect(frame[1] * unit, frame[0] * unit, frame[3] * unit, frame[2] * unit);
  }
  function grid(table) {
    const small = Math.max(table.values.length, table.values[0].length) > MOST_NUMBERS;
    const body = make("table", small ? "tl-bare" : "");
    const high = Math.max(...table.values.flat().map(Math.abs), 1e-9);
    table.values.forEach((row, i) => {
      const line = body.insertRow();
      row.forEach((value, j) => {
        const share = table.signed ? (value / high + 1) / 2 : Math.max(value, 0) / high;
        const colour = (table.signed ? SIGNED : INKS[root.dataset.scheme])[Math.round(255 * share)];
        const cell = line.insertCell();
        cell.textContent = value === 0 ? "0" : hundredths(value);
        cell.style.background = css(colour);
        cell.style.color = readable(colour);
        cell.classList.toggle("tl-won", table.won?.[0] === i && table.won?.[1] === j);
        cell.classList.toggle("tl-here", table.here?.[0] === i && table.here?.[1] === j);
      });
    });
    body.setAttribute("aria-label", table.title);
    return make("div", "", {}, make("h3", "", { textContent: table.title }), body);
  }
  function paint() {
    const answer = model.get("answer");
    asked = { ...answer.place };
    if (layer.value !== answer.place.layer || filter.length !== answer.makes.channels) {
      layer.value = answer.place.layer;
      filter.replaceChildren(...Array.from({ length: answer.makes.channels }, (_, k) => option(k, k)));
    }
    image.value = answer.place.image;
    filter.value = answer.place.filter;
    readsTitle.textContent = answer.reads.title;
    makesTitle.textContent = answer.makes.title;
    describe(reads, `${answer.reads.title}. ${answer.says}`);
    paintMap(reads, answer.reads, answer.window);
    paintMap(makes, answer.makes, [answer.place.row, answer.place.column, 1, 1]);
    sums.replaceChildren(...answer.tables.map((table) => make("div", "tl-table", {},
      ...(table.sign ? [make("span", "tl-sign", { textContent: table.sign })] : []), grid(table))), lines);
    lines.replaceChildren(...answer.lines.flatMap(([value, text, result]) => [
      make("dt", result ? "tl-result" : "", { textContent: value }), make("dd", "", { textContent: text })]));
    if (!playing) says.textContent = answer.says;
  }
  const show = onFrame(paint);
  model.on("change:answer", show);
  const leave = followScheme(root, paint), unseen = tellSight(model, root);
  stop();
  paint();
  return () => { model.off("change:answer", show); channel.close(); leave(); unseen(); stop(); };
}
export default { render };
