/**
 * Makes the page believe that it is hidden and left, as when its tab is closed: then it sends its last reports. It runs in
 * the page's own world, whose scripts are to see that.
 */
() => {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
  Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  window.dispatchEvent(new PageTransitionEvent("pagehide"));
  window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  window.dispatchEvent(new Event("unload"));
}
