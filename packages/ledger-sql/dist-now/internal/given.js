import { toText } from "./text.js";
/** JSON writes in this way what texts are kept without, and nothing else that is common. */
const mayEscape = /\\u00[01]0/;
const written = (values) => {
    const json = JSON.stringify(values);
    if (!mayEscape.test(json))
        return json;
    return JSON.stringify(values, (_, value) => (typeof value === "string" ? toText(value) : value));
};
/** A table `r` with one column `value`, text. */
export const list = (sql, values) => {
    const json = written([...values]);
    return sql.onDialectOrElse({
        // The collation of the columns it is compared with.
        pg: () => sql `(SELECT e.value COLLATE "C" AS value FROM jsonb_array_elements_text(${json}::text::jsonb) AS e(value)) AS r`,
        orElse: () => sql `json_each(${json}) AS r`
    });
};
/** A table `r` whose column `value` has a row: `r.value ->> 0` is the text of its first part. */
export const rows = (sql, all) => {
    const json = written(all);
    return sql.onDialectOrElse({
        pg: () => sql `jsonb_array_elements(${json}::text::jsonb) AS r(value)`,
        orElse: () => sql `json_each(${json}) AS r`
    });
};
//# sourceMappingURL=given.js.map