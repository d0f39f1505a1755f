/** `Range`, as far as stores of files know it: one stretch of bytes (RFC 9110, section 14.2). */

/** From a byte up to and without another. */
export type Range = readonly [from: number, to: number]

/** `undefined` for the whole: no range, several, or one that cannot be read. */
export const readRange = (text: string | undefined, size: number): Range | "unsatisfiable" | undefined => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(text ?? "")
  const [first, last] = [match?.[1] ?? "", match?.[2] ?? ""]
  if (first === "" && last === "") return undefined
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === "" || last === "" ? size : Math.min(size, Number(last) + 1)
  if (first !== "" && last !== "" && Number(last) < from) return undefined
  if (from >= size || (first === "" && Number(last) === 0)) return "unsatisfiable"
  return [from, to]
}
