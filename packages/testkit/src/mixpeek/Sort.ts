/**
 * The list endpoints' `sort`.
 */
import { Predicate } from "effect"

/**
 * The order that a `{field, direction}` asks for; undefined where none is asked for. Nothing comes after everything
 * else, whatever the direction.
 */
export const by = <A>(sort: unknown, valueOf: (item: A, field: string) => unknown) => {
  if (!Predicate.isObject(sort) || !Predicate.isString(sort["field"])) return undefined
  const { direction, field } = sort
  const sign = direction === "desc" ? -1 : 1
  return (left: A, right: A): number => {
    const [one, other] = [valueOf(left, field), valueOf(right, field)]
    if (Predicate.isNullish(one) || Predicate.isNullish(other)) {
      return Number(Predicate.isNullish(one)) - Number(Predicate.isNullish(other))
    }
    return one < other ? -sign : one > other ? sign : 0
  }
}
