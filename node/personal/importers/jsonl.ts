/**
 * JSON Lines: one object a line, as people keep fine-tuning data.
 *
 *     {"prompt": "…", "completion": "…"}      also {"input": "…", "output": "…"}
 *     {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}
 *
 * with optional `time` (or `timestamp`, `date`), `task` and `id`; other fields are passed by. In a chat the last
 * message, which must be the assistant's, is the output. One user message before it is the input as it stands; more
 * are written out as "User: … Assistant: …", a system message first without a label, because an item's input is one
 * text. Blank lines are passed over without a word.
 */

import type { NewItem } from '../history.ts'
import { checkItem, type Imported, type ImportOptions, imported, parseTime } from './importer.ts'
import { decodeUtf8, readLines } from './lines.ts'

/**
 * Bytes of one line. Twice MAX_ITEM_CHARACTERS, in text where a character takes two bytes or is escaped now and
 * then.
 */
const MAX_LINE_BYTES = 4 << 20

const PAIRS = [
  ['prompt', 'completion'],
  ['input', 'output'],
] as const

/**
 * Task `general` unless the line or the options name one. @throws OppuError INVALID_DATA for a compressed or UTF-16
 * file.
 */
export async function* importJsonl(
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: ImportOptions,
): AsyncGenerator<Imported> {
  for await (const line of readLines(bytes, MAX_LINE_BYTES)) {
    options.signal?.throwIfAborted()
    if (line.bytes === undefined) {
      yield { kind: 'refused', line: line.number, reason: `the line is longer than ${MAX_LINE_BYTES} bytes` }
      continue
    }
    const text = decodeUtf8(line.bytes)
    if (text?.trim() === '') continue
    yield imported(
      line.number,
      text === undefined ? 'the line is not UTF-8' : parseLine(text, line.number, options),
    )
  }
}

function parseLine(text: string, number: number, options: ImportOptions): NewItem | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'the line is not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'the line is not a JSON object'
  const entry = value as Readonly<Record<string, unknown>>
  const content = contentOf(entry)
  if (typeof content === 'string') return content
  const stated = entry.time ?? entry.timestamp ?? entry.date ?? undefined
  const time = stated === undefined ? options.time + number : parseTime(stated)
  if (time === undefined) return 'the time is not an ISO date or a number'
  const task = entry.task ?? options.task ?? 'general'
  if (typeof task !== 'string') return 'the task is not a string'
  const { id } = entry
  const named = typeof id === 'string' || typeof id === 'number' ? `#${String(id).slice(0, 100)}` : ''
  return checkItem({ time, ...content, task, source: `${options.source}:${number}${named}` })
}

function contentOf(
  entry: Readonly<Record<string, unknown>>,
): { readonly input: string; readonly output: string } | string {
  if (entry.messages !== undefined) return contentOfChat(entry.messages)
  for (const [inputName, outputName] of PAIRS) {
    if (!Object.hasOwn(entry, outputName)) continue
    const input = entry[inputName] ?? ''
    const output = entry[outputName]
    if (typeof input !== 'string' || typeof output !== 'string')
      return `${inputName} or ${outputName} is not a string`
    return { input, output }
  }
  return 'there is neither prompt/completion, input/output nor messages'
}

function contentOfChat(messages: unknown): { readonly input: string; readonly output: string } | string {
  if (!Array.isArray(messages) || messages.length === 0) return 'messages is not a list of messages'
  const turns: { readonly role: string; readonly content: string }[] = []
  for (const message of messages as readonly unknown[]) {
    if (typeof message !== 'object' || message === null) return 'a message is not an object'
    const { role, content } = message as { readonly role?: unknown; readonly content?: unknown }
    if (role !== 'system' && role !== 'user' && role !== 'assistant')
      return 'a message has a role other than system, user, assistant'
    if (typeof content !== 'string') return "a message's content is not a string"
    turns.push({ role, content })
  }
  const last = turns.pop()
  if (last?.role !== 'assistant') return "the last message is not the assistant's"
  const [first] = turns
  if (turns.length === 1 && first?.role === 'user') return { input: first.content, output: last.content }
  const label = { system: '', user: 'User: ', assistant: 'Assistant: ' }
  const input = turns
    .map(({ role, content }) => `${label[role as keyof typeof label]}${content}`)
    .join('\n\n')
  return { input, output: last.content }
}
