/*
 * Starts the page. page.html is what stands on it and page.css how it looks; of the script
 *   elements.js  what all use: new elements, numbers as text, what a screen reader is told
 *   packing.js   unpacks what Python wrote, data.js knows the documents and topics
 *   theme.js     knows the colours of the light and the dark scheme, coloring.js which dot has which
 *   page.js      holds the state (selection, search, hover, time, lasso) and changes it
 *   view.js      draws the map, by way of camera.js, dots.js, tiles.js, labels.js and levels.js, tooltip.js; grid.js
 *                finds the dots at a place; legend.js and timeline.js stand over it
 *   panel.js     shows the lists beside the map, with tree.js; topic.js is a topic's page with charts.js, chosen.js
 *                what a lasso went round; documents.js lists documents in all of them
 *   editing.js   notes changes of topics and lists them, edits.js knows what a change is and makes their file
 *   exports.js   makes files of documents, tables and the map; paper.js prepares the print; link.js is the address
 *   input.js     listens to pointers, wheel and keys
 *   actions.js   says what buttons and keys do: a new button begins there
 */
let page;
unpackAll(JSON.parse(find("#data").textContent)).then((json) => { page = new Page(json); }, (error) => {
  find("#summary").textContent = typeof DecompressionStream === "undefined"
    ? "This browser is too old for the map: one of 2023 or later shows it." : "The map cannot be read: this file is damaged.";
  throw error;
});
