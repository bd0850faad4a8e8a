// Takes the TypeScript out of the documents, so that the compiler can look at it: node extract.js FOLDER DOCUMENT...
// A block with imports is a module of its own; any other one is the body of a function that has a client at hand.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const [folder, ...documents] = process.argv.slice(2);
const header = `import { connect, okay } from "./client";

const api = connect("http://127.0.0.1:7071", { load: () => undefined, save: () => undefined });
`;

let count = 0;
for (const document of documents) {
  const functions = [];
  const blocks = readFileSync(document, "utf8").matchAll(/^```ts\n(.*?)^```$/gms);
  for (const [, block] of blocks) {
    count += 1;
    const name = `example_${basename(document, ".md").toLowerCase()}_${count}`;
    if (block.startsWith("import ")) {
      writeFileSync(join(folder, `${name}.ts`), block);
    } else {
      functions.push(`\nexport async function ${name}() {\n${block}}\n`);
    }
  }
  if (functions.length > 0) {
    writeFileSync(join(folder, `examples_${basename(document, ".md").toLowerCase()}.ts`), header + functions.join(""));
  }
}
console.log(`${count} examples in TypeScript`);
if (count < 30) throw new Error("the documents have lost their examples");
