// Draws a digit, shows what the network makes of it. Up: `drawing`, `photo`. Down: `reading`, `developed`, `texts`.
const SIDE = 112, PEN = 9, STRIDE = 4, CELL = 17, MOST_PIXELS = 50e6;

function render({ model, el }) {
  const texts = model.get("texts");
  const ink = new OffscreenCanvas(SIDE, SIDE), strokes = ink.getContext("2d", { willReadFrequently: true });
  strokes.lineCap = strokes.lineJoin = "round";
  strokes.lineWidth = PEN;
  strokes.strokeStyle = "#fff";
  let last = null, cursor = [SIDE / 2, SIDE / 2], penDown = false, settled = 0, taken = model.get("developed").sequence;

  const pad = make("canvas", "tl-draw tl-framed", { tabIndex: 0, width: 2 * SIDE, height: 2 * SIDE });
  pad.setAttribute("role", "application");
  pad.setAttribute("aria-label", texts.pad);
  const clear = button(texts.clear, wipe);
  const prepared = make("input", "", { type: "checkbox", checked: true });
  const file = make("input", "", { type: "file", accept: "image/*", hidden: true });
  const open = button(texts.photo, () => file.click());
  const photoSteps = make("div", "tl-steps tl-photo"), photoProblem = make("p");
  photoProblem.setAttribute("role", "status");
  const step = (caption) => {
    const node = Object.assign(canvas("tl-framed", caption), { width: SIDE, height: SIDE });
    const words = make("figcaption", "", { textContent: caption });
    return { canvas: node, figure: make("figure", "", {}, node, words) };
  };
  const [cropped, seen, rests] = [texts.cropped, texts.seen, texts.rests].map(step);
  const bars = make("div", "tl-bars");
  const rows = texts.class_names.map((name) => {
    const row = make("div", "", {}, make("b", "", { textContent: name }), make("i"), make("span"));
    bars.append(row);
    return row;
  });
  const says = make("p", "tl-unseen");
  says.setAttribute("aria-live", "polite");
  const movedText = make("p", "tl-muted"), moved = canvas("", texts.moved), near = make("div", "tl-near");
  const doctor = make("div", "tl-columns tl-doctor", { hidden: true },
    make("div", "tl-moved", {}, make("h3", "", { textContent: texts.moved }), moved, movedText),
    make("div", "tl-nearest", {}, make("h3", "", { textContent: texts.nearest }), near));
  const maps = make("div", "tl-maps");
  const root = part("pad", texts,
    make("div", "tl-columns", {},
      make("div", "tl-pen", {}, make("h3", "", { textContent: texts.draw }), pad,
        make("div", "tl-row", { style: "margin-top:8px" }, clear, open, file, make("label", "", {}, prepared, texts.as_mnist)),
        make("p", "tl-muted", { textContent: texts.keys }), photoProblem),
      make("div", "tl-answer", {}, make("h3", "", { textContent: texts.answer }), bars, says),
      make("div", "tl-way", {}, make("h3", "", { textContent: texts.way }),
        make("div", "tl-steps", {}, cropped.figure, seen.figure, rests.figure), photoSteps)),
    maps, doctor, glossary(texts.words));
  el.replaceChildren(root);

  const channel = newest(model, "drawing", "reading");
  const pixels = () => {
    const { data } = strokes.getImageData(0, 0, SIDE, SIDE), out = new Uint8Array(SIDE * SIDE);
    for (let k = 0; k < out.length; k++) out[k] = data[4 * k + 3];
    return out;
  };
  const ask = (isSettled) => channel.send(() => ({ pixels: base64(pixels()), prepare: prepared.checked, settled: isSettled }));
  const repaint = onFrame(paintPad);
  function send() {
    ask(false);
    repaint();
    clearTimeout(settled);
    settled = setTimeout(() => ask(true), 180);
  }

  function paintPad() {
    const pen = pad.getContext("2d"), dark = root.dataset.scheme === "dark";
    pen.fillStyle = dark ? "#14191e" : "#ffffff";
    pen.fillRect(0, 0, pad.width, pad.height);
    paintPixels(pen, pixels(), SIDE, SIDE, 0, 0, pad.width, pad.height, INKS[root.dataset.scheme]);
    if (document.activeElement === pad && pad.matches(":focus-visible")) {
      pen.strokeStyle = dark ? "#f0915a" : "#b5501b";
      pen.lineWidth = penDown ? 6 : 2;
      pen.strokeRect(2 * cursor[0] - PEN, 2 * cursor[1] - PEN, 2 * PEN, 2 * PEN);
    }
  }
  function stroke(from, to) {
    strokes.beginPath();
    strokes.moveTo(...from);
    strokes.lineTo(to[0] + 0.01, to[1]);
    strokes.stroke();
    send();
  }
  function wipe() {
    strokes.clearRect(0, 0, SIDE, SIDE);
    last = null;
    photoSteps.replaceChildren();
    photoProblem.textContent = "";
    send();
  }
  const place = (event) => {
    const box = pad.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width * SIDE, (event.clientY - box.top) / box.height * SIDE];
  };
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    pad.focus({ preventScroll: true });
    last = place(event);
    stroke(last, last);
    event.preventDefault();
  });
  // where the page may have them (https, this computer), the pen's moves as they come, not only one before each frame
  pad.addEventListener("onpointerrawupdate" in pad ? "pointerrawupdate" : "pointermove", (event) => {
    if (!last) return;
    const parts = event.getCoalescedEvents?.() ?? [];
    for (const one of parts.length ? parts : [event]) {
      const here = place(one);
      stroke(last, here);
      last = here;
    }
  });
  for (const kind of ["pointerup", "pointercancel"]) pad.addEventListener(kind, () => { last = null; });
  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  pad.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const move = MOVES[event.key];
    if (move) {
      const before = cursor;
      cursor = cursor.map((value, at) => Math.min(SIDE - PEN, Math.max(PEN, value + STRIDE * move[at])));
      if (penDown) stroke(before, cursor);
    } else if (event.key === " ") {
      penDown = !penDown;
      if (penDown) stroke(cursor, cursor);
    } else if (event.key === "Delete" || event.key === "Backspace") wipe();
    else return;
    event.preventDefault();
    paintPad();
  });
  pad.addEventListener("focus", paintPad);
  pad.addEventListener("blur", () => { penDown = false; paintPad(); });

  // A photograph is made smaller and grey here, the right way up, transparent parts white; Python sees only its pixels.
  const camera = newest(model, "photo", "developed");
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    const address = URL.createObjectURL(chosen), picture = new Image();
    try {
      await new Promise((done, failed) => Object.assign(picture, { onload: done, onerror: failed, src: address }));
      if (picture.naturalWidth * picture.naturalHeight > MOST_PIXELS) return void (photoProblem.textContent = texts.photo_large);
      const scale = Math.min(1, texts.largest / Math.max(picture.naturalWidth, picture.naturalHeight));
      const columns = Math.max(1, Math.round(picture.naturalWidth * scale)), rows = Math.max(1, Math.round(picture.naturalHeight * scale));
      const canvas = new OffscreenCanvas(columns, rows), pen = canvas.getContext("2d");
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, columns, rows);
      pen.drawImage(picture, 0, 0, columns, rows);
      const { data } = pen.getImageData(0, 0, columns, rows), grey = new Uint8Array(rows * columns);
      for (let k = 0; k < grey.length; k++) grey[k] = 0.299 * data[4 * k] + 0.587 * data[4 * k + 1] + 0.114 * data[4 * k + 2];
      camera.send({ rows, columns, pixels: base64(grey) });
    } catch {
      photoProblem.textContent = texts.photo_problem;
    } finally {
      URL.revokeObjectURL(address);
      file.value = "";
    }
  });
  function paintPhoto() {
    const { steps, ink: drawn, problem, sequence } = model.get("developed");
    photoProblem.textContent = problem ?? "";
    if (!steps) return;
    photoSteps.replaceChildren(...steps.map((one) => {
      const node = Object.assign(canvas("tl-framed", one.text), { width: SIDE, height: SIDE });
      paintPixels(node.getContext("2d"), bytes(one.values), one.rows, one.columns, (SIDE - one.columns) / 2, (SIDE - one.rows) / 2, one.columns, one.rows, INKS[root.dataset.scheme]);
      return make("figure", "", {}, node, make("figcaption", "", { textContent: one.text }));
    }));
    if (!drawn || sequence === taken) return;
    taken = sequence;
    const image = strokes.createImageData(SIDE, SIDE);
    bytes(drawn).forEach((value, k) => image.data.set([255, 255, 255, value], 4 * k));
    strokes.putImageData(image, 0, 0);
    send();
  }
  prepared.addEventListener("change", send);

  function paintReading() {
    const reading = model.get("reading"), colours = root.dataset.scheme;
    if (!reading.image) return;
    rows.forEach((row, k) => {
      const share = reading.empty ? 0 : reading.probabilities[k];
      row.className = !reading.empty && k === reading.most ? "tl-most" : "";
      row.children[1].style.width = `${100 * share}%`;
      write(row.children[2], reading.empty ? "" : percent(share));
    });
    paintCropped(reading, colours);
    paintPixels(seen.canvas.getContext("2d"), bytes(reading.image), 28, 28, 0, 0, SIDE, SIDE, INKS[colours]);
    const resting = rests.canvas.getContext("2d");
    resting.clearRect(0, 0, SIDE, SIDE);
    if (reading.rests) {
      const { rows: height, columns: width, values } = reading.rests;
      paintPixels(resting, bytes(values), height, width, 0, 0, SIDE, SIDE, AMOUNTS[colours]);
    }
    describe(rests.canvas, reading.rests?.text ?? texts.rests);
    if (reading.says) write(says, reading.says);
    if (reading.empty) doctor.hidden = true;
    if (reading.moved) paintMoved(reading.moved);
    if (reading.nearest) paintNearest(reading.nearest);
    reading.maps.forEach(paintMaps);
  }
  function paintCropped(reading, colours) {
    const pen = cropped.canvas.getContext("2d"), [top, left, bottom, right] = reading.crop;
    paintPixels(pen, pixels(), SIDE, SIDE, 0, 0, SIDE, SIDE, INKS[colours]);
    pen.strokeStyle = colours === "dark" ? "#f0915a" : "#b5501b";
    pen.lineWidth = 2;
    if (bottom) pen.strokeRect(left, top, right - left, bottom - top);
  }
  function paintMoved({ side, angles, labels, same, values, text }) {
    doctor.hidden = false;
    const pen = sharp(moved, side * CELL, side * CELL + 2 * CELL + 24), colours = AMOUNTS[root.dataset.scheme], shares = bytes(values);
    moved.style.width = `${side * CELL}px`;
    pen.font = "600 11px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const cell = (k, left, top, width) => {
      pen.fillStyle = css(colours[shares[k]]);
      pen.fillRect(left, top, width - 1, CELL - 1);
      pen.fillStyle = readable(colours[shares[k]]);
      if (!same[k]) pen.fillText(labels[k], left + width / 2, top + CELL / 2);
    };
    for (let k = 0; k < side * side; k++) cell(k, (k % side) * CELL, Math.floor(k / side) * CELL, CELL);
    const width = side * CELL / angles.length, top = side * CELL + 10;
    pen.strokeStyle = readable(colours[shares[(side * side - 1) / 2]]); // where it was drawn
    pen.lineWidth = 1.5;
    pen.strokeRect((side - 1) / 2 * CELL + 2, (side - 1) / 2 * CELL + 2, CELL - 5, CELL - 5);
    angles.forEach((_, k) => cell(side * side + k, k * width, top, width));
    pen.fillStyle = getComputedStyle(root).getPropertyValue("--muted");
    pen.font = "11px system-ui, sans-serif";
    for (const k of [0, (angles.length - 1) / 2, angles.length - 1]) pen.fillText(`${angles[k]}°`.replace("-", "−"), Math.min(Math.max((k + 0.5) * width, 14), side * CELL - 12), top + CELL + 9);
    movedText.textContent = text;
    describe(moved, `${texts.moved} ${text}`);
  }
  function paintNearest({ values, labels }) {
    near.parentNode.hidden = !labels.length;
    const all = bytes(values);
    near.replaceChildren(...labels.map((label, k) => {
      const node = Object.assign(canvas("tl-framed", texts.training_image.replace("{name}", label)), { width: 56, height: 56 });
      paintPixels(node.getContext("2d"), all.subarray(k * 784, (k + 1) * 784), 28, 28, 0, 0, 56, 56, INKS[root.dataset.scheme]);
      return make("figure", "", {}, node, make("figcaption", "", { textContent: label }));
    }));
  }
  function paintMaps(layer, number) {
    let holder = maps.children[number];
    if (!holder) {
      holder = make("div", "", {}, make("h3", "", { textContent: layer.title }), canvas());
      maps.append(holder);
    }
    paintMosaic(holder.lastChild, maps, layer, AMOUNTS[root.dataset.scheme]);
    describe(holder.lastChild, layer.says);
  }
  const show = onFrame(paintReading);
  model.on("change:reading", show);
  model.on("change:developed", paintPhoto);
  const leave = followScheme(root, () => { paintPad(); paintReading(); }), unseen = tellSight(model, root);
  const resized = new ResizeObserver(show);
  resized.observe(maps);
  paintPad();
  show();
  return () => { model.off("change:reading", show); model.off("change:developed", paintPhoto); channel.close(); camera.close(); leave(); unseen(); resized.disconnect(); clearTimeout(settled); };
}
export default { render };
