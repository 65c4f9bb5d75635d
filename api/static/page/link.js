// What the link says: the session in its path, the kind in its query, the token in its fragment.

/** @typedef {{session: string, token: string | null, kind: "barcode" | "photo"}} Link */

/**
 * Read the link and take the token out of the address bar. For a reload it stays in this tab's own storage.
 * @returns {Link}
 */
export function readLink() {
  const session = location.pathname.split("/").filter(Boolean).pop() ?? "";
  const kind = new URLSearchParams(location.search).get("kind") === "photo" ? "photo" : "barcode";
  const key = `capture-token/${session}`;
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem(key, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return { session, kind, token: sessionStorage.getItem(key) };
}

/** Forget a token that is no good any more. @param {string} session */
export function forgetToken(session) {
  sessionStorage.removeItem(`capture-token/${session}`);
}
