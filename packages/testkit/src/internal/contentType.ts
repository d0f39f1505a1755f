/** What a file is, by the end of its name. */

const types = new Map([
  ["csv", "text/csv"],
  ["html", "text/html"],
  ["jpeg", "image/jpeg"],
  ["jpg", "image/jpeg"],
  ["json", "application/json"],
  ["md", "text/markdown"],
  ["mp3", "audio/mpeg"],
  ["mp4", "video/mp4"],
  ["pdf", "application/pdf"],
  ["png", "image/png"],
  ["txt", "text/plain"],
  ["wav", "audio/wav"],
  ["xml", "application/xml"]
])

/** The content type a client would have sent with a file of this name; `undefined` where it would know none. */
export const typeByName = (name: string): string | undefined =>
  types.get(name.slice(name.lastIndexOf(".") + 1).toLowerCase())
