// Questions about the network, each answered by a figure. Up: `asked`. Down: `explained`, `texts`.
function render({ model, el }) {
  const texts = model.get("texts");
  let sequence = 0;
  const question = make("select", "", {}, option("", texts.choose), ...texts.questions.map(([key, text]) => option(key, text)));
  const ask = () => {
    if (!question.value) return;
    sequence += 1;
    model.set("asked", { sequence, question: question.value });
    model.save_changes();
  };
  const again = button(texts.again, ask), said = make("p", "tl-muted");
  question.addEventListener("change", ask);
  said.setAttribute("role", "status");
  const picture = make("img", "", { alt: "" }), words = make("figcaption");
  // a figure keeps its size on a small screen, where it is moved about instead
  const room = make("div", "tl-room", { tabIndex: 0 }, picture), figure = make("figure", "", { hidden: true }, room, words);
  room.setAttribute("role", "region");
  room.setAttribute("aria-label", texts.figure);
  const root = part("explain", texts,
    make("div", "tl-row", {}, make("label", "", {}, texts.question, question), again), said, figure, glossary(texts.words));
  el.replaceChildren(root);

  function paint() {
    const shown = model.get("explained"), isDrawn = shown.state === "drawn";
    if (shown.question) question.value = shown.question;
    again.disabled = !shown.question || shown.state === "drawing";
    said.textContent = shown.state === "drawing" ? texts.drawing : shown.state === "refused" ? shown.description : shown.moment ?? "";
    figure.classList.toggle("tl-old", shown.state === "drawing");
    if (shown.state === "refused") figure.hidden = true;
    if (!isDrawn) return;
    figure.hidden = false;
    picture.src = `data:image/svg+xml;base64,${shown.svg}`;
    picture.alt = shown.title;
    words.textContent = shown.description;
  }
  model.on("change:explained", paint);
  const leave = followScheme(root, () => {});
  paint();
  return () => { model.off("change:explained", paint); leave(); };
}
export default { render };
