/** Small things that all parts of the page use. */
const number = new Intl.NumberFormat("en");
const SVG = document.querySelector("svg").namespaceURI;

function plural(count, noun) { return `${number.format(count)} ${noun}${count === 1 ? "" : "s"}`; }

/** The first element that a selector finds. */
function find(selector) { return document.querySelector(selector); }

/** A new element with this text and these properties. */
function make(tag, text = "", properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.textContent = text; // never as markup: it is what somebody's documents say
  element.append(...children);
  return element;
}

function makeButton(text, onClick, properties = {}) {
  const button = make("button", text, { type: "button", ...properties });
  button.addEventListener("click", onClick);
  return button;
}

/** A new SVG element with these attributes. */
function draw(tag, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

/** Say something to who hears the page instead of seeing it. */
function announce(text) { find("#status").textContent = text; }
