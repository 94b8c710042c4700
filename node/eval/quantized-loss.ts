/**
 * What keeping a base's weights in 8 or 4 bits costs on a person's own items: the loss of the base alone, over the
 * blocks and over float32.
 *
 * The float32 weights are mapped whole for it, so it is asked only of bases for which those are small
 * (`MAX_EXACT_BYTES`): who takes few bits because the rest would not fit must not get the rest all the same. An estimate
 * from the weights' error was rejected: the same error costs different bases differently.
 */
import type { OpenedBase } from '../base/open.ts'
import { Scorer } from '../generate/scorer.ts'
import type { QuantizedPrecision } from '../model/quantized.ts'
import { parameterCount } from '../model/weights.ts'
import { toExamples } from '../personal/examples.ts'
import type { HistoryItem } from '../personal/history.ts'

/** Enough to tell a hundredth from a tenth; scored in seconds. */
const MAX_ITEMS = 8
const MAX_TOKENS = 512
const MAX_EXACT_BYTES = 2 ** 31

export interface QuantizedLoss {
  readonly items: number
  /** Tokens of the answers. */
  readonly tokens: number
  /** Mean loss per token, in nats. */
  readonly float32: number
  readonly quantized: number
}

/** Whether the float32 weights may be mapped beside the others. */
export function isComparable({ config }: Pick<OpenedBase, 'config'>): boolean {
  return 4 * parameterCount(config) <= MAX_EXACT_BYTES
}

/**
 * On the newest of the items, each at most 512 tokens long; undefined where none can be scored.
 * @param exact opens the same base in float32
 * @throws those of `Scorer` and of `exact`; the signal's reason
 */
export async function quantizedLoss(
  base: OpenedBase,
  exact: () => Promise<OpenedBase>,
  items: readonly HistoryItem[],
  signal?: AbortSignal,
): Promise<QuantizedLoss | undefined> {
  const maxLength = Math.min(MAX_TOKENS, base.config.maxPositions)
  const { examples } = toExamples(items.slice(-MAX_ITEMS), base, { maxLength })
  if (examples.length === 0) return undefined
  const waiting = signal === undefined ? {} : { signal }
  const score = async (of: OpenedBase) => {
    await using scorer = await Scorer.open({ base: of, device: 'cpu', batchTokens: MAX_TOKENS, ...waiting })
    const scores = (await scorer.score(examples, undefined, waiting)).filter(found => found !== undefined)
    const tokens = scores.reduce((sum, found) => sum + found.tokens, 0)
    const total = scores.reduce((sum, found) => sum + found.logLikelihood, 0)
    return { items: scores.length, tokens, loss: -total / tokens }
  }
  const { items: count, tokens, loss } = await score(base)
  if (tokens === 0) return undefined
  return { items: count, tokens, float32: (await score(await exact())).loss, quantized: loss }
}

/** In one line. */
export function describeQuantized(precision: QuantizedPrecision, found: QuantizedLoss): string {
  const { items, float32, quantized } = found
  const change = quantized - float32
  const percent = ((100 * change) / float32).toFixed(1)
  return (
    `${precision}: the base's loss per token on ${items} of your newest items is ${quantized.toFixed(4)}, in float32 ` +
    `${float32.toFixed(4)} (${change < 0 ? '' : '+'}${change.toFixed(4)}, ${change < 0 ? '' : '+'}${percent} %)`
  )
}
