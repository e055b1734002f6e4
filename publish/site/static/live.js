// Stills become figures that move, as soon as they come near the window. Where they cannot, the still stays and says so.
const players = import("./player.js");
const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    wake(target);
  }
}, { rootMargin: "400px" });

async function wake(figure) {
  const box = document.createElement("div");
  box.className = "course-moving";
  try {
    const { play } = await players;
    figure.prepend(box);
    await play(box, figure.dataset.src);
    figure.classList.add("course-moves");
  } catch (error) {
    box.remove();
    say(figure, reason(error));
  }
}

function reason() {
  if (location.protocol === "file:") return "This picture moves when the site is served: make serve.";
  if (typeof DecompressionStream === "undefined") return "This picture moves in browsers of 2023 or later.";
  return "This picture could not be loaded as one that moves. Load the page anew to try again.";
}

function say(figure, words) {
  const note = document.createElement("p");
  note.className = "course-note";
  note.textContent = words;
  figure.append(note);
}

document.querySelectorAll(".course-figure[data-src]").forEach((figure) => near.observe(figure));
