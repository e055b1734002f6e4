// A question that is asked before a figure shows its answer; nothing of it leaves the page.

const answers = new WeakMap(); // model → the answer given, -1 for none; its other views then ask no more

function makeQuestion(box, model, told) {
  const { question, answers: offered, happened, right } = model.get("_ask");
  const asking = () => Boolean(question) && !answers.has(model);
  const tell = () => {
    const given = answers.get(model);
    box.replaceChildren();
    add(box, "p", { className: "lf-question", textContent: question });
    if (given >= 0) {
      const state = right === null ? "" : given === right ? "good" : "other";
      const mark = { good: "✓ ", other: "✗ ", "": "" }[state];
      add(box, "p", { textContent: `${mark}You said: ${offered[given]}`, className: "lf-given" }).dataset.state = state;
    }
    add(box, "p", { textContent: happened, className: "lf-happened" });
  };
  const give = (answer) => {
    answers.set(model, answer);
    tell();
    told();
  };
  box.hidden = !question;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Predict first");
  if (!question) return { asking };
  if (!asking()) {
    tell();
    return { asking };
  }
  add(box, "p", { className: "lf-question", textContent: question });
  const row = add(box, "div", { className: "lf-answers" });
  offered.forEach((words, i) => {
    add(row, "button", { type: "button", textContent: words }).addEventListener("click", () => give(i));
  });
  const skip = add(row, "button", { type: "button", textContent: "Just show me", className: "lf-skip" });
  skip.addEventListener("click", () => give(-1));
  return { asking };
}
