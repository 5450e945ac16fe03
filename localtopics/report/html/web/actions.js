/**
 * What the page's buttons and keys do. To add a button:
 * 1. write it in page.html, with a `data-action` of its own (over the map: in `<nav id="map-buttons">`);
 * 2. give that action a line in ACTIONS, and in KEYS if a key is to do the same while the map has the focus;
 * 3. give Page (page.js) a method for it where it changes the state, MapView (view.js) where it only moves the map.
 */
const ACTIONS = {
  "zoom-in": (page) => page.view.zoomBy(1.8),
  "zoom-out": (page) => page.view.zoomBy(1 / 1.8),
  "show-all": (page) => page.view.showAll(),
  lasso: (page) => page.input.toggleLasso(),
  "save-png": savePng,
  "save-svg": saveSvg,
  "save-edits": saveEdits,
  "all-times": (page) => page.showPeriod(null),
  "toggle-lists": (page) => page.panel.toggleLists(),
  "toggle-tree": (page) => page.panel.toggleTree(),
  "clear-search": (page) => {
    page.clearSearch();
    page.panel.focusSearch();
  },
};

const KEYS = { "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", _: "zoom-out", 0: "show-all", l: "lasso" };
