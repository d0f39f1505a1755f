/** The lean loop: raw pages, objects and links by hand, posts by undici, and nothing that is remembered. */
import { contender } from "../Contender.ts"
import { bodies, files } from "../list/pages.ts"
import { concurrency } from "./load.ts"
import { client, hands } from "./mixpeek.ts"
import { objectOf } from "./object.ts"
import { signer } from "./signing.ts"

contender(async ({ addresses, size }) => {
  const { post } = client(addresses.mixpeek, concurrency)
  const { link } = signer(addresses.s3)
  const { rest, take } = hands(concurrency)
  let units = 0
  for await (const body of bodies(addresses)) {
    const page = files(body)
    for (let at = 0; at < page.length; at += 100) {
      const objects = page
        .slice(at, at + 100)
        .map((file) => objectOf(addresses.s3.bucket, file, { data: link(file.key) }))
      await take(async () => {
        const { succeeded } = JSON.parse(await post("objects/batch", JSON.stringify({ objects }))) as {
          readonly succeeded: ReadonlyArray<{ readonly source_key: string }>
        }
        units += succeeded.length
      })
    }
    if (units >= size) break
  }
  await rest()
  return { units }
})
