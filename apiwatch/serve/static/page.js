"use strict";
// textual.js reads the address of its websocket when the page has loaded.
document.getElementById("terminal").dataset.sessionWebsocketUrl =
  (location.protocol === "https:" ? "wss://" : "ws://") + location.host + "/ws";
// The terminal makes links of whatever looks like one; addresses on this screen are an attacker's.
const opened = window.open.bind(window);
window.open = (url, target) => (String(url).startsWith(location.origin + "/download/") ? opened(url, target) : null);
// Keys go to the terminal as soon as it shows something.
new MutationObserver((_, observer) => {
  if (document.body.classList.contains("-first-byte")) {
    observer.disconnect();
    document.querySelector(".xterm-helper-textarea").focus();
  }
}).observe(document.body, { attributeFilter: ["class"] });
