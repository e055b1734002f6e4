// Becomes part of Sphinx's search: lessons stand first, answers last, and an excerpt begins with the page's own words.
Scorer.score = ([page, , , , score]) => {
  if (page.startsWith("notebooks/")) return score + 20;
  if (page.startsWith("exercises/")) return score + 5;
  return /^(solutions\/|questions\/.*-)/.test(page) ? score - 30 : score;
};

const wholePage = Search.htmlToText;
Search.htmlToText = (page, anchor) => {
  const read = new DOMParser().parseFromString(page, "text/html");
  const article = read.querySelector("article.bd-article");
  if (!article) return wholePage(page, anchor);
  const place = (anchor && article.querySelector(anchor)) || article;
  place.querySelectorAll(".headerlink, .katex-mathml, .course-bar, h1, style, script").forEach((part) => part.remove());
  return place.textContent;
};
