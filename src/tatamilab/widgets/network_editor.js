// A network put together from blocks. Up: `edited`. Down: `described`, `texts`.
const HEIGHT = 132, SCALE = 2.6, CHANNEL = 0.7, SLANT = 0.4, MAPS = ["conv", "pool"];

function render({ model, el }) {
  const texts = model.get("texts");
  let blocks = structuredClone(model.get("described").blocks), built = "";
  const typed = new Map(); // of each block, what stands in its fields and is none of their numbers

  const preset = make("select", "", {}, option("", texts.own), ...texts.presets.map(([name, text]) => option(name, text)));
  const choices = texts.choices.map(([name, text, values]) => {
    const node = make("select", "", {}, ...values.map((value) => option(value, value.toLocaleString())));
    node.addEventListener("change", () => send());
    return { name, node, values, label: make("label", "", {}, text, node) };
  });
  const drawing = canvas("tl-drawing", texts.drawing);
  const list = make("ol"), total = make("div"), cost = make("div"), why = make("span", "tl-why"), says = make("p", "tl-unseen");
  says.setAttribute("aria-live", "polite");
  const use = button(texts.use, () => send({ use: true }), "tl-first");
  use.hidden = !texts.can_use;
  const adds = texts.new.map((block) => button(texts.names[block.kind], () => {
    const flat = blocks.findIndex((one) => one.kind === "dense"), at = MAPS.includes(block.kind) && flat >= 0 ? flat : blocks.length;
    blocks.splice(at, 0, { ...block });
    rebuild(at);
    send();
  }));
  const root = part("editor", texts,
    make("div", "tl-row", { style: "gap:10px 20px" }, make("label", "", {}, texts.preset, preset), ...choices.map((one) => one.label)),
    drawing, list,
    make("div", "tl-row", { style: "margin-top:12px" }, make("span", "tl-muted", { textContent: texts.add }), ...adds),
    make("div", "tl-sum", {}, total, cost), make("div", "tl-row", {}, use, why), says, glossary(texts.words));
  el.replaceChildren(root);

  const channel = newest(model, "edited", "described");
  // Always the whole state: a message that is not yet sent is replaced by the next.
  const send = (more = {}) => channel.send({ blocks, ...Object.fromEntries(choices.map(({ name, node }) => [name, Number(node.value)])), ...more });
  preset.addEventListener("change", () => {
    const chosen = texts.presets.find(([name]) => name === preset.value);
    if (!chosen) return;
    begin(chosen[2]);
    send();
  });

  function begin(all) {
    blocks = structuredClone(all);
    typed.clear();
    rebuild();
  }
  function choice(block, [key, text, values]) {
    const node = make("select", "", {}, ...values.map(([value, name]) => option(value, name)));
    node.value = block[key];
    node.addEventListener("input", () => { block[key] = node.value; send(); });
    return make("label", "", {}, text, node);
  }
  // What is typed stays as it is; while it is no number of the range, the network keeps the last one that was.
  function number(block, [key, text, [low, high]]) {
    const node = make("input", "", { type: "number", min: low, max: high, step: 1, required: true });
    const wrong = typed.get(block) ?? typed.set(block, new Map()).get(block);
    const mark = () => node.setAttribute("aria-invalid", wrong.has(key));
    node.value = wrong.get(key)?.value ?? block[key];
    node.addEventListener("input", () => {
      if (node.validity.valid) {
        wrong.delete(key);
        block[key] = Number(node.value);
        send();
      } else wrong.set(key, { value: node.value, says: texts.range.replace("{name}", text).replace("{low}", low).replace("{high}", high) });
      mark();
      show();
    });
    mark();
    return make("label", "", {}, text, node);
  }
  const field = (block, one) => (Array.isArray(one[2][0]) ? choice : number)(block, one);
  function mover(sign, words, at, enabled, act) {
    const name = words.replace("{name}", texts.names[blocks[at].kind]).replace("{number}", at + 1);
    const node = Object.assign(button(sign, act), { title: name, disabled: !enabled });
    node.setAttribute("aria-label", name);
    return node;
  }
  const swap = (a, b) => { [blocks[a], blocks[b]] = [blocks[b], blocks[a]]; rebuild(b); send(); };
  function line(row, at) {
    const block = blocks[at], moves = make("div", "tl-moves"), fields = make("div", "tl-fields", {}, make("b", "", { textContent: texts.names[row.kind] }));
    if (block) {
      moves.append(
        mover("↑", texts.earlier, at, at > 0, () => swap(at, at - 1)),
        mover("↓", texts.later, at, at < blocks.length - 1, () => swap(at, at + 1)),
        mover("✕", texts.remove, at, true, () => { blocks.splice(at, 1); rebuild(Math.min(at, blocks.length - 1)); send(); }));
      fields.append(...texts.fields[row.kind].map((one) => field(block, one)));
    }
    return make("li", "", {}, moves, fields, make("span", "tl-text"), make("span", "tl-arithmetic"), make("span", "tl-problem"));
  }
  // Lines are made anew only when blocks have come, gone or moved, so that whoever types stays in the field.
  function rebuild(focus) {
    const rows = blocks.map((block, at) => ({ kind: block.kind, block: at })), shown = model.get("described").rows;
    const isSame = JSON.stringify(shown.filter((row) => row.block !== null).map((row) => row.kind)) === JSON.stringify(rows.map((row) => row.kind));
    const all = isSame ? shown : [...rows, { kind: "output", block: null }];
    list.replaceChildren(...all.map((row) => line(row, row.block ?? -1)));
    built = all.map((row) => row.kind).join();
    if (focus !== undefined) list.children[all.findIndex((row) => row.block === focus)]?.querySelector("input, select, button:not(:disabled)")?.focus();
  }

  const colour = coloursOf(root);
  function paintDrawing(rows) {
    const width = Math.max(root.clientWidth, 200);
    const solids = [{ shape: [28, 28, 1], kind: "input" }, ...rows.filter((row) => row.shape.length)];
    describe(drawing, `${texts.drawing}: ${solids.map(({ shape }) => shape.join("×")).join(" → ")}`);
    const sizes = solids.map(({ shape }) => shape.length === 3
      ? { w: shape[2] * CHANNEL + 2, h: shape[0] * SCALE, d: shape[1] * SCALE * SLANT }
      : { w: Math.max(3, shape[0] / Math.min(28 * SCALE, 4 + shape[0])), h: Math.min(28 * SCALE, 4 + shape[0]), d: 0 });
    const gap = 26, whole = sizes.reduce((sum, one) => sum + Math.max(one.w + one.d, 46) + gap, 0), shrink = Math.min(1, width / whole);
    const pen = sharp(drawing, width, HEIGHT);
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "center";
    let left = 4, free = 0; // where the next text may begin
    solids.forEach(({ shape, kind }, k) => {
      const { w, h, d } = Object.fromEntries(Object.entries(sizes[k]).map(([name, value]) => [name, value * shrink]));
      const room = Math.max(w + d, 46 * shrink), x = left + (room - w - d) / 2, y = (HEIGHT - 26 - h + d * 0.6) / 2 + 2;
      pen.strokeStyle = colour("ink");
      pen.lineWidth = 1;
      pen.fillStyle = colour(kind === "conv" ? "accent" : kind === "input" || kind === "flatten" ? "muted" : "indigo");
      const face = (alpha, ...points) => {
        pen.beginPath();
        points.forEach(([a, b]) => pen.lineTo(a, b));
        pen.closePath();
        pen.globalAlpha = alpha; pen.fill();
        pen.globalAlpha = 0.55; pen.stroke();
        pen.globalAlpha = 1;
      };
      const up = d * 0.6;
      face(0.34, [x, y], [x + w, y], [x + w, y + h], [x, y + h]);
      if (d) {
        face(0.2, [x, y], [x + d, y - up], [x + w + d, y - up], [x + w, y]);
        face(0.48, [x + w, y], [x + w + d, y - up], [x + w + d, y + h - up], [x + w, y + h]);
      }
      pen.fillStyle = colour("muted");
      const text = shape.join("×"), half = pen.measureText(text).width / 2, middle = Math.max(left + room / 2, half);
      if (middle - half >= free) { pen.fillText(text, middle, HEIGHT - 6); free = middle + half + 8; }
      left += room + gap * shrink;
    });
  }

  function paint() {
    const described = model.get("described"), same = JSON.stringify(described.blocks) === JSON.stringify(blocks);
    if (!same && !channel.isWaiting()) begin(described.blocks);
    else if (same && built !== described.rows.map((row) => row.kind).join()) rebuild(focused());
    const rows = described.rows.map((row) => ({ ...row, problem: wrongOf(blocks[row.block]) || row.problem }));
    const bad = rows.findIndex((row) => row.problem), known = bad < 0 ? rows.length : bad; // of what comes behind nothing is known
    if (same || !channel.isWaiting()) rows.forEach((row, k) => {
      const [, , text, arithmetic, problem] = list.children[k].children;
      text.textContent = k < known && row.text ? `→ ${row.text}` : "";
      arithmetic.textContent = k < known ? row.arithmetic : "";
      problem.textContent = row.problem;
    });
    preset.value = described.preset;
    for (const { name, node, values } of choices) {
      const value = described[name];
      if (!values.includes(value) && ![...node.options].some((one) => Number(one.value) === value)) node.append(option(value, value.toLocaleString()));
      node.value = value;
    }
    const typo = rows.find((row) => wrongOf(blocks[row.block]));
    const problem = typo ? texts.at.replace("{number}", rows.indexOf(typo) + 1).replace("{problem}", typo.problem) : described.problem;
    total.textContent = problem ? "" : described.total;
    cost.textContent = problem ? "" : described.cost;
    cost.className = described.long ? "tl-long" : "";
    use.disabled = Boolean(problem) || !described.changed;
    why.textContent = problem || (texts.can_use && !described.changed ? texts.same : "");
    why.classList.toggle("tl-long", Boolean(problem));
    says.textContent = problem || described.total;
    paintDrawing(rows.slice(0, known));
  }
  const wrongOf = (block) => [...(typed.get(block)?.values() ?? [])].map((one) => one.says).join(" · ");
  function focused() {
    const at = [...list.children].indexOf(document.activeElement?.closest("li"));
    return at < 0 ? undefined : at;
  }
  const show = onFrame(paint);
  model.on("change:described", show);
  const leave = followScheme(root, paint);
  const resized = new ResizeObserver(show);
  resized.observe(root);
  rebuild();
  paint();
  return () => { model.off("change:described", show); channel.close(); leave(); resized.disconnect(); };
}
export default { render };
