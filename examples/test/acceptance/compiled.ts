/**
 * Loaded before a program whose memory is measured: packages are taken as they are published. As TypeScript they take Node
 * another 60 MB, for the compiler.
 */
import { existsSync } from "node:fs"
import { registerHooks } from "node:module"
import { fileURLToPath } from "node:url"

registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context)
    const url = resolved.url.replace(/\/packages\/([\w-]+)\/src\/(.*)\.ts$/, "/packages/$1/dist/$2.js")
    if (url === resolved.url) return resolved
    if (!existsSync(fileURLToPath(url))) throw new Error(`${url} is not there; run npm run types`)
    return { ...resolved, url, format: "module" }
  }
})
