// Shared by all parts: bytes, colours of both schemes, small DOM helpers. Put in front of each part's own module.
function bytes(text) {
  const letters = atob(text), out = new Uint8Array(letters.length);
  for (let k = 0; k < out.length; k++) out[k] = letters.charCodeAt(k);
  return out;
}

const CHUNK = 8192; // letters that are made in one call
function base64(array) {
  let letters = "";
  for (let k = 0; k < array.length; k += CHUNK) letters += String.fromCharCode(...array.subarray(k, k + CHUNK));
  return btoa(letters);
}

function make(tag, className = "", properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

// The root of a part, in the language of its texts. JupyterLab takes the arrow keys of whatever has the focus, unless it
// is asked not to.
function part(name, { lang }, ...children) {
  const root = make("div", `tl tl-${name}`, { lang }, ...children);
  root.addEventListener("focusin", ({ target }) => { target.dataset.lmSuppressShortcuts = "true"; });
  return root;
}

const option = (value, text) => make("option", "", { value, textContent: text });

function button(text, act, className = "") {
  const node = make("button", className, { type: "button", textContent: text });
  node.addEventListener("click", act);
  return node;
}

// Gives the colours of the style sheet by name, in the scheme of the moment; each is looked up once, as that is slow.
function coloursOf(root) {
  const known = { light: {}, dark: {} };
  return (name) => (known[root.dataset.scheme][name] ||= getComputedStyle(root).getPropertyValue(`--${name}`).trim());
}

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

function ramp(stops) {
  const colours = stops.map(rgb);
  return Array.from({ length: 256 }, (_, k) => {
    const place = (k / 255) * (colours.length - 1), low = Math.min(Math.floor(place), colours.length - 2);
    return colours[low].map((value, at) => Math.round(value + (colours[low + 1][at] - value) * (place - low)));
  });
}

// the stops of the matplotlib figures; amounts grow from the paper of the scheme
const SIGNED = ramp(["#0a2240", "#1f5a7d", "#87898c", "#dcb670", "#fff4d8"]);
const AMOUNTS = {
  light: ramp(["#ffffff", "#f6dcc3", "#e39a62", "#b5501b", "#6b2709"]),
  dark: ramp(["#14191e", "#5c2a12", "#b5501b", "#e8a878", "#fff1e2"]),
};
const INKS = {
  light: ramp(["#ffffff", "#22303c"]),
  dark: ramp(["#14191e", "#f1f3f4"]),
};

const css = ([r, g, b]) => `rgb(${r},${g},${b})`;

// Black or white, whichever stands out more: at least 4.5 to 1 on every colour (WCAG's relative luminance).
function readable(colour) {
  const [r, g, b] = colour.map((value) => (value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}

function scheme() {
  const { body } = document;
  if (body.classList.contains("body--dark") || body.dataset.jpThemeLight === "false") return "dark";
  if (body.classList.contains("body--light") || body.dataset.jpThemeLight === "true") return "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

// Keeps `root` in the page's scheme, and repaints when that changes.
function followScheme(root, repaint) {
  const follow = () => {
    if (root.dataset.scheme === scheme()) return;
    root.dataset.scheme = scheme();
    repaint();
  };
  const observer = new MutationObserver(follow);
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-jp-theme-light"] });
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", follow);
  root.dataset.scheme = scheme();
  return () => { observer.disconnect(); query.removeEventListener("change", follow); };
}

// Calls `paint` once before the next frame, however often it is asked.
function onFrame(paint) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; paint(); });
  };
}

// As `onFrame`, while `node` is on the screen or near it; what is asked for meanwhile is painted when it comes back, or
// is printed.
function onFrameInSight(node, paint) {
  let seen = true, owed = false;
  const ask = onFrame(() => { if (seen) paint(); else owed = true; });
  const settle = () => { if (owed) { owed = false; paint(); } };
  const watcher = new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    if (seen) settle();
  }, { rootMargin: "100px" });
  watcher.observe(node);
  addEventListener("beforeprint", settle);
  return Object.assign(ask, { end: () => { watcher.disconnect(); removeEventListener("beforeprint", settle); } });
}

// Calls `act` once, when `node` first comes into sight; returns what ends the waiting.
function whenSeen(node, act) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((one) => one.isIntersecting)) return;
    watcher.disconnect();
    act();
  });
  watcher.observe(node);
  return () => watcher.disconnect();
}

// Tells Python whether any of `root` is on the screen or near it: what nobody sees need not be computed.
function tellSight(model, root) {
  let seen = true;
  const watcher = new IntersectionObserver((entries) => {
    const now = entries.at(-1).isIntersecting;
    if (now === seen) return;
    seen = now;
    model.set("sight", { visible: now });
    model.save_changes();
  }, { rootMargin: "300px" });
  watcher.observe(root);
  return () => watcher.disconnect();
}

// A picture to screen readers: its text is set from its numbers by `describe`.
function canvas(className = "", label = "") {
  const node = make("canvas", className, { role: "img" });
  node.setAttribute("aria-label", label);
  return node;
}

// Text that is the same is left alone: the browser would lay it out again.
function write(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

function describe(node, text) {
  if (text && node.getAttribute("aria-label") !== text) node.setAttribute("aria-label", text);
}

// What the words of a part mean, folded away.
function glossary({ title, terms }) {
  const list = make("dl");
  for (const [word, meaning] of terms) list.append(make("div", "", {}, make("dt", "", { textContent: word }), make("dd", "", { textContent: meaning })));
  return make("details", "tl-words", {}, make("summary", "", { textContent: title }), list);
}

// Sends the newest value of a trait; the next one only once the answer to the last is there, or a second has passed. For
// a value that takes time to make a function may be given: it is made when it is sent.
function newest(model, up, down) {
  let sequence = 0, waiting = false, next = null, timer = 0;
  const send = (value) => {
    waiting = true;
    sequence += 1;
    model.set(up, { ...(typeof value === "function" ? value() : value), sequence });
    model.save_changes();
    clearTimeout(timer);
    timer = setTimeout(answered, 1000);
  };
  function answered() {
    waiting = false;
    if (next) { const value = next; next = null; send(value); }
  }
  const heard = () => { if (model.get(down)?.sequence === sequence) { clearTimeout(timer); answered(); } };
  model.on(`change:${down}`, heard);
  return {
    isWaiting: () => waiting,
    send: (value) => { if (waiting) next = value; else send(value); },
    close: () => { clearTimeout(timer); model.off(`change:${down}`, heard); },
  };
}

// The 256 colours of a ramp as the words that a picture's memory holds.
const palettes = new WeakMap();
function paletteOf(colours) {
  if (!palettes.has(colours)) palettes.set(colours, new Uint32Array(new Uint8Array(colours.flatMap((colour) => [...colour, 255])).buffer));
  return palettes.get(colours);
}

const stamp = new OffscreenCanvas(1, 1);

// Bytes (rows × columns) as coloured pixels, on a canvas that all share.
function stamped(values, rows, columns, colours) {
  if (stamp.width !== columns || stamp.height !== rows) Object.assign(stamp, { width: columns, height: rows });
  const ink = stamp.getContext("2d", { willReadFrequently: true }), picture = ink.createImageData(columns, rows);
  const words = new Uint32Array(picture.data.buffer), palette = paletteOf(colours);
  for (let k = 0; k < words.length; k++) words[k] = palette[values[k]];
  ink.putImageData(picture, 0, 0);
  return stamp;
}

// Draws bytes (rows × columns) as coloured squares into a rectangle of a canvas.
function paintPixels(pen, values, rows, columns, left, top, width, height, colours) {
  pen.imageSmoothingEnabled = false;
  pen.drawImage(stamped(values, rows, columns, colours), left, top, width, height);
}

// Widths of nodes, without asking for a new layout each time.
const widths = new WeakMap(), widening = new ResizeObserver((entries) => { for (const { target } of entries) widths.set(target, target.clientWidth); });
function widthOf(node) {
  if (!widths.has(node)) { widths.set(node, node.clientWidth); widening.observe(node); }
  return widths.get(node);
}

// A canvas of `width` × `height` CSS pixels, sharp on this screen.
function sharp(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

// Pictures of `rows` × `columns` bytes side by side, in lines that fill the width of `room`.
function paintMosaic(canvas, room, { rows, columns, count, values }, colours) {
  const width = Math.max(widthOf(room), 200), gap = 4;
  const across = Math.min(count, width < 640 ? 8 : 16);
  const side = Math.min((width - gap * (across - 1)) / across, 72), height = Math.ceil(count / across) * (side + gap) - gap;
  canvas.style.height = `${height}px`;
  const pen = sharp(canvas, width, height), all = stamped(bytes(values), rows * count, columns, colours);
  pen.imageSmoothingEnabled = false;
  for (let k = 0; k < count; k++)
    pen.drawImage(all, 0, k * rows, columns, rows, (k % across) * (side + gap), Math.floor(k / across) * (side + gap), side, side);
}

const percent = (share) => `${(100 * share).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)}%`;
