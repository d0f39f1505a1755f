/** The limit: the leanest loop over the same pages that still knows the files. */
import { contender } from "../Contender.ts"
import { bodies, files } from "./pages.ts"

contender(async ({ addresses, size }) => {
  let units = 0
  for await (const body of bodies(addresses)) {
    units += files(body).length
    if (units >= size) break
  }
  return { units }
})
