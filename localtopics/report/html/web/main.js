/*
 * Starts the page. page.html is what stands on it and page.css how it looks; of the script
 *   data.js     unpacks what Python wrote: documents and topics
 *   page.js     holds the state (selection, search, hover) and changes it
 *   view.js     draws the map, by way of camera.js, dots.js, labels.js, tooltip.js; grid.js finds the dot at a place
 *   panel.js    shows the lists beside the map
 *   theme.js    knows the colours of the light and the dark scheme
 *   input.js    listens to pointers, wheel and keys
 *   actions.js  says what buttons and keys do: a new button begins there
 */
const page = new Page(JSON.parse(document.querySelector("#data").textContent));
