/**
 * From history items to what a model is trained and scored on: prompt and completion as token ids, and the split in
 * time.
 *
 * The prompt is the base's own chat template around the item's input, ending where the assistant's answer begins:
 * what generation sees, too. The completion is what the template puts after it with the answer in place, up to and
 * including the last token that ends a turn, so that a trained model also learns to stop. An item that is too long
 * loses tokens of its prompt by the rule of model/batch.ts, never one of its answer (the released OPPU code cuts the
 * label off); an item whose answer does not fit is left out and counted. Spellings of special tokens in what people wrote
 * are letters here (text/shield.ts); only the template's own are markers. Retrieval and textual profiles will be
 * further makers of messages.
 */
import { OppuError } from '../../protocol/errors.ts'
import { type Example, fitExample } from '../model/batch.ts'
import type { ChatTemplate, Message } from '../text/chat-template.ts'
import type { Tokenizer } from '../text/tokenizer.ts'
import type { HistoryItem } from './history.ts'

export interface Language {
  readonly template: ChatTemplate
  readonly tokenizer: Tokenizer
}

/** What the user is asked where an item has no input. */
export const EMPTY_INPUT = 'Write something of your own.'

export interface ExampleReport {
  readonly examples: readonly Example[]
  /** Ids of items whose prompt was shortened. */
  readonly shortened: readonly string[]
  /** Ids of items left out, because the answer does not fit into `maxLength`. */
  readonly leftOut: readonly string[]
}

/** The messages before the answer. */
export function messagesOf(item: Pick<HistoryItem, 'input'>): readonly Message[] {
  return [{ role: 'user', content: item.input.trim() === '' ? EMPTY_INPUT : item.input }]
}

/** Token ids of a prompt, ready for generation. What the messages say is text, also where it spells special tokens. */
export function promptIds(messages: readonly Message[], { template, tokenizer }: Language): number[] {
  const text = template.render(covered(messages, tokenizer), { addGenerationPrompt: true })
  return tokenizer.encode(text, { covered: true })
}

function covered(messages: readonly Message[], tokenizer: Tokenizer): readonly Message[] {
  return messages.map(({ role, content }) => ({ role, content: tokenizer.cover(content) }))
}

/**
 * In the order of `items`. `maxLength`: prompt and completion together, in tokens.
 * @throws OppuError UNSUPPORTED_TOKENIZER when the template hides or rewrites the answer; INVALID_DATA when it
 * refuses the messages.
 */
export function toExamples(
  items: readonly HistoryItem[],
  language: Language,
  options: { readonly maxLength: number },
): ExampleReport {
  const examples: Example[] = []
  const shortened: string[] = []
  const leftOut: string[] = []
  for (const item of items) {
    const whole = { id: item.id, ...encode(messagesOf(item), item.output, language) }
    const fitted = fitExample(whole, options.maxLength)
    if (fitted === undefined) {
      leftOut.push(item.id)
      continue
    }
    if (fitted.prompt.length < whole.prompt.length) shortened.push(item.id)
    examples.push(fitted)
  }
  return { examples, shortened, leftOut }
}

interface Pair {
  readonly prompt: readonly number[]
  readonly completion: readonly number[]
}

function encode(messages: readonly Message[], output: string, language: Language): Pair {
  const { template, tokenizer } = language
  const asked = covered(messages, tokenizer)
  const answer = tokenizer.cover(output)
  const before = template.render(asked, { addGenerationPrompt: true })
  const whole = template.render([...asked, { role: 'assistant', content: answer }])
  const after = answerText(before, whole, answer)
  const prompt = tokenizer.encode(before, { covered: true })
  const joined = tokenizer.encode(before + after, { covered: true })
  // Where a token spans the border, the answer is encoded by itself: generation never sees a token of both.
  const spans = prompt.some((id, i) => joined[i] !== id)
  return {
    prompt,
    completion: toEndOfTurn(
      spans ? tokenizer.encode(after, { covered: true }) : joined.slice(prompt.length),
      tokenizer,
    ),
  }
}

/** What the template writes from the answer on. */
function answerText(before: string, whole: string, output: string): string {
  if (whole.startsWith(before)) return whole.slice(before.length)
  // The generation prompt has something that a finished turn has not (an opened thought, say): from the answer itself on.
  const answer = output.trim()
  const start = whole.lastIndexOf(answer)
  if (answer === '' || start === -1)
    throw new OppuError(
      'UNSUPPORTED_TOKENIZER',
      "the base's chat template does not show the assistant's answer as it is",
    )
  return whole.slice(start)
}

/** Cuts what follows the last end-of-turn token (a line break, mostly); adds one where the template writes none. */
function toEndOfTurn(ids: readonly number[], { eosIds }: Tokenizer): number[] {
  const last = ids.findLastIndex(id => eosIds.includes(id))
  if (last !== -1) return ids.slice(0, last + 1)
  const [eos] = eosIds
  return eos === undefined ? [...ids] : [...ids, eos]
}

export interface Split {
  /** Oldest first, all strictly older than every item held out. */
  readonly training: readonly HistoryItem[]
  /** The newest, oldest first; never trained on. */
  readonly heldOut: readonly HistoryItem[]
}

/**
 * Holds out the newest `holdOut` (above 0, below 1) of the items, at least one. Items of the same moment stay
 * together, on the held-out side, so that nothing is trained on that is not older than what is tested.
 * @throws OppuError NO_USABLE_ITEMS when nothing is left for training.
 */
export function split(items: readonly HistoryItem[], holdOut: number): Split {
  if (!(holdOut > 0 && holdOut < 1)) throw new TypeError(`holdOut is between 0 and 1, not ${holdOut}`)
  const ordered = items.toSorted((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1))
  const border = ordered[ordered.length - Math.max(1, Math.round(ordered.length * holdOut))]
  const training = border ? ordered.filter(({ time }) => time < border.time) : []
  if (training.length === 0) {
    const sameTime = ordered.length > 1 && ordered[0]!.time === ordered.at(-1)!.time
    throw new OppuError(
      'NO_USABLE_ITEMS',
      `${items.length} item${items.length === 1 ? '' : 's'} cannot be split in time into a training and a test part` +
        (sameTime ? ': they all have the same time' : ''),
    )
  }
  return { training, heldOut: ordered.slice(training.length) }
}
