"""The map as an HTML page for any browser; `web/main.js` says which file of the page does what."""
