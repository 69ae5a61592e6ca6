"use strict";
// textual.js reads the address of its websocket when the page has loaded.
document.getElementById("terminal").dataset.sessionWebsocketUrl =
  (location.protocol === "https:" ? "wss://" : "ws://") + location.host + "/ws";
// The terminal makes links of whatever looks like one; addresses on this screen are an attacker's.
const opened = window.open.bind(window);
window.open = (url, target) => (String(url).startsWith(location.origin + "/download/") ? opened(url, target) : null);
