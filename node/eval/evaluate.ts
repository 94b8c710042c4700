/**
 * What adapters are worth on one person's held-out items: the base, the person's own adapter and, as the control that
 * tells personal habits from the task, somebody else's. Always two measures side by side: the log-likelihood of the gold
 * answer, and the task's metric on what is generated; and a paired test, because a few items cannot show a small gain.
 *
 * Leaves to personal/ which items are held out, and to whoever calls whether the result is reported.
 */

import { OppuError } from '../../protocol/errors.ts'
import type { Scores, TaskMetric } from '../../protocol/task.ts'
import type { OpenedBase } from '../base/open.ts'
import { TokenGenerator } from '../generate/generator.ts'
import { Scorer } from '../generate/scorer.ts'
import type { DeviceChoice } from '../graph/device.ts'
import type { LoadedAdapter } from '../peft/index.ts'
import { toExamples } from '../personal/examples.ts'
import type { HistoryItem } from '../personal/history.ts'
import { exactMatch, mean, rouge1, rougeL } from './metrics.ts'
import { type PairedResult, pairedTest } from './paired.ts'

/** How alike a generated answer is to the gold one, in [0, 1]. */
const MEASURES: Readonly<Record<TaskMetric, (gold: string, predicted: string) => number>> = {
  'rouge-1': rouge1,
  'rouge-l': rougeL,
  accuracy: (gold, predicted) => (exactMatch(gold, predicted) ? 1 : 0),
}

/** Tokens generated for an item at most; also bounded by the length of its gold answer and a little more. */
const MAX_ANSWER_TOKENS = 96
const ANSWER_SLACK = 8

export interface Evaluation {
  /** Items scored. */
  readonly items: number
  /** Tokens of their gold answers. */
  readonly tokens: number
  /** Mean natural log-likelihood per token of the gold answers. */
  readonly logLikelihood: Scores
  /** Mean of the metric over items. */
  readonly metric: Scores & { readonly name: TaskMetric }
  /** Own adapter against the others, item by item, on log-likelihood per token. */
  readonly paired: Readonly<Partial<Record<'base' | 'other', PairedResult>>>
}

export interface EvaluateOptions {
  readonly base: OpenedBase
  /** The held-out items; none may have been trained on. */
  readonly items: readonly HistoryItem[]
  readonly own: LoadedAdapter
  readonly other?: LoadedAdapter
  readonly metric: TaskMetric
  readonly device?: DeviceChoice
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

interface Contender {
  readonly logLikelihoods: readonly number[]
  readonly metrics: readonly number[]
  /** Over all tokens of all items. */
  readonly perToken: number
}

/** @throws OppuError NO_USABLE_ITEMS when no item's answer fits the base; those of sessions; the signal's reason. */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { base, signal } = options
  const { examples } = toExamples(options.items, base, { maxLength: base.config.maxPositions })
  if (examples.length === 0) throw new OppuError('NO_USABLE_ITEMS', 'no held-out item fits this base')
  const gold = new Map(options.items.map(item => [item.id, item.output]))
  const contenders = { base: undefined, own: options.own, ...(options.other ? { other: options.other } : {}) }
  const total = examples.length * Object.keys(contenders).length
  let done = 0

  const waiting = signal === undefined ? {} : { signal }
  const { device, own: first } = options
  const opening = { base, first, ...(device === undefined ? {} : { device }), ...waiting }
  const results: Partial<Record<keyof typeof contenders, Contender>> = {}
  let tokens = 0
  await using scorer = await Scorer.open(opening)
  await using generator = await TokenGenerator.open(opening)
  for (const name of Object.keys(contenders) as (keyof typeof contenders)[]) {
    const adapter = contenders[name]
    const scores = await scorer.score(examples, adapter, waiting)
    const known = scores.filter(score => score !== undefined)
    tokens = known.reduce((sum, score) => sum + score.tokens, 0)
    const metrics: number[] = []
    for (const example of examples) {
      const maxTokens = Math.min(MAX_ANSWER_TOKENS, example.completion.length + ANSWER_SLACK)
      const ids: number[] = []
      for await (const id of generator.generate({
        prompt: example.prompt,
        ...(adapter ? { adapter } : {}),
        maxTokens,
        stop: base.tokenizer.eosIds,
        ...waiting,
      })) {
        ids.push(id)
      }
      metrics.push(
        MEASURES[options.metric](
          gold.get(example.id)!,
          base.tokenizer.decode(ids, { skipSpecialTokens: true }),
        ),
      )
      options.onProgress?.(++done, total)
    }
    results[name] = {
      logLikelihoods: known.map(score => score.logLikelihood / score.tokens),
      metrics,
      perToken: known.reduce((sum, score) => sum + score.logLikelihood, 0) / tokens,
    }
  }
  const { base: alone, own, other } = results as { base: Contender; own: Contender; other?: Contender }
  const scores = (of: (contender: Contender) => number): Scores => ({
    base: of(alone),
    own: of(own),
    ...(other ? { other: of(other) } : {}),
  })
  const against = (contender: Contender): PairedResult =>
    pairedTest(own.logLikelihoods.map((value, item) => value - contender.logLikelihoods[item]!))
  return {
    items: examples.length,
    tokens,
    logLikelihood: scores(contender => contender.perToken),
    metric: { name: options.metric, ...scores(contender => mean(contender.metrics)) },
    paired: { base: against(alone), ...(other ? { other: against(other) } : {}) },
  }
}
