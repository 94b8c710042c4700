/**
 * What a newly trained adapter is worth before it is used: on the newest items, against the base and against the
 * adapter in use, and whether its answers still look like answers.
 *
 * The rule (`judge`): an adapter is used if its mean log-likelihood per token of the held-out answers is not below
 * the base's, nor below that of the adapter in use on the same items, and if it did not bring in bad habits
 * (degeneration.ts). No margin and no significance is asked for: on a few items neither side could show it, what is
 * kept is trained further, and an adapter passed over can be put in use by hand. The paired test is there to be read.
 */
import type { OpenedBase } from '../base/open.ts'
import { TokenGenerator } from '../generate/generator.ts'
import { Scorer } from '../generate/scorer.ts'
import type { DeviceChoice } from '../graph/device.ts'
import type { Example } from '../model/batch.ts'
import type { LoadedAdapter } from '../peft/index.ts'
import { toExamples } from '../personal/examples.ts'
import type { HistoryItem } from '../personal/history.ts'
import type { AnswerCounts, Measured, Verdict } from '../store/adapter-record.ts'
import { type Answer, countAnswers, degenerateSigns, longAnswer } from './degeneration.ts'
import { pairedTest } from './paired.ts'

/** The newest of more items are enough. */
const MAX_ITEMS = 200
/** Answers that are looked at, spread over the items, and the tokens that one gets at most. */
const ANSWERS = 4
const MAX_ANSWER_TOKENS = 96

export interface MeasureOptions {
  readonly base: OpenedBase
  /** Held-out items, oldest first; neither adapter was trained on any. */
  readonly items: readonly HistoryItem[]
  /** The adapter in use. */
  readonly before?: LoadedAdapter
  readonly after: LoadedAdapter
  readonly device?: DeviceChoice
  readonly signal?: AbortSignal
}

/** undefined: none of the items fits the base. @throws those of `Scorer` and `TokenGenerator`; the signal's reason. */
export async function measure(options: MeasureOptions): Promise<Measured | undefined> {
  const { base, signal, before, after } = options
  const { examples } = toExamples(options.items.slice(-MAX_ITEMS), base, {
    maxLength: base.config.maxPositions,
  })
  const waiting = signal === undefined ? {} : { signal }
  const { device } = options
  const opening = { base, first: after, ...(device === undefined ? {} : { device }), ...waiting }
  const scored = await score(examples, opening, [undefined, after, ...(before ? [before] : [])])
  if (scored === undefined) return undefined
  const [alone, own, earlier] = scored.contenders as [Contender, Contender, Contender?]
  const against = earlier ?? alone
  const { better, worse, signP } = pairedTest(own.items.map((value, i) => value - against.items[i]!))
  const likelihoods = {
    items: own.items.length,
    tokens: scored.tokens,
    base: alone.perToken,
    ...(earlier === undefined ? {} : { before: earlier.perToken }),
    after: own.perToken,
    better,
    worse,
    signP,
  }
  if (judge(likelihoods) !== 'used') return likelihoods
  await using generator = await TokenGenerator.open(opening)
  const asked = spread(examples, ANSWERS)
  const answers = await answersOf(generator, base, asked, after, signal)
  // The base's habits matter only where there is something to excuse.
  if (answers.bad * 2 <= answers.answers) return { ...likelihoods, answers }
  const baseAnswers = await answersOf(generator, base, asked, undefined, signal)
  return { ...likelihoods, answers, baseAnswers }
}

/** What follows from the figures; see the top of the file. */
export function judge(measured: Measured | undefined): Verdict {
  if (measured === undefined) return 'unmeasured'
  const { base, before, after, answers, baseAnswers } = measured
  if (after < base) return 'below-base'
  if (answers && baseAnswers && degenerateSigns(answers, baseAnswers).length > 0) return 'degenerate'
  if (before !== undefined && after < before) return 'below-parent'
  return 'used'
}

interface Contender {
  /** Log-likelihood per token of each item. */
  readonly items: readonly number[]
  /** Over all tokens of all items. */
  readonly perToken: number
}

async function score(
  examples: readonly Example[],
  opening: Parameters<typeof Scorer.open>[0],
  adapters: readonly (LoadedAdapter | undefined)[],
): Promise<{ tokens: number; contenders: Contender[] } | undefined> {
  if (examples.length === 0) return undefined
  await using scorer = await Scorer.open(opening)
  const contenders: Contender[] = []
  let tokens = 0
  for (const adapter of adapters) {
    const scores = await scorer.score(examples, adapter, opening.signal ? { signal: opening.signal } : {})
    const known = scores.filter(found => found !== undefined)
    if (known.length === 0) return undefined
    tokens = known.reduce((sum, found) => sum + found.tokens, 0)
    contenders.push({
      items: known.map(found => found.logLikelihood / found.tokens),
      perToken: known.reduce((sum, found) => sum + found.logLikelihood, 0) / tokens,
    })
  }
  return { tokens, contenders }
}

/** Greedy answers, and what they look like. */
async function answersOf(
  generator: TokenGenerator,
  base: OpenedBase,
  asked: readonly Example[],
  adapter: LoadedAdapter | undefined,
  signal: AbortSignal | undefined,
): Promise<AnswerCounts> {
  const answers: Answer[] = []
  const stop = base.tokenizer.eosIds
  for (const { prompt, completion } of asked) {
    const gold = completion.filter(id => !stop.includes(id))
    // Past this an answer is far too long, and a little more shows that it will not end.
    const limit = Math.min(MAX_ANSWER_TOKENS, longAnswer(gold.length) + 8)
    const tokens: number[] = []
    const generated = generator.generate({
      prompt,
      maxTokens: limit,
      stop,
      ...(adapter === undefined ? {} : { adapter }),
      ...(signal === undefined ? {} : { signal }),
    })
    let next = await generated.next()
    for (; !next.done; next = await generated.next()) tokens.push(next.value)
    const text = base.tokenizer.decode(tokens, { skipSpecialTokens: true })
    answers.push({ tokens, text, ended: next.value === 'stop', limit, gold })
  }
  return countAnswers(answers)
}

/** `count` of the items, from the first to the last at even distances. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items
  return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]!)
}
