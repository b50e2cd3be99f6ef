// Answers with what priompt or prompt-tsx renders, by question.library. Timed: rendering; for priompt, whose elements are
// plain objects, building the tree is not timed; prompt-tsx builds its tree while rendering.
// Both count with priompt's native tokenizer. The first argument is the folder that has node_modules.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const folder = process.argv[2];
const require = createRequire(`${folder}/`);
console.log = console.info = console.debug = console.error; // stdout is kept for answers

const { getTokenizer, SupportedEncoding } = require("@anysphere/tiktoken-node");
const priompt = require("@impowering/priompt");
const { O200K } = require("@impowering/priompt/dist/tokenizer");
const tsx = require("@vscode/prompt-tsx");
const tokenizer = getTokenizer();
const count = (text) => tokenizer.exactNumTokensNoSpecialTokens(text, SupportedEncoding.O200k);

async function withPriompt({ instruction, task, chunks, room }) {
  const scopes = chunks.map(([text, p]) => priompt.createElement("scope", { p }, text + "\n\n"));
  const tree = [
    priompt.createElement(priompt.SystemMessage, {}, instruction),
    priompt.createElement(priompt.UserMessage, {}, ...scopes, task),
  ];
  const started = performance.now();
  const rendered = await priompt.render(tree, { tokenLimit: room, tokenizer: O200K });
  const ms = performance.now() - started;
  return { ms, contents: rendered.prompt.messages.map(({ content }) => [content].flat().join("")) };
}

class Chunks extends tsx.PromptElement {
  render() {
    const { instruction, task, chunks } = this.props;
    return vscpp(
      vscppf,
      null,
      vscpp(tsx.SystemMessage, { priority: 2000 }, instruction),
      vscpp(
        tsx.UserMessage,
        { priority: 1500 },
        ...chunks.map(([text, priority]) => vscpp(tsx.TextChunk, { priority }, text + "\n\n")),
        vscpp(tsx.TextChunk, { priority: 2000 }, task),
      ),
    );
  }
}

const textOf = (content) => content.map((part) => part.text ?? "").join("");
const counter = {
  mode: tsx.OutputMode.Raw,
  tokenLength: (part) => (part.text ? count(part.text) : 0),
  countMessageTokens: (message) => count(textOf(message.content)),
};

async function withPromptTsx(question) {
  const started = performance.now();
  const { messages } = await tsx.renderPrompt(Chunks, question, { modelMaxPromptTokens: question.room }, counter);
  const ms = performance.now() - started;
  return { ms, contents: messages.map(({ content }) => textOf(content)) };
}

const LIBRARIES = { "@impowering/priompt": withPriompt, "@vscode/prompt-tsx": withPromptTsx };

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  const answer = await LIBRARIES[question.library](question);
  const { version } = JSON.parse(readFileSync(`${folder}/node_modules/${question.library}/package.json`));
  const written = JSON.stringify({ ...answer, version: `${question.library} ${version}` });
  await new Promise((resolve) => process.stdout.write(`${written}\n`, resolve));
}
process.exit(0);
