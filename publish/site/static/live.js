// Stills become figures that move as soon as they come near the window. Where one cannot, the still stays and words say why.
import { play } from "./player.js";

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    play(target, target.dataset.src);
  }
}, { rootMargin: "400px" });

document.querySelectorAll(".course-figure[data-src]").forEach((figure) => near.observe(figure));
