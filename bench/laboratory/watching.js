// What a page's own eyes see: when the pen moved, when what it drew was sent, and when the answer stood on the screen.
(() => {
  const seen = window.__seen = { moves: [], sent: [], painted: [], useful: 0, clicked: 0, curve: 0, slid: 0, scores: [] };
  let heard = 0, waiting = false;
  const afterPaint = (then) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => then(performance.now());
    port2.postMessage(0);
  };

  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const found = typeof data === "string" && data.includes('\\"drawing\\"') && /\\"sequence\\":(\d+)/.exec(data);
    if (found) seen.sent.push([Number(found[1]), performance.now()]);
    return send.call(this, data);
  };
  const Native = WebSocket;
  window.WebSocket = class extends Native {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        const found = typeof data === "string" && /"reading":"\{\\"sequence\\":(\d+)/.exec(data);
        if (found) heard = Number(found[1]);
      });
    }
  };
  addEventListener("pointermove", (event) => { if (event.buttons) seen.moves.push(event.timeStamp); }, true);
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    if (heard && !waiting && this.canvas.closest?.(".tl-maps")) {
      waiting = true;
      afterPaint((now) => { waiting = false; seen.painted.push([heard, now]); });
    }
    return clear.apply(this, box);
  };

  const frame = () => {
    if (document.querySelector(".tl-live button")) return afterPaint((now) => { seen.useful = now; });
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);

  const picture = () => {
    const canvas = document.querySelector(".tl-curves canvas");
    return new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  };
  window.__awaitCurve = () => {
    const before = picture();
    seen.clicked = seen.curve = 0;
    addEventListener("click", (event) => { seen.clicked = event.timeStamp; }, { capture: true, once: true });
    const look = () => {
      const now = picture();
      if (seen.clicked && (now.length !== before.length || now.some((value, at) => value !== before[at])))
        return afterPaint((at) => { seen.curve = at; });
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  };
  window.__awaitEnd = () => {
    const button = document.querySelector(".tl-live button.tl-first");
    seen.over = 0;
    addEventListener("click", (event) => { seen.clicked = event.timeStamp; }, { capture: true, once: true });
    new MutationObserver(() => { if (button.disabled) seen.over ||= performance.now(); }).observe(button, { attributes: true });
  };
  window.__awaitScores = () => {
    Object.assign(seen, { slid: 0, scores: [] });
    let emptied = false;
    addEventListener("input", (event) => { seen.slid = event.timeStamp; }, { capture: true, once: true });
    const texts = () => [...document.querySelectorAll(".tl-scores b")].map((node) => node.textContent);
    const observer = new MutationObserver(() => {
      const known = texts().filter((text) => text !== "…").length;
      emptied ||= known === 0;
      if (!emptied || known <= seen.scores.length) return;
      if (known === 2) observer.disconnect();
      afterPaint((now) => seen.scores.push(now));
    });
    observer.observe(document.querySelector(".tl-scores"), { subtree: true, childList: true, characterData: true });
  };
})();
