/**
 * Where connectors may send keys and contents in the clear: to this machine, and nowhere else unless that is allowed by
 * name.
 */

/** `localhost`, `*.localhost` (RFC 6761 6.3), `127.0.0.0/8`, `[::1]`: names that never leave this machine. */
const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" ||
  hostname.endsWith(".localhost") ||
  hostname === "[::1]" ||
  /^127(\.\d{1,3}){3}$/.test(hostname)

/** True where the address is plain http and leads away from this machine: anybody on the way can read it. */
export const isExposed = (url: URL): boolean => url.protocol === "http:" && !isLoopback(url.hostname)
