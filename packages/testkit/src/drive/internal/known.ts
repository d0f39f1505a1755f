/** What an editor knows of the tree, so that it draws only what can be done. */
import type { Draw } from "./draw.ts"

/** An item. */
export interface Node {
  readonly id: string
  /** `file` for whatever has content. */
  readonly kind: "folder" | "file" | "other"
  name: string
  parents: ReadonlyArray<string>
}

/** Things to draw from; taking one out costs the same however many there are. */
class Bag<A> {
  readonly #things: Array<A> = []
  readonly #places = new Map<A, number>()

  add(thing: A): void {
    if (this.#places.has(thing)) return
    this.#places.set(thing, this.#things.length)
    this.#things.push(thing)
  }

  delete(thing: A): void {
    const place = this.#places.get(thing)
    const last = this.#things.at(-1)
    if (place === undefined || last === undefined) return
    this.#things[place] = last
    this.#places.set(last, place)
    this.#things.pop()
    this.#places.delete(thing)
  }

  /** One of them; `undefined` when there is none. */
  draw(draw: Draw): A | undefined {
    return draw.pick(this.#things)
  }
}

/** Items by id, by folder, and by what can be done with them. */
export class Known {
  readonly nodes = new Map<string, Node>()
  readonly #children = new Map<string, Set<Node>>()
  readonly all = new Bag<Node>()
  readonly folders = new Bag<Node>()
  readonly files = new Bag<Node>()
  readonly trashed = new Bag<Node>()
  readonly shared = new Bag<Node>()

  /** `fixed`: a folder that is never edited itself. */
  add(node: Node, { fixed = false } = {}): void {
    this.nodes.set(node.id, node)
    if (node.kind === "folder") this.folders.add(node)
    if (fixed) return
    this.all.add(node)
    if (node.kind === "file") this.files.add(node)
    for (const parent of node.parents) this.#enter(parent, node)
  }

  #enter(parent: string, node: Node): void {
    const children = this.#children.get(parent)
    if (children === undefined) this.#children.set(parent, new Set([node]))
    else children.add(node)
  }

  /** Leaves an item in one folder alone. */
  move(node: Node, parent: string): void {
    for (const before of node.parents) this.#children.get(before)?.delete(node)
    node.parents = [parent]
    this.#enter(parent, node)
  }

  /** Forgets what was deleted, with what was in it alone. */
  remove(node: Node): void {
    for (const child of this.#children.get(node.id) ?? []) {
      child.parents = child.parents.filter((parent) => parent !== node.id)
      if (child.parents.length === 0) this.remove(child)
    }
    this.#children.delete(node.id)
    for (const parent of node.parents) this.#children.get(parent)?.delete(node)
    this.nodes.delete(node.id)
    for (const bag of [this.all, this.folders, this.files, this.trashed, this.shared]) bag.delete(node)
  }

  /** Whether an item lies under a folder, at any depth. */
  isWithin(node: Node, folder: string): boolean {
    return node.parents.some((id) => {
      const parent = this.nodes.get(id)
      return id === folder || (parent !== undefined && this.isWithin(parent, folder))
    })
  }
}
