/**
 * Compares pages of files. A page of a source that lists in the order of ids is a stretch of a table that lies in that order: it
 * is read from end to end, for a fraction of what it costs to look for each file, and shows whether the page names everything
 * that is known there.
 */
import { Ledger, SourceFile } from "@sluice/core";
import { Effect } from "effect";
import { failed } from "./failing.js";
import { isPlain } from "./text.js";
/** And written in the table as they are. */
const isInOrder = (files) => files.every(({ id, token, within = "" }, i) => {
    const before = files[i - 1]?.id;
    return (before === undefined || before < id) && isPlain(id) && isPlain(token) && isPlain(within);
});
/** `Ledger.isAsNamed`, of what is not gone. */
const isAsNamed = ([, token, facts, container], file) => token === file.token &&
    token !== Ledger.noState &&
    (container ?? undefined) === file.within &&
    facts === SourceFile.facts(file);
/** Walks rows and files side by side. Where they are not in the same order, some do not meet. */
const meet = (rows, files) => {
    let at = 0;
    return files.map((file) => {
        let row = rows[at];
        while (row !== undefined && row[0] !== file.id && String(row[0]) < file.id)
            row = rows[++at];
        if (row?.[0] !== file.id)
            return "unmet";
        at++;
        return isAsNamed(row, file) ? "same" : "changed";
    });
};
/** `known`: what is known of files that are named, wherever they are. */
export const make = (sql, pipeline, known) => {
    const between = (first, last, limit) => Effect.mapError(sql `SELECT id, token, facts, container FROM sluice_files
        WHERE pipeline = ${pipeline} AND id >= ${first} AND id <= ${last} AND gone = 0 ORDER BY id LIMIT ${limit}`
        .values, failed("compare"));
    return Effect.fnUntraced(function* (files) {
        const first = files[0]?.id;
        const last = files.at(-1)?.id;
        if (first === undefined || last === undefined)
            return { known: [], interval: undefined };
        // One row more than there are files says that there are others between them.
        const rows = isInOrder(files) ? yield* between(first, last, files.length + 1) : [];
        const standings = meet(rows, files);
        const changed = new Set();
        const others = [];
        for (const [index, { id }] of files.entries()) {
            if (standings[index] !== "same")
                others.push(id);
            if (standings[index] === "changed")
                changed.add(id);
        }
        const areMet = rows.length > 0 && rows.length === files.length - others.length + changed.size;
        const interval = areMet ? { first, last } : undefined;
        if (others.length === 0)
            return { known: files.map(() => "same"), interval };
        const found = yield* known(others);
        // The database has an order of its own: what it has elsewhere is not in its interval.
        const isWhole = [...found.values()].every(({ gone, id }) => gone || changed.has(id));
        return {
            known: files.map((file, index) => {
                if (standings[index] === "same")
                    return "same";
                const one = found.get(file.id);
                return one !== undefined && Ledger.isAsNamed(one, file) ? "same" : one;
            }),
            interval: isWhole ? interval : undefined
        };
    });
};
//# sourceMappingURL=comparing.js.map